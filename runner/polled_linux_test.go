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

// waitingCalls are conversations in which a call waits, or must not, in a way
// that readiness alone does not show. MODE stands for how the descriptors are
// made. The kernel's answer to a blocking descriptor is right; what it is
// is in the lines that want lists.
var waitingCalls = []struct {
	name, steps string
	want        []string
}{
	{
		"accept of a shut-down local listener", `
    - {socket: unix, as: l, MODE}
    - {bind: l, to: "unix:${tmp}/s"}
    - listen: l
    - {shutdown: l, how: read}
    - {accept: l, expect: {error: EINVAL}}
    - {accept: l, nowait: true, expect: {error: EAGAIN}}
`, []string{"accept(l) = -1 EINVAL", "accept(l) = -1 EAGAIN"},
	},
	{
		"accept that a shutdown ends", `
    - {socket: unix, as: l, MODE}
    - {bind: l, to: "unix:${tmp}/s"}
    - listen: l
    - {spawn: [{accept: l, expect: {error: EINVAL}}], as: waiter}
    - blocked: waiter
    - {shutdown: l, how: both}
    - join: waiter
    - {socket: tcp, as: m, MODE}
    - listen: m
    - {spawn: [{accept: m, expect: {error: EINVAL}}], as: second}
    - blocked: second
    - {shutdown: m, how: read}
    - join: second
`, []string{"accept(l) = -1 EINVAL", "accept(m) = -1 EINVAL"},
	},
	{
		"datagram send without a free port", `
    - {socket: udp, as: holder, MODE}
    - {bind: holder, to: "127.0.0.1:0"}
    - {socket: udp, as: u, MODE}
    # IP_LOCAL_PORT_RANGE
    - {setsockopt: u, option: {level: 0, name: 51}, value: "${holder.port * 65537}"}
    - {send: u, to: "127.0.0.1:9", data: x, expect: {error: EAGAIN}}
    - {send: u, to: "127.0.0.1:9", data: x, call: sendmsg, expect: {error: EAGAIN}}
    - {sendmmsg: u, messages: [{data: x, to: "127.0.0.1:9"}], expect: {error: EAGAIN}}
    - {connect: u, to: "127.0.0.1:9", expect: {error: EAGAIN}}
`, []string{"sendto(u, \"x\", 1, 127.0.0.1:9) = -1 EAGAIN", "connect(u, 127.0.0.1:9) = -1 EAGAIN"},
	},
	{
		"low-water mark", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: a}
    - {setsockopt: a, option: SO_RCVLOWAT, value: 4}
    - {send: c, data: ab}
    - {spawn: [{recv: a, max: 10, expect: abcdef}], as: r}
    - {blocked: r, stays: 50ms}
    - {send: c, data: cd}
    - {blocked: r, stays: 50ms}
    - {send: c, data: ef}
    - join: r
    - {send: c, data: xy}
    - {recv: a, max: 10, nowait: true, expect: xy}
`, []string{`recv(a, 10) = 6 "abcdef"`, `recv(a, 10) = 2 "xy"`},
	},
	{
		"low-water mark of a listener", `
    - {socket: tcp, as: l, MODE}
    - {setsockopt: l, option: SO_RCVLOWAT, value: 2}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: a}
    - {send: c, data: a}
    - {spawn: [{recv: a, call: read, max: 70000, expect: abc}], as: r}
    - {blocked: r, stays: 30ms}
    - {send: c, data: bc}
    - join: r
