package runner_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// leave is a step kind that ends its goroutine, as t.FailNow does.
type leave struct{ when value.Text }

func (a *leave) Params(p *step.Params) { p.Value(&a.when, "any text") }
func (a *leave) Run(*step.Task) error  { runtime.Goexit(); return nil }

// A step kind of a test may call t.FailNow. Nothing of the run is left then,
// whichever actor did it.
func TestGoexitLeavesNothing(t *testing.T) {
	checkLeaks(t)
	kinds := append(steps.Kinds(), &step.Kind{Name: "leave", Summary: "ends its goroutine", New: func() step.Action { return new(leave) }})
	slices.SortFunc(kinds, func(a, b *step.Kind) int { return strings.Compare(a.Name, b.Name) })
	for _, text := range []string{
		"actors: {a: [{socketpair: unix, as: [x, y]}, {recv: x}], b: [{socket: udp, as: s}, {leave: now}]}",
		"actors: {a: [{socket: udp, as: s}, {leave: now}], b: [{socketpair: unix, as: [x, y]}, {recv: x, timeout: 50ms}]}",
	} {
		list, problems := scenarios.ParseWith("test.yaml", []byte(text), scenarios.Options{Kinds: kinds})
		if len(list) != 1 {
			t.Fatal(problems.Report())
		}
		ended := make(chan bool)
		go func() {
			defer close(ended)
			runner.Run(t.Context(), list[0], runner.Options{})
		}()
		<-ended
	}
}
