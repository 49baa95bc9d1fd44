package diagram_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// recorded draws a run of which the wire was recorded.
func recorded(t *testing.T, text string) *diagram.Diagram {
	t.Helper()
	cases, problems, err := suite.Load([]suite.File{suite.Text("wire.yaml", []byte(text))})
	if err != nil || problems.HasErrors() {
		t.Fatalf("%v\n%s", err, problems.Report())
	}
	r := runner.Run(context.Background(), cases[0].Scenario, runner.Options{Frames: true})
	if r.Status == history.Skipped {
		ci.Lacks(t, r.Reason)
	}
	return diagram.Of(r, history.Form{})
}

const greeting = `
name: greeting
requires: netns
network:
  hosts:
    client: {eth0: 10.0.0.1/24}
    server: {eth0: 10.0.0.2/24}
  links:
    lan: {join: [client.eth0, server.eth0], faults: {once: {drop: {tcp: data, nth: 1}}}}
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: '10.0.0.2:80'}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: hello}
    - {recv: conn, expect: {eof: true}}
    - {close: conn}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: '${server.listener}'}
    - {send: sock, data: hello}
    - {close: sock}
`

func TestTheWireIsDrawn(t *testing.T) {
	t.Parallel()
	d := recorded(t, greeting)
	var got []string
	for _, b := range d.Boxes {
		if b.Kind == diagram.Wire {
			got = append(got, fmt.Sprintf("%s > %s %s", d.Lifelines[b.Lifeline], d.Lifelines[b.To], b.Text))
		}
	}
	want := `client > server S
server > client S.
client > server 1:6(5)
client > server 1:6(5)  dropped by lan.once
client > server 1:6(5)  again
client > server F.
server > client F.`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("the wire is\n%s\nand not\n%s", text, want)
	}
	for _, a := range d.Arrows {
		if a.Bond != diagram.Tie {
			t.Errorf("what the wire draws is drawn twice: %s", arrowText(d, a))
		}
	}
	all := strings.Join(texts(t, d), "\n")
	if !strings.Contains(all, "1:6(5)  dropped by lan.once") {
		t.Errorf("the wire is not in\n%s", all)
	}
	b := new(bytes.Buffer)
	if err := d.Mermaid(b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"    p0-)p1: S\n", "    p0-xp1: 1#58;6(5)  dropped by lan.once\n"} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("%q is not in\n%s", line, b)
		}
	}
}

// Each line of the wire is below the call that has brought it about.
func TestTheWireIsBelowItsCalls(t *testing.T) {
	t.Parallel()
	d := recorded(t, greeting)
	above := ""
	for _, b := range d.Boxes {
		if b.Kind == diagram.Call && d.Lifelines[b.Lifeline] == "client" {
			above, _, _ = strings.Cut(b.Text, "(")
		}
		if b.Kind == diagram.Wire && d.Lifelines[b.Lifeline] == "client" {
			want := map[string]string{"S": "connect", "1": "send", "F": "close"}[b.Text[:1]]
			if above != want {
				t.Errorf("%s is below %s, not below %s", b.Text, above, want)
			}
		}
	}
}