`, nil,
	},
	{
		"time limit of a receive", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_RCVTIMEO, value: 20ms}
    - {recv: a, expect: {error: EAGAIN}}
    - {recv: a, call: read, expect: {error: EAGAIN}}
    - {recv: a, call: readv, buffers: [1, 2], expect: {error: EAGAIN}}
    - {recv: a, call: recvmsg, expect: {error: EAGAIN}}
    - {recv: a, max: 70000, expect: {error: EAGAIN}}
    - {recvmmsg: a, count: 2, expect: {error: EAGAIN}}
    - {send: b, data: x}
    - {recv: a, max: 2, flags: MSG_WAITALL, expect: x}
    - {setsockopt: a, option: SO_RCVTIMEO, value: 0}
    - {spawn: [{recv: a, expect: y}], as: r}
    - {blocked: r, stays: 40ms}
    - {send: b, data: y}
    - join: r
`, []string{"recv(a, 65536) = -1 EAGAIN", `recv(a, 2, MSG_WAITALL) = 1 "x"`},
	},
	{
		"time limit of an accept, and of its connections", `
    - {socket: tcp, as: l, MODE}
    - {setsockopt: l, option: SO_RCVTIMEO, value: 20ms}
    - listen: l
    - {accept: l, expect: {error: EAGAIN}}
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: a}
    - {recv: a, expect: {error: EAGAIN}}
`, []string{"accept(l) = -1 EAGAIN", "recv(a, 65536) = -1 EAGAIN"},
	},
	{
		"time limit of a send", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_SNDBUF, value: 4096}
    - {setsockopt: a, option: SO_SNDTIMEO, value: 20ms}
    - {send: a, data: {zeros: 90000}, once: true, expect: {size: 1..89999}, mask: true}
    - {send: a, data: {zeros: 90000}, expect: {error: EAGAIN}}
    - {send: a, data: {zeros: 90000}, call: write, expect: {error: EAGAIN}}
    - {send: a, data: {zeros: 90000}, call: sendmsg, expect: {error: EAGAIN}}
`, nil,
	},
	{
		"time limit of a connect", `
    - {socket: tcp, as: l, MODE}
    - {listen: l, backlog: 0}
    - {socket: tcp, as: first, MODE}
    - {connect: first, to: l}
    - {socket: tcp, as: c, MODE}
    - {setsockopt: c, option: SO_SNDTIMEO, value: 20ms}
    - {connect: c, to: l, expect: {error: EINPROGRESS}}
    - {connect: c, to: l, expect: {error: EALREADY}}
    - {socket: unix, as: m, MODE}
    - {bind: m, to: "unix:${tmp}/s"}
    - {listen: m, backlog: 0}
    - {socket: unix, as: u, MODE}
    - {connect: u, to: "unix:${tmp}/s"}
    - {socket: unix, as: v, MODE}
    - {setsockopt: v, option: SO_SNDTIMEO, value: 20ms}
    - {connect: v, to: "unix:${tmp}/s", expect: {error: EAGAIN}}
`, []string{"connect(c, 127.0.0.1:<l>) = -1 EINPROGRESS", "connect(v, unix:$tmp/s) = -1 EAGAIN"},
	},
	{
		"fast open of a connected socket", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {send: c, data: one, to: "${l}", flags: MSG_FASTOPEN}
    - {send: c, data: two, to: "${l}", flags: MSG_FASTOPEN, expect: {error: EISCONN}}
    - {connect: c, to: l, expect: {error: EISCONN}}
    - {accept: l, as: a}
    - {recv: a, expect: one}
`, []string{`sendto(c, "two", 3, MSG_FASTOPEN, 127.0.0.1:<l>) = -1 EISCONN`},
	},
	{
		"connect that the first send makes", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {setsockopt: c, option: TCP_FASTOPEN_CONNECT, value: 1}
    - {connect: c, to: l}
    - {send: c, data: one, call: write}
    - {connect: c, to: l, expect: {error: EISCONN}}
    - {accept: l, as: a}
    - {recv: a, expect: one}
`, nil,
	},
	{
		"connect again", `
    - {socket: tcp, as: l, MODE}
    - {bind: l, to: "127.0.0.1:0"}
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l, expect: {error: ECONNREFUSED}}
    - {connect: c, to: l, expect: {error: ECONNREFUSED}}
    - listen: l
    - {connect: c, to: l}
    - {connect: c, to: l, expect: {error: EISCONN}}
    - {connect: l, to: l, expect: {error: EISCONN}}
