package runner_test

import (
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

func TestOrderOfMeetings(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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

// What comes after branches comes after all of them, also where no event is
// between: another parallel, a branch of a branch, a barrier, a signal of one
// whose last step was not taken.
func TestOrderAfterBranches(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	const busy = "[{print: 1}, {print: 2}, {print: 3}]"
	for _, test := range []struct{ name, text, want string }{
		{"a parallel after a parallel", `
  a:
    - parallel: {x: ` + busy + `, y: [{print: 4}]}
    - parallel: {z: [{print: 5}], empty: []}
    - parallel: {empty: []}
    - print: 6
`, `
a/x  | 1
a/y  | 4
a/x  | 2
a/x  | 3
a/z  | 5
a    | 6
`},
		{"a join of a branch that ends with a parallel", `
  a:
    - spawn: [{parallel: {x: ` + busy + `}}]
      as: s
    - join: s
`, `
a      spawn s
a/s/x  | 1
a/s/x  | 2
a/s/x  | 3
a      join(s)
`},
		{"a barrier after a parallel", `
  a: [{barrier: all}, {print: after}]
  b: [{parallel: {x: ` + busy + `}}, {barrier: all}]
`, `
b/x  | 1
b/x  | 2
b/x  | 3
a    barrier(all)
b    barrier(all)
a    | after
`},
		{"a branch that has read a name and made no event", `
  a:
    - parallel: {x: [{if: '${b.done}', then: []}]}
    - print: after
  b: [{print: 1}, {print: 2}, {let: {done: true}}]
`, `
b  | 1
b  | 2
b  let done = true
a  | after
`},
		{"a barrier of one who has read a name and made no event", `
  a: [{if: '${c.done}', then: []}, {barrier: all}]
  b: [{barrier: all}, {print: after}]
  c: [{print: 1}, {print: 2}, {let: {done: true}}]
`, `
c  | 1
c  | 2
c  let done = true
a  barrier(all)
b  barrier(all)
b  | after
`},
	} {
		t.Run(test.name, func(t *testing.T) { wantTranscript(t, "\nactors:"+test.text, test.want) })
	}
}

// A barrier with a size counts those who come from the start once it has
// opened.
func TestBarrierOfSizeOpensAgain(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `actors:
  a:
    - barrier: both
      size: 2
    - barrier: both
      size: 2
    - print: after both
  b:
    - barrier: both
      size: 2
    - print: between
    - print: them
    - barrier: both
      size: 2
`, `
a  barrier(both)
b  barrier(both)
b  | between
b  | them
a  barrier(both)
b  barrier(both)
a  | after both
`)
}

// A replica that names its actor without an index means itself.
func TestReplicaNamesItself(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `actors:
  w:
    count: 2
    steps:
      - let: {n: "${index + 5}"}
      - print: ${w.n} ${w[0].n}
`, `
w[0]  let n = 5
w[1]  let n = 6
w[0]  | 5 5
w[1]  | 6 5
`)
}
