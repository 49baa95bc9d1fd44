package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/tcpstate"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// play runs a scenario.
func play(t *testing.T, text string) *history.Result {
	t.Helper()
	list, problems := scenarios.Parse("states.yaml", []byte(text))
	if problems.HasErrors() {
		t.Fatal(problems.Report())
	}
	r := runner.Run(context.Background(), list[0], runner.Options{})
	if r.Status == history.Skipped {
		ci.Lacks(t, r.Reason)
	}
	if r.Status != history.Passed {
		t.Fatal(r.Failure.Message)
	}
	return r
}

// changes are the lines of the events that have changed a state.
func changes(r *history.Result, s *tcpstate.States) string {
	var b strings.Builder
	for _, l := range r.Lines(history.Causal, history.Form{}) {
		if l.Event == nil {
			continue
		}
		var parts []string
		for _, c := range s.At(l.At) {
			if c.Changed() {
				var words []string
				for _, w := range c.States {
					words = append(words, string(w))
				}
				parts = append(parts, c.Name(r.Branches[l.At.Branch].Actor)+" "+strings.Join(words, " > "))
			}
		}
		if parts != nil {
			fmt.Fprintf(&b, "%s %s: %s\n", l.Actor, l.Event.Call, strings.Join(parts, ", "))
		}
	}
	return b.String()
}

// The start of a connection, for scenarios that are about its end.
const opened = `requires: os:linux
sequence:
  - server: [{socket: tcp, as: l}, {listen: l}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}]
  - server: [{accept: l, as: c}]
`

const opening = `server listen: l CLOSE > LISTEN
client connect: s CLOSE > SYN_SENT > ESTABLISHED, server.c LISTEN > SYN_RECV > ESTABLISHED
`