`, nil,
	},
	{
		"connect that a shutdown ends", `
    - {socket: tcp, as: l, MODE}
    - {listen: l, backlog: 0}
    - {socket: tcp, as: first, MODE}
    - {connect: first, to: l}
    - {socket: tcp, as: c, MODE}
    - {spawn: [{connect: c, to: l, expect: {error: ECONNRESET}}], as: waiter}
    - {blocked: waiter, stays: 20ms}
    - {shutdown: c, how: both}
    - join: waiter
    - {getsockopt: c, option: SO_ERROR, expect: 0}
    - {send: c, data: x, expect: {error: EPIPE}}
`, []string{"connect(c, 127.0.0.1:<l>) = -1 ECONNRESET"},
	},
	{
		"connect that another one dissolves", `
    - {socket: tcp, as: l, MODE}
    - {listen: l, backlog: 0}
    - {socket: tcp, as: first, MODE}
    - {connect: first, to: l}
    - {socket: tcp, as: c, MODE}
    - {spawn: [{connect: c, to: l, expect: {error: [EPIPE, ECONNRESET, ECONNABORTED]}}], as: waiter}
    - {blocked: waiter, stays: 20ms}
    - {connect: c, to: "unspec:"}
    - join: waiter
`, nil,
	},
	{
		"one send of more than fits", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_SNDBUF, value: 4096}
    - {spawn: [{send: a, data: {zeros: 90000}, once: true, expect: 90000}], as: s}
    - blocked: s
    - {recv: b, size: 90000}
    - join: s
    - {send: a, data: {zeros: 90000}, once: true, nowait: true, expect: "<90000", mask: true}
`, []string{"send(a, hex:" + strings.Repeat("0", 128) + "... (90000 bytes), 90000) = 90000"},
	},
	{
		"receive of all", `
    - {socketpair: unix, as: [a, b], MODE}
    - {send: a, data: abc}
    - {recv: b, max: 9, flags: [MSG_WAITALL, MSG_PEEK], expect: abc}
    - {spawn: [{recv: b, max: 5, flags: MSG_WAITALL, expect: abcde}], as: r}
    - blocked: r
    - {send: a, data: de}
    - join: r
    - {send: a, data: fg}
    - close: a
    - {recv: b, max: 5, flags: MSG_WAITALL, expect: fg}
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: s}
    - {send: c, data: xy}
    - {spawn: [{recv: s, max: 4, flags: [MSG_WAITALL, MSG_PEEK], expect: xyz}], as: p}
    - {blocked: p, stays: 20ms}
    - {send: c, data: z}
    - {shutdown: c, how: write}
    - join: p
`, []string{`recv(b, 9, MSG_PEEK|MSG_WAITALL) = 3 "abc"`, `recv(s, 4, MSG_PEEK|MSG_WAITALL) = 3 "xyz"`},
	},
	{
		"receive of all that a reset ends", `
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: s}
    - {send: c, data: xy}
    - {setsockopt: c, option: SO_LINGER, value: {onoff: 1, linger: 0}}
    - {spawn: [{recv: s, max: 4, flags: MSG_WAITALL, expect: xy}], as: r}
    - {blocked: r, stays: 20ms}
    - close: c
    - join: r
    - {getsockopt: s, option: SO_ERROR, expect: ECONNRESET}
    - {recv: s, expect: {eof: true}}
`, nil,
	},
	{
		"error queue and urgent data", `
    - {socket: udp, as: u, MODE}
    - {recv: u, flags: MSG_ERRQUEUE, expect: {error: EAGAIN}}
    - {recv: u, max: 70000, call: recvfrom, flags: MSG_ERRQUEUE, expect: {error: EAGAIN}}
    - {recvmmsg: u, count: 1, flags: MSG_ERRQUEUE, expect: {error: EAGAIN}}
    - {socket: tcp, as: l, MODE}
    - listen: l
    - {socket: tcp, as: c, MODE}
    - {connect: c, to: l}
    - {recv: c, max: 1, flags: MSG_OOB, expect: {error: EINVAL}}
`, []string{"MSG_ERRQUEUE) = -1 EAGAIN", "MSG_OOB) = -1 EINVAL"},
	},
	{
		"datagrams after a shutdown", `
    - {socketpair: unixgram, as: [a, b], MODE}
    - {send: a, data: x}
    - {shutdown: b, how: read}
    - {recv: b, expect: x}
    - {recv: b, max: 3, expect: {size: 0}}
    - {recv: b, max: 3, nowait: true, expect: {error: EAGAIN}}
    - {socket: udp, as: u, MODE}
    - {bind: u, to: "127.0.0.1:0"}
    - {spawn: [{recv: u, max: 3, call: read, expect: {size: 0}}], as: r}
    - blocked: r
    - {shutdown: u, how: read, expect: {error: ENOTCONN}}
    - join: r
`, []string{"recv(b, 3) = 0", "read(u, 3) = 0"},
	},
	{
		"several messages by one call", `
    - {socket: udp, as: n, MODE}
    - {bind: n, to: "127.0.0.1:0"}
    - {connect: n, to: n} # it hears only itself, and keeps the port
    - {socket: udp, as: u, MODE}
    - {connect: u, to: n}
    - {sendmmsg: u, messages: [{data: a}, {data: b}, {data: c}], expect: 1}
    - {socketpair: unixgram, as: [a, b], MODE}
    - {send: a, data: x}
    - {recvmmsg: b, count: 5, flags: MSG_WAITFORONE, expect: [x]}
    - {spawn: [{recvmmsg: b, count: 2, expect: [y, z]}], as: r}
    - {send: a, data: "y"}
    - blocked: r
    - {send: a, data: z}
    - join: r
`, []string{`sendmmsg(u, ["a", "b", "c"], 3) = 1`, `recvmmsg(b, 5, MSG_WAITFORONE) = 1 ["x"]`},
	},
	{
		"full queue of a local datagram socket", `
    - {socket: unixgram, as: s, MODE}
    - {bind: s, to: "unix:${tmp}/s"}
    - {socket: unixgram, as: c, MODE}
    - repeat: 11
      steps: [{send: c, to: s, data: x, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: c, to: s, data: last}], as: w}
    - {blocked: w, stays: 20ms}
    - {recv: s, expect: x}
    - join: w
`, nil,
	},
	{
		"send that its own shutdown ends", `
    - {socketpair: unix, as: [a, b], MODE}
    - {setsockopt: a, option: SO_SNDBUF, value: 4096}
    - {send: a, data: {zeros: 90000}, nowait: true, expect: {error: EAGAIN}}
    - {spawn: [{send: a, data: x, expect: {error: EPIPE}}], as: s}
    - blocked: s
    - {shutdown: a, how: write}
    - {join: s, timeout: 5s}
    - {socketpair: unixpacket, as: [c, d], MODE}
    - {setsockopt: c, option: SO_SNDBUF, value: 4096}
    - repeat: 20
      steps: [{send: c, data: {zeros: 1000}, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {dup: c, as: again}
    - {spawn: [{send: c, data: {zeros: 1000}, call: sendmsg, expect: {error: EPIPE}}], as: s}
    - {spawn: [{send: c, data: {zeros: 1000}, expect: {error: EPIPE}}], as: t}
    - {blocked: s, stays: 20ms}
    - blocked: t
    - {shutdown: c, how: read}
    - {blocked: s, stays: 20ms}
    - {shutdown: again, how: both}
    - {join: s, timeout: 5s}
    - {join: t, timeout: 5s}
    - {socketpair: unixgram, as: [e, f], MODE}
    - {setsockopt: e, option: SO_SNDBUF, value: 4608}
    - repeat: 20
      steps: [{send: e, data: {zeros: 1000}, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: e, data: {zeros: 1000}, call: write, expect: {error: EPIPE}}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: e, how: write}
    - {join: s, timeout: 5s}
`, []string{`send(a, "x", 1) = -1 EPIPE`},
	},
	{
		"send that a shutdown of the peer ends", `
    - {socketpair: unix, as: [a, b], MODE}
    - {spawn: [{send: a, data: {zeros: 4MiB}, expect: {error: EPIPE}}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: b, how: read}
    - {join: s, timeout: 5s}
    - {socket: unixpacket, as: l, MODE}
    - {bind: l, to: "unix:${tmp}/s"}
    - listen: l
    - {socket: unixpacket, as: c, MODE}
    - {connect: c, to: l}
    - {accept: l, as: d}
    - {spawn: [{repeat: 1000, steps: [{send: d, data: {zeros: 1000}, expect: {error: [EPIPE, 0]}}]}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: c, how: write}
    - {blocked: s, stays: 20ms}
    - {shutdown: c, how: both}
    - {join: s, timeout: 5s}
    - {spawn: [{repeat: 1000, steps: [{send: c, data: {zeros: 1000}, expect: {error: [EPIPE, 0]}}]}], as: s}
    - {join: s, timeout: 5s}
    - {socket: unixgram, as: f, MODE}
    - {bind: f, to: "unix:${tmp}/f"}
    - {socket: unixgram, as: e, MODE}
    - {connect: e, to: f}
    - repeat: 20
      steps: [{send: e, data: x, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: e, data: last, expect: {error: ECONNREFUSED}}], as: s}
    - {blocked: s, stays: 20ms}
    - {shutdown: f, how: read}
    - {blocked: s, stays: 20ms}
    - close: f
    - {join: s, timeout: 5s}
`, nil,
	},
	{
		"send to a full queue, which its own shutdown does not end", `
    - {socket: unixgram, as: s, MODE}
    - {bind: s, to: "unix:${tmp}/s"}
    - {socket: unixgram, as: c, MODE}
    - {connect: c, to: s}
    - repeat: 20
      steps: [{send: c, data: x, nowait: true, expect: {error: [EAGAIN, 0]}}]
    - {spawn: [{send: c, data: last}], as: w}
    - {blocked: w, stays: 20ms}
    - {shutdown: c, how: write}
    - {blocked: w, stays: 20ms}
    - {recv: s, expect: x}
    - join: w
    - {send: c, data: never, expect: {error: EPIPE}}
`, []string{`send(c, "last", 4) = 4`, `send(c, "never", 5) = -1 EPIPE`},
	},
}

