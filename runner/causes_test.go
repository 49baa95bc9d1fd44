package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// later keeps an actor busy for some steps, so that what it does afterwards
// is deep in the transcript: an effect without its cause would be above.
const later = "{print: 1}, {print: 2}, {print: 3}, {print: 4}, {print: 5}"

// A causeTest is a scenario with pairs of lines of which the first has brought
// about the second.
type causeTest struct {
	name, needs, text string
	pairs             [][2]string
}

// causesOfData are about connections and what passes over them.
var causesOfData = []causeTest{
	// The connect that an accept takes may not have waited for it.
	{"a connect that does not wait", "", `
  s: [{socket: tcp, as: l}, {listen: l}, {accept: l}]
  c: [{let: {to: '${s.l.address}'}}, ` + later + `, {socket: tcp, as: c}, {connect: c, to: '${to}', nowait: true, expect: {error: EINPROGRESS}}, {poll: c, events: out}]
`, [][2]string{{"c  connect(c, 127.0.0.1:<l>) = -1 EINPROGRESS (Operation now in progress)", "s  accept(l) = a connection from 127.0.0.1:<c>"}}},
	{"a connect that the first send makes", "os:linux", `
  s: [{socket: tcp, as: l}, {listen: l}, {accept: l, as: a}, {recv: a, expect: hello}]
  c:
    - {let: {to: '${s.l.address}'}}
    - {socket: tcp, as: c}
    - {setsockopt: c, option: TCP_FASTOPEN_CONNECT, value: 1}
    - {setsockopt: c, option: TCP_FASTOPEN_NO_COOKIE, value: 1}
    - {connect: c, to: '${to}'}
    - {getpeername: c, expect: {error: ENOTCONN}}
    - parallel: {x: [` + later + `]}
    - {send: c, data: hello}
`, [][2]string{{`c  send(c, "hello", 5) = 5`, "s  accept(l) = a from 127.0.0.1:<c>"}}},
	{"a poll of a connection that nobody takes", "", `
  s: [{socket: tcp, as: l}, {listen: l}, {poll: l, events: in}]
  c: [{let: {to: '${s.l.address}'}}, ` + later + `, {socket: tcp, as: c}, {connect: c, to: '${to}'}]
`, [][2]string{{"c  connect(c, 127.0.0.1:<l>) = 0", "s  poll([l], POLLIN, -1) = 1 l=POLLIN"}}},

	// What a relay passes on keeps its cause.
	{"a relay", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {socketpair: unix, as: [c, d]}
    - parallel:
        get: [{recv: d, size: 5}, {signal: got}, {recv: d, expect: {eof: true}}]
        give: [` + later + `, {send: a, data: hello}, {wait: got}, {close: a}]
        pass: [{relay: b, to: c}, {close: c}]
`, [][2]string{
		{`one/give  send(a, "hello", 5) = 5`, `one/get  recv(d, 5) = 5 "hello"`},
		{"one/give  close(a) = 0", "one/pass  relay(b, c) = 5 (end of file)"},
		{"one/pass  close(c) = 0", "one/get  recv(d, 65536) = 0 (end of file)"},
	}},
	{"two relays, one behind the other", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {socketpair: unix, as: [c, d]}
    - {socketpair: unix, as: [e, f]}
    - parallel:
        get: [{recv: f, size: 3}, {recv: f, size: 2}, {signal: got}]
        give: [` + later + `, {send: a, data: hel}, {print: between}, {send: a, data: lo}, {wait: got}, {shutdown: a, how: write}]
        first: [{relay: b, to: c}, {shutdown: c, how: write}]
        second: [{relay: d, to: e}]
`, [][2]string{
		{`one/give  send(a, "hel", 3) = 3`, `one/get  recv(f, 3) = 3 "hel"`},
		{`one/give  send(a, "lo", 2) = 2`, `one/get  recv(f, 2) = 2 "lo"`},
		{"one/give  shutdown(a, SHUT_WR) = 0", "one/first  relay(b, c) = 5 (end of file)"},
		{"one/first  shutdown(c, SHUT_WR) = 0", "one/second  relay(d, e) = 5 (end of file)"},
	}},
	{"an echo", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - parallel:
        get: [{recv: a, size: 5}, {signal: got}]
        give: [` + later + `, {send: a, data: hello}, {wait: got}, {shutdown: a, how: write}]
        echo: [{relay: b, to: b}]
`, [][2]string{{`one/give  send(a, "hello", 5) = 5`, `one/get  recv(a, 5) = 5 "hello"`}}},
	{"a poll behind a relay", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {socketpair: unix, as: [c, d]}
    - parallel:
        get: [{poll: d, events: in}, {signal: got}]
        give: [` + later + `, {send: a, data: hello}, {wait: got}, {shutdown: a, how: write}]
        pass: [{relay: b, to: c}]
`, [][2]string{{`one/give  send(a, "hello", 5) = 5`, "one/get  poll([d], POLLIN, -1) = 1 d=POLLIN"}}},

	// Datagrams that the kernel joins, splits and cuts.
	{"MSG_MORE", "os:linux", `
  r: [{socket: udp, as: r}, {bind: r, to: '127.0.0.1:0'}, {recv: r, expect: abcd}, {recv: r, expect: e}]
  s: [{socket: udp, as: u}, {connect: u, to: '${r.r}'}, ` + later + `, {send: u, data: ab, flags: MSG_MORE}, {send: u, data: [c, d], call: sendmsg}, {send: u, data: e}]
`, [][2]string{{`s  sendmsg(u, ["c", "d"], 2) = 2`, `r  recvfrom(r, 65536) = 4 "abcd" from 127.0.0.1:<u>`}, {`s  send(u, "e", 1) = 1`, `r  recvfrom(r, 65536) = 1 "e" from 127.0.0.1:<u>`}}},
	{"UDP_CORK", "os:linux", `
  r: [{socket: udp, as: r}, {bind: r, to: '127.0.0.1:0'}, {recv: r, expect: abcd}]
  s: [{socket: udp, as: u}, {connect: u, to: '${r.r}'}, {setsockopt: u, option: UDP_CORK, value: 1}, {send: u, data: ab}, {send: u, data: cd}, ` + later + `, {setsockopt: u, option: UDP_CORK, value: 0}]
`, [][2]string{{"s  setsockopt(u, IPPROTO_UDP, UDP_CORK, 0) = 0", `r  recvfrom(r, 65536) = 4 "abcd" from 127.0.0.1:<u>`}}},
	{"UDP_SEGMENT", "os:linux", `
  r: [{socket: udp, as: r}, {bind: r, to: '127.0.0.1:0'}, {recv: r, expect: abc}, {recv: r, expect: de}]
  s: [{socket: udp, as: u}, {connect: u, to: '${r.r}'}, {setsockopt: u, option: UDP_SEGMENT, value: 3}, ` + later + `, {send: u, data: abcde}]
`, [][2]string{{`s  send(u, "abcde", 5) = 5`, `r  recvfrom(r, 65536) = 3 "abc" from 127.0.0.1:<u>`}}},
	{"UDP_SEGMENT beside the data", "os:linux", `
  r: [{socket: udp, as: r}, {bind: r, to: '127.0.0.1:0'}, {recv: r, expect: abc}, {recv: r, expect: de}]
  s: [{socket: udp, as: u}, {connect: u, to: '${r.r}'}, ` + later + `, {send: u, data: abcde, control: {'17:103': {hex: '0300'}}}]
`, [][2]string{{`sendmsg(u, "abcde", 5`, `r  recvfrom(r, 65536) = 2 "de" from 127.0.0.1:<u>`}}},
	{"UDP_GRO", "os:linux", `
  r: [{socket: udp, as: r}, {setsockopt: r, option: UDP_GRO, value: 1}, {bind: r, to: '127.0.0.1:0'}, {recv: r, expect: abcdefg}]
  s: [{socket: udp, as: u}, {connect: u, to: '${r.r}'}, {setsockopt: u, option: UDP_SEGMENT, value: 3}, ` + later + `, {send: u, data: abcdefg}]
`, [][2]string{{`s  send(u, "abcdefg", 7) = 7`, `r  recvfrom(r, 65536) = 7 "abcdefg" from 127.0.0.1:<u>`}}},
	{"a datagram that a short buffer cuts", "", `
  r: [{socket: udp, as: r}, {bind: r, to: '127.0.0.1:0'}, {recv: r, max: 3}, {recv: r, max: 1}]
  s: [{socket: udp, as: u}, {let: {p: '${r.r.port}'}}, ` + later + `, {send: u, data: abcdef, to: '127.0.0.1:${p}'}, {print: x}, {send: u, data: abcdef, to: '127.0.0.1:${p}'}]
`, [][2]string{{`s  | x`, `r  recvfrom(r, 1) = 1 "a" from 127.0.0.1:<u>`}}},
	{"local datagrams that short buffers cut", "os:linux", `
  r: [{socketpair: unixgram, as: [a, b]}, {spawn: [` + later + `, {send: a, data: abcdef}, {sendmmsg: a, messages: [{data: xyz}]}], as: s}, {recv: b, max: 2}, {recvmmsg: b, count: 1, max: 1}]
`, [][2]string{{`r/s  send(a, "abcdef", 6) = 6`, `r  recv(b, 2) = 2 "ab"`}, {`r/s  sendmmsg(a, ["xyz"], 1) = 1 [3]`, `r  recvmmsg(b, 1) = 1 ["x"]`}}},
	{"a look at a datagram takes nothing", "", `
  r: [{socket: udp, as: r}, {bind: r, to: '127.0.0.1:0'}, {recv: r, flags: MSG_PEEK}, {recv: r}, {signal: again}, {recv: r, call: recv}]
  s: [{socket: udp, as: u}, {connect: u, to: '${r.r}'}, {send: u, data: x}, {wait: again}, ` + later + `, {send: u, data: x}]
`, [][2]string{{"s  | 5", `r  recv(r, 65536) = 1 "x"`}}},

	// Families, wildcards, and sockets that see packets with their headers.
	{"IPv4 to a socket of both families", "ipv6", `
  r: [{socket: udp6, as: r}, {bind: r, to: '[::]:0'}, {recv: r, expect: x}]
  s: [{socket: udp, as: u}, {let: {p: '${r.r.port}'}}, ` + later + `, {send: u, data: x, to: '127.0.0.1:${p}'}]
`, [][2]string{{`s  sendto(u, "x", 1, 127.0.0.1:<r>) = 1`, `r  recvfrom(r, 65536) = 1 "x" from [::ffff:127.0.0.1]:<u>`}}},
	{"a datagram to the unspecified address", "os:linux", `
  r: [{socket: udp, as: r}, {bind: r, to: '127.0.0.1:0'}, {recv: r, expect: x}]
  s: [{socket: udp, as: u}, {let: {p: '${r.r.port}'}}, ` + later + `, {send: u, data: x, to: '0.0.0.0:${p}'}]
`, [][2]string{{`s  sendto(u, "x", 1, 0.0.0.0:<r>) = 1`, `r  recvfrom(r, 65536) = 1 "x" from 127.0.0.1:<u>`}}},
	{"a connection over IPv4 to a listener of both families", "ipv6", `
  r: [{socket: tcp6, as: l}, {bind: l, to: '[::]:0'}, {listen: l}, {accept: l}]
  s: [{socket: tcp, as: c}, {let: {p: '${r.l.port}'}}, ` + later + `, {connect: c, to: '127.0.0.1:${p}'}]
`, [][2]string{{`s  connect(c, 127.0.0.1:<l>) = 0`, `r  accept(l) = a connection from [::ffff:127.0.0.1]:<c>`}}},
	{"a raw socket beside a UDP socket", "root", `
  r: [{socket: {family: AF_INET, type: SOCK_RAW, protocol: IPPROTO_UDP}, as: raw}, {bind: raw, to: 'icmp:127.0.0.9'}, {signal: up}, {recv: raw, mask: true}]
  s: [{wait: up}, {socket: udp, as: u}, {bind: u, to: '127.0.0.9:0'}, ` + later + `, {send: u, data: g, to: '127.0.0.9:9'}]
`, [][2]string{{`s  sendto(u, "g", 1, 127.0.0.9:9) = 1`, `r  recv(raw, 65536) = <data>`}}},
	{"an echo request and its answer", "root", `
  one:
    - {socket: {family: AF_INET, type: SOCK_RAW, protocol: IPPROTO_ICMP}, as: r}
    - {connect: r, to: 'icmp:127.0.0.7'}
    - {spawn: [{recv: r, mask: true}], as: get}
    - {print: 1}
    - {print: 2}
    - {send: r, data: {hex: 0800e5ca12340001}}
`, [][2]string{{`one  send(r, hex:0800e5ca12340001, 8) = 8`, `one/get  recv(r, 65536) = <data>`}}},

	// Looks beyond what was looked at, and bytes out of turn.
	{"SO_PEEK_OFF on a stream", "os:linux", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {setsockopt: b, option: SO_PEEK_OFF, value: 0}
    - {spawn: [{recv: b, max: 4, flags: MSG_PEEK, expect: aaaa}, {recv: b, max: 4, flags: MSG_PEEK, expect: bbbb}], as: look}
    - {send: a, data: aaaa}
    - {print: 1}
    - {print: 2}
    - {print: 3}
    - {send: a, data: bbbb}
`, [][2]string{{`one  send(a, "bbbb", 4) = 4`, `one/look  recv(b, 4, MSG_PEEK) = 4 "bbbb"`}}},
	{"SO_PEEK_OFF on datagrams", "os:linux", `
  one:
    - {socketpair: unixgram, as: [a, b]}
    - {setsockopt: b, option: SO_PEEK_OFF, value: 0}
    - {spawn: [{recv: b, max: 4, flags: MSG_PEEK, expect: aaaa}, {recv: b, max: 2, flags: MSG_PEEK, expect: bb}], as: look}
    - {send: a, data: aaaa}
    - {print: 1}
    - {print: 2}
    - {print: 3}
    - {send: a, data: bbbb}
`, [][2]string{{`one  send(a, "bbbb", 4) = 4`, `one/look  recv(b, 2, MSG_PEEK) = 2 "bb"`}}},
	{"urgent data", "os:linux", `
  s: [{socket: tcp, as: l}, {listen: l}, {accept: l, as: s}, {poll: s, events: pri}, {recv: s, max: 1, flags: MSG_OOB}]
  c: [{socket: tcp, as: c}, {connect: c, to: '${s.l}'}, {send: c, data: abc}, ` + later + `, {send: c, data: '!', flags: MSG_OOB}]
`, [][2]string{
		{`c  send(c, "!", 1, MSG_OOB) = 1`, `s  recv(s, 1, MSG_OOB) = 1 "!"`},
		{`c  send(c, "!", 1, MSG_OOB) = 1`, `s  poll([s], POLLPRI, -1) = 1 s=POLLPRI`},
	}},
	{"the error queue", "os:linux", `
  one:
    - {socket: udp, as: u}
    - {setsockopt: u, option: IP_RECVERR, value: 1}
    - {socket: udp, as: gone}
    - {bind: gone, to: '127.0.0.1:0'}
    - {connect: u, to: gone}
    - {close: gone}
    - {spawn: [{poll: u, events: in}, {recv: u, flags: MSG_ERRQUEUE, mask: true}], as: look}
    - {print: 1}
    - {print: 2}
    - {send: u, data: x}
`, [][2]string{{`one  send(u, "x", 1) = 1`, "one/look  recvmsg(u, 65536, MSG_ERRQUEUE) = <data>"}}},

	// Calls that waited for room.
	{"a datagram that waited for room", "os:linux", `
  r: [{socket: unixgram, as: r}, {bind: r, to: 'unix:${tmp}/r'}, {wait: full}, ` + later + `, {recv: r, call: recv}]
  s:
    - {socket: unixgram, as: s}
    - {connect: s, to: '${r.r}'}
    - {repeat: 11, steps: [{send: s, data: x}]} # net.unix.max_dgram_qlen and one more
    - {spawn: [{send: s, data: late}], as: late}
    - {blocked: late}
    - {signal: full}
`, [][2]string{{`r  recv(r, 65536) = 1 "x"`, `s/late  send(s, "late", 4) = 4`}}},
	{"a datagram that waited for room, unseen", "os:linux", `
  r: [{socket: unixgram, as: r}, {bind: r, to: 'unix:${tmp}/r'}, {wait: full}, ` + later + `, {recv: r, call: recv}, {recv: r, call: recv}]
  s:
    - {socket: unixgram, as: s}
    - {connect: s, to: '${r.r}'}
    - {repeat: 11, steps: [{send: s, data: x}]}
    - {signal: full}
    - {send: s, data: late}
`, [][2]string{{`r  recv(r, 65536) = 1 "x"`, `s  send(s, "late", 4) = 4`}}},
	{"bytes that waited for room", "", `
  one:
    - {socketpair: unix, as: [a, b]}
    - {send: a, data: {zeros: 64KiB}}
    - {spawn: [{send: a, data: {zeros: 500KiB}}], as: late}
    - {blocked: late}
    - {print: 1}
    - {recv: b, size: 64KiB}
    - {recv: b, size: 500KiB, mask: true}
`, [][2]string{{`one  recv(b, 65536) = 65536 hex:` + strings.Repeat("00", 64) + "... (65536 bytes)", `one/late  send(a, hex:` + strings.Repeat("00", 64) + "... (512000 bytes), 512000) = 512000"}}},
	{"a connect that waited for a place", "os:linux", `
  s: [{socket: unix, as: l}, {bind: l, to: 'unix:${tmp}/s'}, {listen: l, backlog: 0}, {wait: full}, ` + later + `, {accept: l}, {accept: l}]
  c: [{socket: unix, as: a}, {connect: a, to: '${s.l}'}, {socket: unix, as: b}, {spawn: [{connect: b, to: '${s.l}'}], as: p}, {blocked: p}, {signal: full}]
`, [][2]string{{"s  accept(l) = a connection", "c/p  connect(b, unix:$tmp/s) = 0"}}},
	{"a connect that waited for a place, unseen", "os:linux", `
  s: [{socket: unix, as: l}, {bind: l, to: 'unix:${tmp}/s'}, {listen: l, backlog: 1}, {wait: full}, ` + later + `, {accept: l}, {accept: l}, {accept: l}]
  c: [{let: {to: '${s.l.address}'}}, {socket: unix, as: a}, {connect: a, to: '${to}'}, {socket: unix, as: b}, {connect: b, to: '${to}'}, {socket: unix, as: d}, {signal: full}, {connect: d, to: '${to}'}]
`, [][2]string{{"s  accept(l) = a connection", "c  connect(d, unix:$tmp/s) = 0"}}},
}

// In each transcript, on every run, a cause is before what it has brought
// about, and each run prints the same.
func TestCauses(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, test := range slices.Concat(causesOfEnds, causesOfData, causesOfRights, causesOverNetlink) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := "requires: [" + test.needs + "]\nactors:" + test.text
			var first []string
			for range ci.Runs(2, 5) {
				r := runner.Run(context.Background(), scenario(t, text), runner.Options{})
				if r.Status == history.Skipped {
					ci.Lacks(t, r.Reason)
				}
				lines := transcript(r)
				if r.Status != history.Passed {
					t.Fatalf("%s\n%s", ending(r), strings.Join(lines, "\n"))
				}
				if err := r.CheckOrder(); err != nil {
					t.Errorf("%s", err)
				}
				for _, pair := range test.pairs {
					wantBefore(t, lines, pair[0], pair[1])
				}
				if first == nil {
					first = lines
				}
				wantLines(t, lines, first...)
				if t.Failed() {
					t.Fatal("the transcript is\n" + strings.Join(lines, "\n"))
				}
			}
		})
	}
}

// wantBefore wants a line, of which the beginning or the middle is given,
// before another one.
func wantBefore(t testing.TB, lines []string, cause, effect string) {
	t.Helper()
	find := func(part string) int {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, part) })
		if i < 0 {
			t.Errorf("there is no line %s", part)
		}
		return i
	}
	if find(cause) > find(effect) {
		t.Errorf("%s is before its cause: %s", effect, cause)
	}
}
