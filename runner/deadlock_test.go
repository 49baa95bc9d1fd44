package runner_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// busy is an actor that is in a system call for as long as the scenario lasts,
// and could still give what others do not wait for.
const busy = `
  busy:
    - socketpair: unix
      as: [x, y]
    - recv: x
      timeout: 1h
    - signal: unrelated
    - close: y
`

// deadlocks are scenarios in which some actors wait in vain, each with what the
// first of them is reported, and who waits for what. Where an actor has ended,
// each wait for it is in vain by itself: who has come to wait by then depends
// on the run.
var deadlocks = []struct {
	name  string
	text  string
	msg   string
	waits []string
}{
	{
		"a cycle of signals", `
  a: [{wait: y, timeout: 1h}, {signal: x}]
  b: [{wait: x, timeout: 1h}, {signal: y}]
`, "a: wait(y): deadlock: each of these waits for another, and none can go on",
		[]string{"a waits for the signal y (test.yaml:3)", "b waits for the signal x (test.yaml:4)"},
	},
	{
		"a cycle of three", `
  a: [{wait: z, timeout: 1h}, {signal: x}]
  b: [{wait: x, timeout: 1h}, {signal: y}]
  c: [{wait: y, timeout: 1h}, {signal: z}]
`, "a: wait(z): deadlock: each of these waits for another, and none can go on",
		[]string{"a waits for the signal z (test.yaml:3)", "b waits for the signal x (test.yaml:4)", "c waits for the signal y (test.yaml:5)"},
	},
	{
		"a cycle of references", `
  a: [{let: {x: '${b.y}'}, timeout: 1h}, {print: '${x}'}]
  b: [{let: {y: '${a.x}'}, timeout: 1h}, {print: '${y}'}]
`, "a: let: deadlock: each of these waits for another, and none can go on",
		[]string{"a waits for b.y (test.yaml:3)", "b waits for a.x (test.yaml:4)"},
	},
	{
		"a wait for what comes after it", `
  a: [{wait: x, timeout: 1h}, {signal: x}]
`, "a: wait(x): deadlock: each of these waits for another, and none can go on",
		[]string{"a waits for the signal x (test.yaml:3)"},
	},
	{
		"a signal that is passed over", `
  a: [{wait: x, timeout: 1h}]
  b: [{signal: x, when: index > 0}]
`, "a: wait(x): waits for the signal x, but b has ended without giving it",
		[]string{"a waits for the signal x (test.yaml:3)"},
	},
	{
		"a barrier that an actor leaves out", `
  a: [{barrier: x, timeout: 1h}]
  b: [{barrier: x, when: index > 0}]
`, "a: barrier(x): waits at the barrier x, but b has ended without coming",
		[]string{"a waits for the barrier x (test.yaml:3)"},
	},
	{
		"a barrier of a second round", `
  a: [{repeat: 2, steps: [{barrier: x, timeout: 1h}]}]
  b: [{barrier: x, timeout: 1h}]
`, "a: barrier(x): waits at the barrier x, but b has ended without coming",
		[]string{"a waits for the barrier x (test.yaml:3)"},
	},
	{
		"a barrier with a size", `
  a: [{barrier: x, size: 2, timeout: 1h}]
  b: [{barrier: x, size: 2, when: index > 0}]
`, "a: barrier(x): waits at the barrier x with size 2, but nobody else can come",
		[]string{"a waits for the barrier x (test.yaml:3)"},
	},
	{
		"an actor in the background before another", `
  a: {background: true, steps: [{wait: y, timeout: 1h}, {signal: x}]}
  b: [{wait: x, timeout: 1h}, {signal: y}]
`, "b: wait(x): deadlock: each of these waits for another, and none can go on",
		[]string{"b waits for the signal x (test.yaml:4)", "a waits for the signal y (test.yaml:3)"},
	},
	{
		"two barriers in opposite order", `
  a: [{barrier: x, timeout: 1h}, {barrier: y, timeout: 1h}]
  b: [{barrier: y, timeout: 1h}, {barrier: x, timeout: 1h}]
`, "a: barrier(x): deadlock: each of these waits for another, and none can go on",
		[]string{"a waits for the barrier x (test.yaml:3)", "b waits for the barrier y (test.yaml:4)"},
	},
	{
		"a reference to an actor that ends", `
  a: [{print: '${b.x}', timeout: 1h}]
  b: [{let: {x: 1}, when: index > 0}]
`, "a: print(${b.x}): waits for b.x, but b has ended without giving it",
		[]string{"a waits for b.x (test.yaml:3)"},
	},
	{
		"a listener that never listens", `
  a: [{socket: tcp, as: s}, {connect: s, to: b.l, timeout: 1h}]
  b: [{socket: tcp, as: l}, {close: l}]
`, "a: connect(s): waits for b.l, but b has ended without giving it",
		[]string{"a waits for b.l (test.yaml:3)"},
	},
	{
		"a replica that ends", `
  a: {count: 3, steps: [{barrier: x, when: index != 1, timeout: 1h}]}
`, "a[0]: barrier(x): waits at the barrier x, but a[1] has ended without coming",
		[]string{"a[0] waits for the barrier x (test.yaml:3)", "a[2] waits for the barrier x (test.yaml:3)"},
	},
	{
		"a chain behind an actor that ends", `
  a: [{wait: x, timeout: 1h}, {signal: y}]
  b: [{wait: y, timeout: 1h}]
  c: [{signal: x, when: index > 0}]
`, "a: wait(x): waits for the signal x, but c has ended without giving it",
		[]string{"a waits for the signal x (test.yaml:3)", "b waits for the signal y (test.yaml:4)"},
	},
	{
		"a barrier and a signal", `
  a: [{barrier: x, timeout: 1h}, {signal: go}]
  b: [{wait: go, timeout: 1h}, {barrier: x, timeout: 1h}]
`, "a: barrier(x): deadlock: each of these waits for another, and none can go on",
		[]string{"a waits for the barrier x (test.yaml:3)", "b waits for the signal go (test.yaml:4)"},
	},
	{
		"a barrier that one has left out, and one still has to come", `
  a: [{socketpair: unix, as: [x, y]}, {recv: x, timeout: 1h}, {barrier: x}, {close: y}]
  b: [{wait: gone}, {sleep: 20ms}, {barrier: x, timeout: 1h}]
  c: [{signal: gone}, {barrier: x, when: index > 0}]
`, "b: barrier(x): waits at the barrier x, but c has ended without coming",
		[]string{"b waits for the barrier x (test.yaml:4)"},
	},
	{
		"two at different barriers, and one still has to come", `
  a: [{socketpair: unix, as: [x, y]}, {recv: x, timeout: 1h}, {barrier: x}, {close: y}]
  b: [{sleep: 20ms}, {barrier: x, timeout: 1h}, {barrier: y}]
  c: [{barrier: y, timeout: 1h}, {barrier: x}]
`, "b: barrier(x): deadlock: each of these waits for another, and none can go on",
		[]string{"b waits for the barrier x (test.yaml:4)", "c waits for the barrier y (test.yaml:5)"},
	},
	{
		"branches that wait for each other", `
  a:
    - parallel:
        p: [{wait: y, timeout: 1h}, {signal: x}]
        q: [{wait: x, timeout: 1h}, {signal: y}]
`, "a/p: wait(y): deadlock: each of these waits for another, and none can go on",
		[]string{"a/p waits for the signal y (test.yaml:5)", "a/q waits for the signal x (test.yaml:6)"},
	},
	{
		"a branch that the actor waits for", `
  a:
    - spawn: [{wait: x, timeout: 1h}]
      as: w
    - join: w
      timeout: 1h
    - signal: x
`, "a/w: wait(x): deadlock: each of these waits for another, and none can go on",
		[]string{"a/w waits for the signal x (test.yaml:4)"},
	},
	{
		"a branch at the actor's end", `
  a:
    - spawn: [{wait: x, timeout: 1h}]
  b: [{signal: x, when: index > 0}]
`, "a/branch: wait(x): waits for the signal x, but b has ended without giving it",
		[]string{"a/branch waits for the signal x (test.yaml:4)"},
	},
}

