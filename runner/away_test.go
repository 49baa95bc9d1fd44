package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// aways are the ways in which an actor can be away from its own line of steps,
// each ending only once the other actor has come to its wait: that has given
// the signal ready. GIVE is what the other waits for.
var aways = []struct{ name, steps string }{
	{"join", `
- spawn: [{wait: ready}]
  as: branch
- join: branch
- GIVE
`},
	{"join of a branch that joins", `
- spawn:
    - spawn: [{wait: ready}]
      as: inner
    - join: inner
  as: branch
- join: branch
- GIVE
`},
	{"join by a branch", `
- spawn: [{wait: ready}]
  as: branch
- parallel:
    one: [{join: branch}]
- GIVE
`},
	{"parallel", `
- parallel:
    one: [{wait: ready}]
    two: [{wait: ready}]
- GIVE
`},
	{"the end of a branch with a branch", `
- spawn:
    - spawn: [{wait: ready}]
  as: branch
- join: branch
- GIVE
`},
	{"the end of the actor", `
- spawn:
    - wait: ready
    - GIVE
`},
	{"the end of the actor, in the second of two branches", `
- spawn: [{wait: ready}]
  as: first
- spawn:
    - join: first
    - GIVE
`},
	{"do", `
- do: pause
- GIVE
`},
	{"blocked", `
- socketpair: unix
  as: [a, b]
- spawn: [{recv: a, size: 1}]
  as: branch
- wait: ready
- blocked: branch
  stays: 1ms
- send: b
  data: x
- join: branch
- GIVE
`},
	{"exec", `
- wait: ready
- exec: ["true"]
- GIVE
`},
	{"join of a program", `
- wait: ready
- start: ["true"]
  as: program
- join: program
- GIVE
`},
	{"a program that gets ready", `
- socket: tcp
  as: served
- listen: served
- wait: ready
- start: [sleep, "60"]
  as: program
  ready: {connect: "${served}"}
- kill: program
- join: program
- GIVE
`},
}

// gifts are what one actor waits for and another gives.
var gifts = []struct{ name, wait, give, count string }{
	{"a signal", "{wait: go}", "signal: go", ""},
	{"a name", "{assert: away.n == 5}", "let: {n: 5}", ""},
	{"a barrier", "{barrier: all}", "barrier: all", ""},
	{"a replica's name", "{assert: 'away[1].n == 5'}", "let: {n: 5}", "    count: 2\n"},
}

// An actor that is away comes back: whoever waits for what it gives then does
// not wait in vain, not even in the moment in which its branch ends.
func TestAwayIsNotEnded(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	runs := ci.Runs(2, 40)
	for _, away := range aways {
		for _, gift := range gifts {
			t.Run(away.name+", for "+gift.name, func(t *testing.T) {
				t.Parallel()
				steps := strings.TrimSpace(strings.ReplaceAll(away.steps, "GIVE", gift.give))
				text := "procedures:\n  pause: [{spawn: [{wait: ready}], as: inner}, {join: inner}]\nactors:\n  away:\n" +
					gift.count + "    steps:\n" + indented(steps) +
					"  other: [{signal: ready}, " + gift.wait + "]\n"
				for range runs {
					passes(t, text, runner.Options{})
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

// The number of a round is there for others also where no round has an event:
// it comes after what the loop came after.
func TestNamesOfRoundsWithoutEvents(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, test := range []struct{ name, text, want string }{
		{"rounds without steps", `
  a: [{print: 1}, {print: 2}, {repeat: {while: b.go}, index: i, steps: []}]
  b: [{let: {go: true}}, {print: '${a.i >= 0}'}, {let: {go: false}}]
`, `
a  | 1
b  let go = true
a  | 2
b  | true
b  let go = false
`},
		{"rounds after branches", `
  a: [{parallel: {x: [{print: 1}, {print: 2}]}}, {repeat: {while: b.go}, index: i, steps: []}]
  b: [{let: {go: true}}, {print: '${a.i >= 0}'}, {let: {go: false}}]
`, `
a/x  | 1
b    let go = true
a/x  | 2
b    | true
b    let go = false
`},
		{"items without steps", `
  a: [{for: [1, 2], each: item, steps: [{if: 'false', then: [{print: never}]}]}, {repeat: {while: b.go}, steps: []}]
  b: [{let: {go: true}}, {print: '${a.item > 0}'}, {let: {go: false}}]
`, `
b  let go = true
b  | true
b  let go = false
`},
	} {
		t.Run(test.name, func(t *testing.T) { wantTranscript(t, "\nactors:"+test.text, test.want) })
	}
	r := runner.Run(t.Context(), scenario(t, `
actors:
  a: [{repeat: 3, index: i, steps: [{parallel: {x: [{wait: read}]}}]}]
  b: [{print: '${a.i}'}, {signal: read}]
`), runner.Options{})
	if r.Failure == nil || !strings.Contains(r.Failure.Message, "deadlock") {
		t.Errorf("the run with a wait in the round ended with %s", ending(r))
	}
}
