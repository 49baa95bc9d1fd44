package steps_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/runner/history/tcpstate"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

// one is the text of a scenario with one actor that has these steps.
func one(steps string) string {
	return "actors:\n  one:\n" + indented(steps)
}

// indented moves steps, written at the margin, below the name of an actor.
func indented(steps string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(strings.Trim(steps, "\n"), "\n") {
		b.WriteString("    " + line)
	}
	return b.String() + "\n"
}

// pair is a scenario with one actor that has two connected stream sockets, a
// and b, and then these steps.
func pair(steps string) string { return socketpair("unix", steps) }

func socketpair(kind, steps string) string {
	return one("- socketpair: " + kind + "\n  as: [a, b]\n" + strings.Trim(steps, "\n"))
}

func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse("test.yaml", []byte(text))
	if len(list) != 1 {
		t.Fatalf("%s\nin\n%s", problems.Report(), text)
	}
	return list[0]
}

// passes runs a scenario that must pass and gives its transcript, a line for
// each event. Where it says nothing of limits, a busy machine has longer than a
// person would wait.
func passes(t testing.TB, text string) []string {
	t.Helper()
	return passesWith(t, text, runner.Options{})
}

func passesWith(t testing.TB, text string, o runner.Options) []string {
	t.Helper()
	s := parse(t, text)
	if s.StepTimeout == scenarios.DefaultStepTimeout {
		s.StepTimeout = time.Minute
	}
	if s.Timeout == scenarios.DefaultTimeout {
		s.Timeout = 5 * time.Minute
	}
	r := runner.Run(context.Background(), s, o)
	if r.Status != history.Passed {
		t.Fatalf("%s: %v\n%s", r.Status, reason(r), strings.Join(transcript(r), "\n"))
	}
	checkOrder(t, r)
	return transcript(r)
}

// checkOrder compares the transcript with what is known of its causes.
func checkOrder(t testing.TB, r *history.Result) {
	t.Helper()
	if err := r.CheckOrder(); err != nil {
		t.Errorf("%s\n%s", err, strings.Join(transcript(r), "\n"))
	}
}

// checkStates compares the TCP states that are derived from a run with those
// that the kernel told its state steps.
func checkStates(t testing.TB, r *history.Result) {
	t.Helper()
	for _, c := range tcpstate.Of(r.Record).Contrary() {
		t.Errorf("the derived state is %s, and the kernel said %s\n%s", c.Derived, c.Told, strings.Join(transcript(r), "\n"))
	}
}

func reason(r *history.Result) string {
	switch {
	case r.Failure == nil:
		return r.Reason
	case r.Failure.Place == nil:
		return r.Failure.Err.Error()
	}
	return fmt.Sprintf("%s: %s: %s", r.Failure.Place.Pos, r.Failure.Place.Title, r.Failure.Err)
}

// fails runs a scenario that must fail and gives its failure.
func fails(t testing.TB, text string) (*history.Failure, []string) {
	t.Helper()
	r := runner.Run(context.Background(), parse(t, text), runner.Options{})
	if r.Status != history.Failed {
		t.Fatalf("%s, expected a failure\n%s", r.Status, strings.Join(transcript(r), "\n"))
	}
	return r.Failure, transcript(r)
}

// timesOut runs a scenario in which a step must run out of time, TIME in the
// text, and compares the message. By then a program has done something. A slow
// machine needs more time for that: while the message is another one, the step
// has twice as long.
func timesOut(t testing.TB, text, want string) {
	t.Helper()
	var got string
	for limit := time.Second; limit < time.Minute; limit *= 2 {
		within := strings.NewReplacer("TIME", limit.String())
		f, _ := fails(t, within.Replace(text))
		if got = f.Err.Error(); got == within.Replace(want) {
			return
		}
	}
	t.Errorf("got   %s\nwant  %s", got, want)
}

// transcript is what a run's actors did in causal order; an actor's name
// stands only where there are several actors.
func transcript(r *history.Result) []string {
	var lines []string
	several := slices.ContainsFunc(r.Branches, func(b *record.Branch) bool { return b.Place > 0 })
	for _, l := range r.Lines(history.Causal, history.Form{}) {
		text := "..."
		if l.Event != nil {
			text = r.Text(l.Event, history.Form{})
		}
		if several {
			text = l.Actor + " " + text
		}
		lines = append(lines, text)
	}
	return lines
}

// findings are the problems of a file, as "line:column: message; hint", and
// "warning: " before the message of a warning.
func findings(text string) []string {
	_, problems := scenarios.Parse("test.yaml", []byte(text))
	return parsetest.Findings(problems)
}

// wantText compares two texts.
func wantText(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got   %s\nwant  %s", got, want)
	}
}