// A deadlock fails the scenario at once and says who waits for what, also
// while another actor is in a system call.
func TestDeadlocks(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, test := range deadlocks {
		for _, others := range []string{"", busy} {
			name := test.name
			if others != "" {
				name += ", beside a busy actor"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				start := time.Now()
				f := fails(t, "timeout: 1h\nactors:"+test.text+strings.TrimPrefix(others, "\n"), runner.Options{Timeout: patience})
				if took := time.Since(start); took > patience/2 {
					t.Errorf("it took %s", took)
				}
				if f.Place == nil {
					t.Fatal(f.Err)
				}
				d := wantCause[*step.DeadlockError](t, f.Err)
				if d == nil {
					return
				}
				waits := test.waits
				got := fmt.Sprintf("%s: %s: %s", f.Actor, f.Place.Title, f.Err)
				if strings.Contains(test.msg, "has ended") {
					// Any of those who wait may be the first to find it out.
					got = strings.Replace(got, "a[2]", "a[0]", 1)
					waits = slices.DeleteFunc(slices.Clone(waits), func(w string) bool { return !slices.Contains(d.Waits, w) })
				}
				wantText(t, got, test.msg)
				if len(d.Waits) == 0 {
					t.Error("nobody waits")
				}
				wantLines(t, d.Waits, waits...)
			})
		}
	}
}