// Each scenario asks the kernel for the states too: state steps are not what
// they are derived from.
var conversations = []struct{ name, text, want string }{
	{"the one side closes, then the other", opened + `
  - client: [{close: s}, {state: s, expect: FIN_WAIT2}]
  - server: [{state: c, expect: CLOSE_WAIT}, {close: c}, {state: c, expect: CLOSE}]
  - client: [{state: s, expect: TIME_WAIT}]
`, opening + `client close: s ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, server.c ESTABLISHED > CLOSE_WAIT
server close: c CLOSE_WAIT > LAST_ACK > CLOSE, client.s FIN_WAIT2 > TIME_WAIT
`},
	{"a half-close lets data go back", opened + `
  - server: [{shutdown: c, how: write}, {state: c, expect: FIN_WAIT2}]
  - client: [{send: s, data: x}, {state: s, expect: CLOSE_WAIT}]
  - server: [{recv: c, expect: x}, {state: c, expect: FIN_WAIT2}]
`, opening + `server shutdown: c ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, client.s ESTABLISHED > CLOSE_WAIT
`},
	{"a close with data unread resets", opened + `
  - client: [{send: s, data: hello}, {shutdown: s, how: write}]
  - server: [{recv: c, size: 1}, {state: c, expect: CLOSE_WAIT}, {close: c}, {state: c, expect: CLOSE}]
  - client: [{state: s, expect: CLOSE}]
`, opening + `client shutdown: s ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, server.c ESTABLISHED > CLOSE_WAIT
server close: c CLOSE_WAIT > CLOSE, client.s FIN_WAIT2 > CLOSE
`},
	{"a linger time of 0 resets", opened + `
  - server: [{setsockopt: c, option: SO_LINGER, value: {onoff: true, linger: 0}}, {close: c}, {state: c, expect: CLOSE}]
  - client: [{state: s, expect: CLOSE}, {recv: s, expect: {error: ECONNRESET}}, {recv: s, expect: {eof: true}}]
`, opening + `server close: c ESTABLISHED > CLOSE, client.s ESTABLISHED > CLOSE
`},
	{"a connection has the linger time of its listener", `requires: os:linux
sequence:
  - server: [{socket: tcp, as: l}, {setsockopt: l, option: SO_LINGER, value: {onoff: true, linger: 0}}, {listen: l}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}]
  - server: [{accept: l, as: c}, {accept: l, as: none, nowait: true, expect: {error: EAGAIN}}, {close: c}, {state: c, expect: CLOSE}]
  - client: [{state: s, expect: CLOSE}, {socket: tcp, as: t}, {connect: t, to: "${server.l}"}]
  - server:
      - {accept: l, as: d}
      - {setsockopt: d, option: SO_LINGER, value: {onoff: false, linger: 0}}
      - {close: d}
      - {state: d, expect: FIN_WAIT2}
`, opening + `server close: c ESTABLISHED > CLOSE, client.s ESTABLISHED > CLOSE
client connect: t CLOSE > SYN_SENT > ESTABLISHED, server.d LISTEN > SYN_RECV > ESTABLISHED
server close: d ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, client.t ESTABLISHED > CLOSE_WAIT
`},
	{"data for a socket that nobody has resets", opened + `
  - server: [{close: c}, {state: c, expect: FIN_WAIT2}]
  - client: [{send: s, data: x}, {state: s, expect: CLOSE}, {send: s, data: x, expect: {error: EPIPE}}]
  - server: [{state: c, expect: CLOSE}]
`, opening + `server close: c ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, client.s ESTABLISHED > CLOSE_WAIT
client send: s CLOSE_WAIT > CLOSE, server.c FIN_WAIT2 > CLOSE
`},
	{"data for a socket shut down for both resets, for one that only does not receive it does not", opened + `
  - server: [{shutdown: c, how: read}]
  - client: [{send: s, data: x}, {state: s, expect: ESTABLISHED}]
  - server: [{state: c, expect: ESTABLISHED}, {shutdown: c, how: write}, {state: c, expect: FIN_WAIT2}]
  - client: [{state: s, expect: CLOSE_WAIT}, {send: s, data: x}, {state: s, expect: CLOSE}]
  - server: [{state: c, expect: CLOSE}]
`, opening + `server shutdown: c ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, client.s ESTABLISHED > CLOSE_WAIT
client send: s CLOSE_WAIT > CLOSE, server.c FIN_WAIT2 > CLOSE
`},
	{"a FIN waits behind data that nobody reads", opened + `
  - client: [{send: s, data: {zeros: 400000}}, {shutdown: s, how: write}, {state: s, expect: FIN_WAIT1}]
  - server: [{state: c, expect: ESTABLISHED}, {recv: c, eof: true}, {state: c, expect: CLOSE_WAIT}]
  - client: [{state: s, expect: FIN_WAIT2}]
`, opening + `client shutdown: s ESTABLISHED > FIN_WAIT1
server recv: c ESTABLISHED > CLOSE_WAIT, client.s FIN_WAIT1 > FIN_WAIT2
`},
	{"a listener that closes resets those that wait", `requires: os:linux
sequence:
  - server: [{socket: tcp, as: l}, {listen: l}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}, {shutdown: s, how: write}]
  - server: [{shutdown: l, how: write}, {state: l, expect: LISTEN}, {close: l}, {state: l, expect: CLOSE}]
  - client: [{state: s, expect: CLOSE}]
`, `server listen: l CLOSE > LISTEN
client connect: s CLOSE > SYN_SENT > ESTABLISHED, queue of server.l LISTEN > SYN_RECV > ESTABLISHED
client shutdown: s ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, queue of server.l ESTABLISHED > CLOSE_WAIT
server close: l LISTEN > CLOSE, client.s FIN_WAIT2 > CLOSE, queue of l CLOSE_WAIT > CLOSE
`},
	{"a full queue drops a SYN", `requires: os:linux
sequence:
  - server: [{socket: tcp, as: l}, {listen: l, backlog: 0}]
  - client:
      - {socket: tcp, as: s}
      - {connect: s, to: "${server.l}"}
      - {socket: tcp, as: t}
      - {connect: t, to: "${server.l}", nowait: true, expect: {error: EINPROGRESS}}
      - {state: t, expect: SYN_SENT}
      - {close: t}
      - {state: t, expect: CLOSE}
  - server: [{accept: l, as: c}, {close: l}]
`, opening + `client connect: t CLOSE > SYN_SENT
client close: t SYN_SENT > CLOSE
server close: l LISTEN > CLOSE
`},
	{"a refused socket connects again, and dissolves the connection", `requires: os:linux
sequence:
  - client: [{socket: tcp, as: s}, {connect: s, to: '127.0.0.1:1', expect: {error: ECONNREFUSED}}, {state: s, expect: CLOSE}]
  - server: [{socket: tcp, as: l}, {listen: l}]
  - client: [{connect: s, to: "${server.l}"}, {state: s, expect: ESTABLISHED}]
  - server: [{accept: l, as: c}]
  - client: [{connect: s, to: 'unspec:'}, {state: s, expect: CLOSE}]
  - server: [{state: c, expect: CLOSE}]
`, `client connect: s CLOSE > SYN_SENT > CLOSE
server listen: l CLOSE > LISTEN
client connect: s CLOSE > SYN_SENT > ESTABLISHED, server.c LISTEN > SYN_RECV > ESTABLISHED
client connect: s ESTABLISHED > CLOSE, server.c ESTABLISHED > CLOSE
`},
	{"a socket calls itself", `requires: os:linux
actors:
  one:
    - {socket: tcp, as: s}
    - {bind: s, to: '127.0.0.1:0'}
    - {connect: s, to: "127.0.0.1:${s.port}"}
    - {state: s, expect: ESTABLISHED}
    - {close: s}
    - {state: s, expect: TIME_WAIT}
`, `one connect: s CLOSE > SYN_SENT > SYN_RECV > ESTABLISHED
one close: s ESTABLISHED > FIN_WAIT1 > CLOSING > TIME_WAIT
`},
	{"the last of the descriptors counts, in whatever process", `requires: os:linux
sequence:
  - server: [{socket: tcp, as: l}, {listen: l}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}]
  - server: [{accept: l, as: c}, {fork: [], as: child}, {close: c}, {state: c, expect: ESTABLISHED}]
  - server.child: {exit: 0}
  - server: [{join: child}, {state: c, expect: FIN_WAIT2}]
  - client: [{state: s, expect: CLOSE_WAIT}]
`, opening + `server/child exit: c ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, client.s ESTABLISHED > CLOSE_WAIT
`},
	{"of two processes that nothing orders the later in the transcript has the last descriptor, whoever closed first", `requires: os:linux
actors:
  one:
    - {socket: tcp, as: l}
    - listen: l
    - {socket: tcp, as: m}
    - listen: m
    - {fork: [{sleep: 20ms}, {close: m}], as: child}
    - {let: {a: 1}}
    - {let: {b: "${a}"}}
    - {let: {c: "${b}"}}
    - {close: l}
    - {assert: c == 1}
    - {close: m}
    - {join: child}
`, `one listen: l CLOSE > LISTEN
one listen: m CLOSE > LISTEN
one close: l LISTEN > CLOSE
one close: m LISTEN > CLOSE
`},
	{"a descriptor in a message keeps the connection", `requires: os:linux
sequence:
  - server: [{socket: tcp, as: l}, {listen: l}, {socketpair: unix, as: [a, b]}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}]
  - server: [{accept: l, as: c}, {send: a, data: x, control: {SCM_RIGHTS: [c]}}, {close: c}]
  - client: [{state: s, expect: ESTABLISHED}]
  - server: [{recv: b, max: 1, expect: {control: {SCM_RIGHTS: [d]}}}, {close: d}]
  - client: [{state: s, expect: CLOSE_WAIT}]
`, opening + `server close: c ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, client.s ESTABLISHED > CLOSE_WAIT
`},
	{"what is only in a message ends with a receive that gives it no name", `requires: os:linux
sequence:
  - server: [{socket: tcp, as: l}, {listen: l}, {socketpair: unix, as: [a, b]}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}]
  - server: [{accept: l, as: c}, {send: a, data: x, control: {SCM_RIGHTS: [c]}}, {close: c}]
  - client: [{state: s, expect: ESTABLISHED}]
  - server: [{recv: b, max: 1, expect: {control: {SCM_RIGHTS: 1}}}]
  - client: [{state: s, expect: CLOSE_WAIT}]
`, opening + `server recvmsg: c ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, client.s ESTABLISHED > CLOSE_WAIT
`},
	{"a program that dies closes what it holds", `requires: [os:linux, 'cmd:sleep']
sequence:
  - server: [{socket: tcp, as: l}, {listen: l}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}]
  - server: [{accept: l, as: c}, {start: [sleep, '100'], as: p, fds: [c]}, {close: c}]
  - client: [{state: s, expect: ESTABLISHED}]
  - server: [{kill: p}, {join: p, expect: {signal: TERM}}]
  - client: [{state: s, expect: CLOSE_WAIT}]
`, opening + `server join: client.s ESTABLISHED > CLOSE_WAIT, c ESTABLISHED > FIN_WAIT1 > FIN_WAIT2
`},
	{"a far end that the script plays closes at the same time", `requires: netns
network: {private: {sysctls: {net.ipv4.tcp_timestamps: 0}}}
actors:
  one:
    - {peer: tcp, as: p}
    - {socket: tcp, as: l}
    - {bind: l, to: "${p.local}:8080"}
    - listen: l
    - {inject: p, packet: S 0:0(0) win 1000}
    - {segment: p, expect: S. 0:0(0) ack 1 <...>}
    - {inject: p, packet: . 1:1(0) ack 1 win 1000}
    - {accept: l, as: c}
    - {send: c, data: hello}
    - {segment: p, expect: P. 1:6(5) ack 1}
    - {close: c}
    - {segment: p, expect: F. 6:6(0) ack 1}
    - {inject: p, packet: R 9:9(0) win 0}
    - {state: c, expect: FIN_WAIT1}
    - {inject: p, packet: F. 1:1(0) ack 6 win 1000}
    - {state: c, expect: CLOSING}
    - {inject: p, packet: . 2:2(0) ack 7 win 1000}
    - {state: c, expect: TIME_WAIT}
`, `one listen: l CLOSE > LISTEN
one inject: c LISTEN > SYN_RECV
one inject: c SYN_RECV > ESTABLISHED
one close: c ESTABLISHED > FIN_WAIT1
one inject: c FIN_WAIT1 > CLOSING
one inject: c CLOSING > TIME_WAIT
`},
	{"states of two addresses", opened + `
  - client: [{state: {local: "${server.l}", remote: s}, expect: ESTABLISHED}, {let: {here: "${s.address}"}}, {close: s}]
  - server:
      - {state: {local: "${client.here}", remote: "127.0.0.1:${l.port}"}, expect: FIN_WAIT2}
      - {state: {local: "127.0.0.1:${l.port}", remote: "${client.here}"}, expect: CLOSE_WAIT}
      - {close: c}
      - {state: {local: "${client.here}", remote: "127.0.0.1:${l.port}"}, expect: TIME_WAIT}
      - {state: {local: "127.0.0.1:${l.port}", remote: "${client.here}"}, expect: none}
  - client: [{socket: tcp, as: other}, {connect: other, to: "${server.l}"}]
  - server: [{state: {local: "127.0.0.1:${l.port}", remote: "${client.other}"}, expect: ESTABLISHED}]
`, opening + `client close: s ESTABLISHED > FIN_WAIT1 > FIN_WAIT2, server.c ESTABLISHED > CLOSE_WAIT
server close: c CLOSE_WAIT > LAST_ACK > CLOSE, client.s FIN_WAIT2 > TIME_WAIT
client connect: other CLOSE > SYN_SENT > ESTABLISHED, queue of server.l LISTEN > SYN_RECV > ESTABLISHED
`},
	{"a link that is cut keeps the FIN", `requires: netns
network:
  hosts:
    client: {eth0: 10.0.0.1/24}
    server: {eth0: 10.0.0.2/24}
  links:
    lan: {join: [client.eth0, server.eth0]}
sequence:
  - server: [{socket: tcp, as: l}, {bind: l, to: '10.0.0.2:80'}, {listen: l}]
  - client: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}]
  - server: [{accept: l, as: c}]
  - client: [{link: lan, set: cut}, {close: s}, {state: s, expect: FIN_WAIT1}]
  - server: [{state: c, expect: ESTABLISHED}, {link: lan, set: whole}, {recv: c, expect: {eof: true}}, {close: c}]
  - client: [{state: s, expect: TIME_WAIT}]
`, `server listen: l CLOSE > LISTEN
client connect: s CLOSE > SYN_SENT > ESTABLISHED, server.c LISTEN > SYN_RECV
server accept: c SYN_RECV > ESTABLISHED
client close: s ESTABLISHED > FIN_WAIT1
server recv: c ESTABLISHED > CLOSE_WAIT
server close: c CLOSE_WAIT > LAST_ACK
client state: s FIN_WAIT1 > FIN_WAIT2 > TIME_WAIT
`},
	{"of a program outside only our own end is known", `requires: [os:linux, 'cmd:nc']
actors:
  server:
    - {socket: tcp, as: l}
    - {bind: l, to: '127.0.0.1:0'}
    - listen: l
    - {start: [nc, -N, 127.0.0.1, "${l.port}"], as: p}
    - {accept: l, as: c}
    - {close: p.stdin}
    - {recv: c, expect: {eof: true}}
    - {state: c, expect: CLOSE_WAIT}
    - {close: c}
    - {join: p}
`, `server listen: l CLOSE > LISTEN
server accept: c LISTEN > SYN_RECV > ESTABLISHED
server recv: c ESTABLISHED > CLOSE_WAIT
server close: c CLOSE_WAIT > LAST_ACK
`},
}

