//go:build linux

package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
)

// racing builds a server that takes two clients, with what stands between them.
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
	for _, test := range []struct {
		name, text string
		want       int
		says       string
	}{
		{"two clients", racing("", ""), 1, "server takes the connection of"},
		{"ordered by a signal", racing("    - signal: first", "    - wait: first"), 0, ""},
		{"ordered by the accept", racing("", "    - wait: took"), 0, ""},
		{"two senders", twoSenders, 1, "receiver receives from"},
		{"replicas", replicas, 0, ""},
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
