package runner_test

import (
	"testing"

	"github.com/sockscript/sockscript/runner"
)

// A branch sees the names of the moment at which it is spawned, and keeps them.
func TestSpawnKeepsNames(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, alone(`
- for: [1, 2, 3]
  each: n
  steps:
    - spawn:
        - wait: go
        - print: ${n}
- let: {n: 9}
- signal: go
`), `
a             spawn branch
a             ... 1 more rounds
a             spawn branch
a             let n = 9
a             signal(go)
a/branch[0]   wait(go)
a/branch[1]   wait(go)
a/branch[2]   wait(go)
a/branch[0]   | 1
a/branch[1]   | 2
a/branch[2]   | 3
`)
}

// The actor ends when its branches have ended.
func TestActorWaitsForBranches(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
actors:
  a:
    - socketpair: unix
      as: [x, y]
    - spawn:
        - recv: y
          expect: hello
        - print: heard
    - send: x
      data: hello
  b:
    - print: ${c.done}
  c:
    - let: {done: true}
`, `
a         socketpair(AF_UNIX, SOCK_STREAM, 0) = x y
c         let done = true
a         spawn branch
b         | true
a         send(x, "hello", 5) = 5
a/branch  recv(y, 5) = 5 "hello"
a/branch  | heard
`)
}

// The failure of a branch is the scenario's, told where it happened.
func TestBranchFails(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	for text, want := range map[string]string{
		"- parallel:\n    x: [{sleep: 1h}]\n    y: [{assert: 1 == 2}]":                                               "5: a/y: assert(1 == 2): 1 == 2 does not hold",
		"- spawn: [{assert: 1 == 2}]\n- sleep: 1h":                                                                   "3: a/branch: assert(1 == 2): 1 == 2 does not hold",
		"- spawn: [{assert: 1 == 2}]":                                                                                "3: a/branch: assert(1 == 2): 1 == 2 does not hold",
		"- spawn: [{parallel: {x: [{assert: 1 == 2}]}}]\n  as: w\n- join: w":                                         "3: a/w/x: assert(1 == 2): 1 == 2 does not hold",
		"- parallel: {x: [{sleep: 1h, timeout: 2h}]}\n  timeout: 20ms":                                               "3: a/x: sleep(1h): timed out after 20ms (the timeout of the parallel at line 4)",
		"- repeat: 3\n  steps:\n    - parallel: {x: [{assert: 1 == 2}], y: [{print: y}]}":                            "5: a/x: assert(1 == 2): 1 == 2 does not hold",
		"- socketpair: unix\n  as: [p, q]\n- parallel: {x: [{recv: p, timeout: 10ms}], y: [{recv: q, timeout: 1h}]}": "5: a/x: recv(p): timed out after 10ms (the step's timeout): nothing has come",
	} {
		f := fails(t, "timeout: 1h\n"+alone(text), runner.Options{})
		got := told(f)
		// The head adds a line to all places.
		if len(got) < 2 || got[1:] != want[1:] || got[0] != want[0]+1 {
			t.Errorf("%s\nfails with %s\nwant %s, a line further down", text, got, want)
		}
	}
}

// Branches of parallel share names: what one sets, the actor has afterwards.
func TestParallelShares(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	passes(t, alone(`
- socketpair: unix
  as: [x, y]
- parallel:
    p:
      - let: {one: 1}
      - send: x
        data: hello
    q:
      - recv: y
        max: 100
        as: two
- assert: one == 1 && two == "hello"
`), runner.Options{})
}

// A thousand branches are ordinary.
func TestManyBranches(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := passes(t, alone(`
- repeat: 1000
  steps:
    - spawn:
        - wait: go
        - print: x
- signal: go
`), runner.Options{})
	lines := transcript(r)
	wantLines(t, lines[:3], "a  spawn branch", "a  ... 998 more rounds", "a  spawn branch")
	wantText(t, lines[len(lines)-1], "a/branch[999]  | x")
}