// neverForks is a step for which all descriptors of its actor block, and which
// does nothing.
const neverForks = "    - if: 1 == 2\n      then: [{fork: [{exit: 0}]}]\n"

// A script cannot tell a default descriptor, which the poller drives, from one
// that blocks: results, errnos and transcripts are the same.
func TestDefaultDescriptorsWaitAsBlockingOnes(t *testing.T) {
	for _, test := range waitingCalls {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			blocking := strings.Join(waitingTranscript(t, test.steps, "blocking: true"), "\n")
			polled := strings.Join(waitingTranscript(t, test.steps, "blocking: false"), "\n")
			if polled != blocking {
				t.Errorf("a default descriptor gives\n%s\na blocking one\n%s", polled, blocking)
			}
			forking := strings.Join(waitingTranscript(t, test.steps+neverForks, "blocking: false"), "\n")
			if forking != blocking {
				t.Errorf("a descriptor of an actor that forks gives\n%s\na blocking one\n%s", forking, blocking)
			}
			for _, line := range test.want {
				if !strings.Contains(blocking, line) {
					t.Errorf("no %s in\n%s", line, blocking)
				}
			}
		})
	}
}

func waitingTranscript(t *testing.T, steps, mode string) []string {
	t.Helper()
	text := "requires: kernel>=6.3\nstep_timeout: 10s\nactors:\n  one:" + strings.ReplaceAll(steps, "MODE", mode)
	r := runner.Run(context.Background(), scenario(t, text), runner.Options{})
	if r.Status == history.Skipped {
		ci.Lacks(t, r.Reason)
	}
	if r.Status != history.Passed {
		t.Fatalf("with %s: %s\n%s", mode, ending(r), strings.Join(transcript(r), "\n"))
	}
	return slices.DeleteFunc(transcript(r), func(line string) bool {
		return strings.Contains(line, "setsockopt(u, 0, 51, ") // a port that the kernel chose, in bytes
	})
}