func TestConversations(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := play(t, "name: states\n"+c.text)
			s := tcpstate.Of(r.Record)
			if got := changes(r, s); got != c.want {
				t.Errorf("the changes are\n%s\nand not\n%s", got, c.want)
			}
			for _, x := range s.Contrary() {
				t.Errorf("derived %s, the kernel says %s", x.Derived, x.Told)
			}
		})
	}
}

// A record is the same after it was saved, and so are the states.
func TestSavedStates(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := play(t, "name: states\n"+conversations[3].text)
	data, err := history.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := history.Decode[*history.Result](data)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := changes(again, tcpstate.Of(again.Record)), changes(r, tcpstate.Of(r.Record)); got != want {
		t.Errorf("the changes of the saved run are\n%s\nand not\n%s", got, want)
	}
}

// A state step of which the kernel says something else than what is derived is
// found, be it of a handle or of two addresses. Here somebody outside changes
// the record.
func TestContraryStates(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, state := range []string{"s", "{local: s, remote: '${server.l}'}", "{local: '${server.l}', remote: s}"} {
		contrary(t, state)
	}
}

func contrary(t *testing.T, state string) {
	t.Helper()
	r := play(t, "name: states\n"+opened+`
  - client: [{state: `+state+`, expect: ESTABLISHED}]
`)
	for _, b := range r.Branches {
		for _, en := range b.Entries {
			if en.Event.State != "" {
				en.Event.State = "LAST_ACK"
			}
		}
	}
	s := tcpstate.Of(r.Record)
	if len(s.Contrary()) != 1 || s.Contrary()[0].Derived != tcpstate.Established || s.Contrary()[0].Told != tcpstate.LastAck {
		t.Errorf("found %+v", s.Contrary())
	}
}
