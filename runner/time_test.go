package runner_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
)

// A step's call begins once the names of other actors that it reads have their
// values: the wait for them is not part of it.
func TestCallBeginsAfterReferences(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, test := range []struct{ call, steps string }{
		{"print", "[{print: '${giver.n}'}]"},
		{"let", "[{let: {m: '${giver.n}'}}, {assert: m == 5}]"},
		{"assert", "[{assert: giver.n == 5}]"},
		{"sleep", "[{sleep: '${giver.n}ns'}]"},
		{"exec", "[{exec: [\"true\", '${giver.n}']}]"},
		{"send", "[{socketpair: unix, as: [a, b]}, {send: a, data: '${giver.n}'}]"},
		{"recv", "[{socketpair: unix, as: [a, b]}, {send: b, data: 'n5'}, {recv: a, expect: 'n${giver.n}'}]"},
		{"connect", "[{socket: udp, as: s}, {connect: s, to: '127.0.0.1:${giver.n}'}]"},
		{"connect", "[{socket: udp, as: s}, {connect: s, to: '127.0.0.1:9', retry: '${giver.n}ns'}]"},
		{"listen", "[{socket: unix, as: s}, {bind: s, to: 'unix:${tmp}/s'}, {listen: s, backlog: '${giver.n}'}]"},
		{"poll", "[{socketpair: unix, as: [a, b]}, {poll: a, events: in, within: '${giver.n}ns'}]"},
		{"wait", "[{signal: s5}, {wait: 's${giver.n}'}]"},
		{"blocked", "[{socketpair: unix, as: [a, b]}, {spawn: [{recv: a}], as: r}, {blocked: r, stays: '${giver.n}ns'}, {send: b, data: x}]"},
	} {
		r := passes(t, "actors:\n  reader: "+test.steps+"\n  giver: [{sleep: 1ms}, {let: {n: 5}}]\n", runner.Options{})
		given := eventOf(t, r, "giver", "let")
		if called := eventOf(t, r, "reader", test.call); called.Start < given.End {
			t.Errorf("%s: the call began at %s, the name had its value at %s", test.steps, called.Start, given.End)
		}
	}
}

// eventOf is the only event of an actor with a call.
func eventOf(t testing.TB, r *history.Result, actor, call string) *event.Event {
	t.Helper()
	var found *event.Event
	for _, l := range r.Lines(history.Causal, history.Form{}) {
		if l.Event == nil || l.Event.Call != call || l.Actor != actor {
			continue
		}
		if found == nil || call == "send" {
			found = l.Event
		}
	}
	if found == nil {
		t.Fatalf("%s has made no call %s:\n%s", actor, call, strings.Join(transcript(r), "\n"))
	}
	return found
}

// The time that a step may take counts from its call, and so does that of a
// step with steps of its own, once its parameters have their values.
func TestTookCountsFromTheCall(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, step := range []string{
		"{print: '${giver.n}', expect: {took: <1ns}}",
		"{do: show, with: {x: '${giver.n}'}, expect: {took: <1ns}}",
		"{repeat: '${giver.n}', steps: [{print: x}], expect: {took: <1ns}}",
		"{for: '${[giver.n]}', each: x, steps: [{print: x}], expect: {took: <1ns}}",
	} {
		r := runner.Run(context.Background(), scenario(t, "procedures:\n  show: {params: [x], steps: [{print: '${x}'}]}\n"+
			"actors:\n  other: [{do: show, with: {x: 1}}]\n  reader: ["+step+"]\n  giver: [{sleep: 1ms}, {let: {n: 1}}]\n"), runner.Options{})
		if r.Failure == nil {
			t.Fatalf("%s: %s", step, ending(r))
		}
		said := regexp.MustCompile(`it took (\S+)$`).FindStringSubmatch(r.Failure.Err.Error())
		if said == nil {
			t.Fatalf("%s: %s", step, r.Failure.Err)
		}
		took, err := time.ParseDuration(said[1])
		given := eventOf(t, r, "giver", "let")
		// What is reported is rounded to a tenth of a millisecond.
		if most := r.Elapsed - given.End + time.Millisecond/20; err != nil || took > most {
			t.Errorf("%s: it took %s, but the name had its value only %s before the end", step, took, most)
		}
	}
}

// Folded rounds have their time, and with it their place in the order by time:
// after the first round, before the last, and before what came after them.
func TestTimeOfFolds(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := passes(t, `
actors:
  one:
    - print: before
    - repeat: 5
      steps:
        - print: x
    - repeat: 3
      steps:
        - repeat: 4
          steps:
            - print: y
    - signal: done
  two:
    - wait: done
    - print: after
`, runner.Options{})
	var lines []string
	last := time.Duration(-1)
	for _, l := range r.Lines(history.Time, history.Form{}) {
		if l.Start() < last {
			t.Errorf("a line of %s has the time %s after %s", l.Actor, l.Start(), last)
		}
		last = l.Start()
		if l.Fold != nil && (l.Fold.Start <= 0 || l.Fold.End < l.Fold.Start) {
			t.Errorf("a fold lasts from %s to %s", l.Fold.Start, l.Fold.End)
		}
	}
	for _, line := range inOrder(r, history.Time) {
		if line != "two  wait(done)" { // whose call may be made at any moment
			lines = append(lines, line)
		}
	}
	wantLines(t, lines, "one  | before", "one  | x", "one  ... 3 more rounds", "one  | x",
		"one  | y", "one  ... 2 more rounds", "one  | y", "one  ... 1 more rounds",
		"one  | y", "one  ... 2 more rounds", "one  | y", "one  signal(done)", "two  | after")
}