// No deadlock: somebody can still end each wait.
func TestNoDeadlock(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for _, text := range []string{
		// The giver waits itself, for one that runs.
		"actors:\n  a: [{wait: x}]\n  b: [{wait: y}, {signal: x}]\n  c: [{sleep: 5ms}, {signal: y}]\n",
		// One branch waits for the other.
		"actors:\n  a:\n    - parallel:\n        p: [{wait: x}]\n        q: [{sleep: 5ms}, {signal: x}]\n",
		// The main line waits for what its branch gives, and the other way
		// round.
		"actors:\n  a:\n    - spawn: [{wait: go}, {signal: done}]\n    - signal: go\n    - wait: done\n",
		// A signal stays up after its giver has ended.
		"actors:\n  a: [{signal: x}]\n  b: [{sleep: 5ms}, {wait: x}, {wait: x}]\n",
		// A barrier is used round after round.
		"actors:\n  a: [{repeat: 50, steps: [{barrier: x}]}]\n  b: [{repeat: 50, steps: [{barrier: x}]}]\n  c: {count: 5, steps: [{repeat: 50, steps: [{barrier: x}]}]}\n",
		// The name of a signal is known to the run only.
		"actors:\n  a: [{wait: go1}]\n  b: [{let: {n: 1}}, {sleep: 5ms}, {signal: 'go${n}'}]\n",
		// A replica reads a name of another replica of its own actor.
		"actors:\n  a:\n    count: 4\n    steps:\n      - {let: {x: 0}, when: index == 0}\n      - {let: {x: '${a[index - 1].x + 1}'}, when: index > 0}\n      - assert: x == index\n",
		// A name is there before its actor ends, and after.
		"actors:\n  a: [{let: {x: 1}}]\n  b: [{sleep: 5ms}, {print: '${a.x}'}]\n",
		// In a procedure, too.
		"procedures:\n  give: {params: [name], steps: [{signal: 'go-${name}'}]}\nactors:\n  a: [{wait: go-x}]\n  b: [{sleep: 5ms}, {do: give, with: {name: x}}]\n",
	} {
		passes(t, text, runner.Options{})
	}
}

// What a busy actor could still give is waited for, up to the step's timeout.
func TestWaitForBusyActor(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	f := fails(t, "actors:\n  a: [{wait: unrelated, timeout: 30ms}]"+busy, runner.Options{})
	wantText(t, told(f), "2: a: wait(unrelated): timed out after 30ms (the step's timeout): still waiting for the signal unrelated")
	f = fails(t, "actors:\n  a: [{print: '${busy.n}', timeout: 30ms}]"+strings.Replace(busy, "signal: unrelated", "let: {n: 1}", 1), runner.Options{})
	wantText(t, told(f), "2: a: print(${busy.n}): timed out after 30ms (the step's timeout): still waiting for busy.n")
	f = fails(t, "actors:\n  a: [{barrier: unrelated, timeout: 30ms}]"+strings.Replace(busy, "signal: unrelated", "barrier: unrelated", 1), runner.Options{})
	wantText(t, told(f), "2: a: barrier(unrelated): timed out after 30ms (the step's timeout): still waiting for the barrier unrelated")
}

// Many replicas meet at a barrier without being searched one by one.
func TestBarrierOfMany(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	count := strconv.Itoa(ci.Runs(500, 2000))
	passes(t, "timeout: 1m\nactors:\n  a: {count: "+count+", steps: [{barrier: x, timeout: 1m}, {barrier: x, timeout: 1m}]}\n  b: [{wait: go, timeout: 1m}]\n  c: [{sleep: 1ms}, {signal: go}]\n", runner.Options{})
}
