package scenarios_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

// Reading makes the actions of all kinds to find out what a step of none may
// mean, and one of its kind to find out which names a step gives. It does so
// once, however many such steps a file has; each step of a kind has an action
// besides.
func TestCostOfKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line        string
		problems    int // of each line
		actionsEach int
	}{
		{"    - frobnicate: {as: x}\n", 1, 0},
		{"    - {prnt: x, note: y}\n", 1, 0},
		{"    - {as: x, to: y}\n", 1, 0},
		{"    - print: x\n", 0, 1},
		{"    - sleep: 1ms\n      note: y\n", 0, 1},
	} {
		made := func(n int) int {
			count := 0
			kinds := make(step.Kinds, 0, len(steps.Kinds()))
			for _, k := range steps.Kinds() {
				counted := *k
				counted.New = func() step.Action { count++; return k.New() }
				kinds = append(kinds, &counted)
			}
			text := "actors:\n  one:\n" + strings.Repeat(c.line, n)
			if _, problems := scenarios.ParseWith("unknown.yaml", []byte(text), scenarios.Options{Kinds: kinds}); len(problems) != n*c.problems {
				t.Fatalf("%q: %d problems, want %d: %s", c.line, len(problems), n*c.problems, problems.Report())
			}
			return count
		}
		if few, many := made(2), made(200); many-few != 198*c.actionsEach {
			t.Errorf("%q: 2 steps make %d actions, 200 steps %d", c.line, few, many)
		}
	}
}
