package scenarios_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

// Reading makes the actions of all kinds to find out what a step of none may
// mean. It does so once, however many such steps a file has.
func TestUnknownKindsCost(t *testing.T) {
	for _, line := range []string{"    - frobnicate: {as: x}\n", "    - {prnt: x, note: y}\n", "    - {as: x, to: y}\n"} {
		made := func(n int) int {
			count := 0
			kinds := make(step.Kinds, 0, len(steps.Kinds()))
			for _, k := range steps.Kinds() {
				counted := *k
				counted.New = func() step.Action { count++; return k.New() }
				kinds = append(kinds, &counted)
			}
			text := "actors:\n  one:\n" + strings.Repeat(line, n)
			if _, problems := scenarios.ParseWith("unknown.yaml", []byte(text), scenarios.Options{Kinds: kinds}); len(problems) != n {
				t.Fatalf("%d problems, want %d", len(problems), n)
			}
			return count
		}
		if few, many := made(2), made(200); few != many {
			t.Errorf("%q: 2 steps make %d actions, 200 steps %d", line, few, many)
		}
	}
}
