//go:build linux

package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
)

// racing builds a server that takes two clients, with what is between them.
func racing(alice, bob string) string {
	return `
actors:
  server:
    - socket: tcp
      as: l
    - bind: l
      to: 127.0.0.1:0
    - listen: l
    - accept: l
      as: one
    - signal: took
    - accept: l
      as: other
    - close: [one, other]
  alice:
    - socket: tcp
      as: a
    - connect: a
      to: ${server.l}
` + alice + `
  bob:
    - socket: tcp
      as: b
` + bob + `
    - connect: b
      to: ${server.l}
`
}

func TestRaces(t *testing.T) {
	const twoSenders = `
actors:
  receiver:
    - socket: udp
      as: in
    - bind: in
      to: 127.0.0.1:0
    - repeat: 2
      steps:
        - recv: in
  alice:
    - socket: udp
      as: a
    - send: a
      to: ${receiver.in}
      data: from alice
  bob:
    - socket: udp
      as: b
    - send: b
      to: ${receiver.in}
      data: from bob
`
	same := strings.NewReplacer("from alice", "hello", "from bob", "hello", "as: b", "as: a", "send: b", "send: a")
	replicas := `
actors:
  server:
    - socket: tcp
      as: l
    - bind: l
      to: 127.0.0.1:0
    - listen: l
    - repeat: 5
      steps:
        - accept: l
          as: c
        - close: c
  client:
    count: 5
    steps:
      - socket: tcp
        as: s
      - connect: s
        to: ${server.l}
`
	unlike := strings.Replace(replicas, "      - connect: s\n        to: ${server.l}\n",
		"      - let: {me: \"${index}\"}\n      - connect: s\n        to: ${server.l}\n      - print: ${me}\n", 1)
	// Each replica comes twice, and is answered by the end of file.
	again := strings.NewReplacer("repeat: 5", "repeat: 10", `
      - socket: tcp
        as: s
      - connect: s
        to: ${server.l}
`, `
      - repeat: 2
        steps:
          - socket: tcp
            as: s
          - connect: s
            to: ${server.l}
          - recv: s
            eof: true
          - close: s
`).Replace(replicas)
	// Each replica sends twice, and is not answered.
	const twice = `
actors:
  server:
    - {socket: udp, as: in}
    - {bind: in, to: "127.0.0.1:0"}
    - repeat: 4
      steps: [{recv: in}]
  client:
    count: 2
    steps:
      - {socket: udp, as: out}
      - send: out
        to: ${server.in}
        data: first
      - send: out
        to: ${server.in}
        data: second
`
	// What each replica waits for does not print, but how deep it is shows.
	const quietly = `
actors:
  server:
    - {socket: udp, as: in}
    - {bind: in, to: "127.0.0.1:0"}
    - repeat: 2
      steps: [{recv: in}]
  other: [{signal: go0}, {barrier: a}, {barrier: b}, {signal: go1}]
  more: [{barrier: a}, {barrier: b}]
  client:
    count: 2
    steps:
      - {socket: udp, as: out}
      - {wait: "go${index}", quiet: true}
      - {send: out, to: "${server.in}", data: x}
`
	const workers = `
actors:
  server:
    - {socket: tcp, as: l}
    - {bind: l, to: "127.0.0.1:0"}
    - listen: l
    - repeat: 2
      steps: [{spawn: [{accept: l, as: c}, {close: c}]}]
  client:
    - repeat: 2
      steps: [{socket: tcp, as: s}, {connect: s, to: "${server.l}"}, {recv: s, eof: true}, {close: s}]
`
	third := racing("", "") + `
  carol:
    - socket: tcp
      as: c
    - connect: c
      to: ${server.l}
`
	third = strings.Replace(third, "    - close: [one, other]", "    - accept: l\n      as: last\n    - close: [one, other, last]", 1)
	const branches = `
actors:
  one:
    - socketpair: unixgram
      as: [a, b]
    - parallel:
        x: [{send: a, data: x}]
        y: [{send: a, data: y}]
    - recv: b
    - recv: b
`
	for _, test := range []struct {
		name, text string
		want       int
		says       string
	}{
		{"two clients", racing("", ""), 1, "nothing orders connect(a) of alice (line 18) and connect(b) of bob (line 25): server may take either first"},
		{"three clients", third, 1, "connect(a) of alice (line 20), connect(b) of bob (line 27) and connect(c) of carol (line 33): server may take any of them first"},
		{"ordered by a signal", racing("    - signal: first", "    - wait: first"), 0, ""},
		{"ordered by the accept", racing("", "    - wait: took"), 0, ""},
		{"two senders", twoSenders, 1, "send(a) of alice (line 14) and send(b) of bob (line 20): receiver may take either first"},
		{"two senders of the same", same.Replace(twoSenders), 1, "receiver may take either first"},
		{"two senders of the same, whose address nobody asks for", same.Replace(strings.Replace(twoSenders, "recv: in", "recv: in\n          call: recv", 1)), 0, ""},
		{"replicas", replicas, 0, ""},
		{"replicas that print differently", unlike, 1, "connect(s) (line 20) of one client and of another: server may take either first"},
		{"replicas that come again", again, 1, "connect(s) (line 21) of one client and of another: server may take either first"},
		{"replicas that send two messages", twice, 1, "send(out) of client (line 12) and send(out) of client (line 15): server may take either first"},
		{"replicas that send a message twice", strings.Replace(twice, "second", "first", 1), 0, ""},
		{"replicas that wait at different depths", quietly, 1, "send(out) (line 15) of one client and of another: server may take either first"},
		{"replicas that wait at one depth", strings.Replace(quietly, "go${index}", "go1", 1), 0, ""},
		{"replicas that come again without an answer", strings.Replace(again, "          - recv: s\n            eof: true\n", "", 1), 0, ""},
		{"branches that began one after the other", workers, 1, "accept(l) (line 8) of one server/branch and of another: either may take what comes first"},
		{"branches", branches, 1, "send(a) of one/x (line 7) and send(a) of one/y (line 8): one may take either first"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := mustPass(t, load(t, test.text), runner.Options{})
			races := r.Races()
			if len(races) != test.want {
				t.Fatalf("%d races, want %d: %+v", len(races), test.want, races)
			}
			if test.want == 0 {
				return
			}
			p := races[0].Problem()
			if !strings.Contains(p.Msg, test.says) || !p.Pos.IsValid() {
				t.Errorf("the race is told as %q", p.Report())
			}
		})
	}
}
