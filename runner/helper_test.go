package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

// patience is how long a test waits for what must come; only a failure takes
// so long.
const patience = 20 * time.Second

func scenario(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse("test.yaml", []byte(text))
	if len(list) != 1 {
		t.Fatalf("%s\nin\n%s", problems.Report(), text)
	}
	return list[0]
}

// passes runs a scenario that must pass and gives its result.
func passes(t testing.TB, text string, o runner.Options) *history.Result {
	t.Helper()
	r := runner.Run(context.Background(), scenario(t, text), o)
	if r.Status != history.Passed {
		t.Fatalf("%s\n%s", ending(r), strings.Join(transcript(r), "\n"))
	}
	if err := r.CheckOrder(); err != nil {
		t.Errorf("%s\n%s", err, strings.Join(transcript(r), "\n"))
	}
	return r
}

// fails runs a scenario that must fail and gives its failure.
func fails(t testing.TB, text string, o runner.Options) *history.Failure {
	t.Helper()
	r := runner.Run(context.Background(), scenario(t, text), o)
	if r.Status != history.Failed || r.Failure == nil {
		t.Fatalf("%s, expected a failure\n%s", r.Status, strings.Join(transcript(r), "\n"))
	}
	return r.Failure
}

// ending says how a run ended, and why.
func ending(r *history.Result) string {
	if r.Failure == nil {
		return r.Status.String() + " " + r.Reason
	}
	return r.Status.String() + " " + told(r.Failure)
}

// told is a failure as "line: actor: step: message".
func told(f *history.Failure) string {
	if f.Place == nil {
		return fmt.Sprintf("%s: %s", f.Actor, f.Err)
	}
	return fmt.Sprintf("%d: %s: %s: %s", f.Place.Pos.Line, f.Actor, f.Place.Title, f.Err)
}

// transcript is a run in causal order, a line for each event or fold.
func transcript(r *history.Result) []string { return inOrder(r, history.Causal) }

func inOrder(r *history.Result, order history.Order) []string {
	var lines []string
	for _, l := range r.Lines(order, history.Form{}) {
		text := ""
		switch {
		case l.Event != nil:
			text = r.Text(l.Event, history.Form{})
		case l.Fold != nil:
			text = fmt.Sprintf("... %d more rounds", l.Fold.Rounds)
		default:
			text = fmt.Sprintf("... %d more", l.Replicas)
		}
		lines = append(lines, l.Actor+"  "+text)
	}
	return lines
}

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// wantTranscript runs a scenario several times, which must give the same lines
// each time.
func wantTranscript(t testing.TB, text, want string) {
	t.Helper()
	lines := strings.Split(strings.Trim(want, "\n"), "\n")
	for i, l := range lines {
		actor, text, _ := strings.Cut(l, "  ")
		lines[i] = actor + "  " + strings.TrimLeft(text, " ")
	}
	for range 5 {
		wantLines(t, transcript(passes(t, text, runner.Options{})), lines...)
		if t.Failed() {
			return
		}
	}
}

func wantText(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got   %s\nwant  %s", got, want)
	}
}

// wantCause is a failure's error as one of a type.
func wantCause[E error](t testing.TB, err error) (as E) {
	t.Helper()
	if !errors.As(err, &as) {
		t.Errorf("got   %v\nwant  an error of the type %T", err, as)
	}
	return as
}

// indented moves steps, written at the margin, below the name of an actor.
func indented(steps string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(strings.Trim(steps, "\n"), "\n") {
		b.WriteString("    " + line)
	}
	return b.String() + "\n"
}

// tcp has a server and a client that are connected over TCP: conn is the
// server's end, sock the client's. Each then has steps of its own.
func tcp(server, client string) string {
	return `actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: conn
` + indented(server) + `  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
` + indented(client)
}

// handshake is what tcp prints before the steps.
const handshake = `
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
server  bind(listener, 127.0.0.1:0) = 0
server  listen(listener, 4096) = 0
client  connect(sock, 127.0.0.1:<listener>) = 0
server  accept(listener) = conn from 127.0.0.1:<sock>
`

func mustPass(tb testing.TB, s *scenarios.Scenario, o runner.Options) *history.Result {
	tb.Helper()
	r := runner.Run(context.Background(), s, o)
	if r.Status != history.Passed {
		tb.Fatalf("%s: %v", s.Name, r.Failure.Err)
	}
	return r
}

func load(tb testing.TB, text string) *scenarios.Scenario {
	tb.Helper()
	list, problems := scenarios.Parse("bench.yaml", []byte(text))
	if len(list) != 1 {
		tb.Fatal(problems.Report())
	}
	return list[0]
}
