package runner_test

import (
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

func TestOrderOfMeetings(t *testing.T) {
	checkLeaks(t)
	wantTranscript(t, `
actors:
  a:
    - barrier: start
    - print: a1
    - barrier: start
    - print: a2
  b:
    - print: b1
    - print: b2
    - barrier: start
    - let: {n: 5}
    - print: b3
    - signal: go
    - barrier: start
  c:
    - barrier: start
    - wait: go
    - print: ${b.n}
    - barrier: start
`, `
b  | b1
b  | b2
a  barrier(start)
b  barrier(start)
c  barrier(start)
a  | a1
b  let n = 5
b  | b3
b  signal(go)
c  wait(go)
c  | 5
a  barrier(start)
b  barrier(start)
c  barrier(start)
a  | a2
`)
}

// A name that is given again comes from its first giving, whatever the reader
// came to see.
func TestOrderOfReferences(t *testing.T) {
	checkLeaks(t)
	wantTranscript(t, `
actors:
  a:
    - print: ${b.n}
    - print: ${b.n}
  b:
    - print: b1
    - let: {n: 5}
    - print: b2
`, `
b  | b1
b  let n = 5
a  | 5
b  | b2
a  | 5
`)
}

// Branches come after the step that starts them, and what follows a parallel
// step after all of them.
func TestOrderOfBranches(t *testing.T) {
	checkLeaks(t)
	wantTranscript(t, `
actors:
  one:
    - print: before
    - parallel:
        long:
          - print: l1
          - print: l2
          - print: l3
        short:
          - print: s1
    - print: between
    - spawn:
        - print: b1
        - print: b2
      as: helper
    - print: beside
    - join: helper
    - print: after
`, `
one         | before
one/long    | l1
one/short   | s1
one/long    | l2
one/long    | l3
one         | between
one         spawn helper
one         | beside
one/helper  | b1
one/helper  | b2
one         join(helper)
one         | after
`)
}

// The orders by time and by actor hold the same lines as the causal one.
func TestOtherOrders(t *testing.T) {
	checkLeaks(t)
	r := passes(t, "actors:\n  a: [{wait: go}, {print: a}]\n  b: [{print: b}, {signal: go}]\n", runner.Options{})
	wantLines(t, inOrder(r, history.ByActor), "a  wait(go)", "a  | a", "b  | b", "b  signal(go)")
	wantLines(t, inOrder(r, history.Causal), "b  | b", "b  signal(go)", "a  wait(go)", "a  | a")
	byTime := r.Lines(history.Time, history.Form{})
	if len(byTime) != 4 {
		t.Fatalf("%d lines", len(byTime))
	}
	for i, l := range byTime[1:] {
		if l.Event.Start < byTime[i].Event.Start {
			t.Errorf("line %d starts at %s, the one before at %s", i+1, l.Event.Start, byTime[i].Event.Start)
		}
	}
}
