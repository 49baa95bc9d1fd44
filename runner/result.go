package runner

import (
	"errors"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// What comes of a run. See package history, which can also save it and read it
// again.
type (
	Result  = history.Result
	Failure = history.Failure
	Status  = history.Status
)

// The ways a run ends.
const (
	Passed    = history.Passed
	Failed    = history.Failed
	Skipped   = history.Skipped
	Cancelled = history.Cancelled
)

// Describe is what reports say of a scenario.
func Describe(s *scenarios.Scenario) history.Scenario {
	return history.Scenario{Name: s.Name, Description: s.Description, Tags: s.Tags, At: s.Node.Pos, Line: s.Node.Line()}
}

// failure says why a run failed, with the step that did.
func failure(err error) *Failure {
	var in *step.Error
	if errors.As(err, &in) {
		err = in.Err
	}
	f := history.NewFailure(err)
	if in != nil {
		f.Place, f.Via = in.Place, in.Via
	}
	var inExpr *value.ExprError
	if f.Place != nil && errors.As(err, &inExpr) {
		f.At = &history.Spot{Pos: inExpr.Pos, Line: inExpr.Line}
	}
	var m *value.Mismatch
	if errors.As(err, &m) && m.Data {
		f.Mismatch = &history.Mismatch{Want: m.Want, Got: m.Got}
	}
	var dead *step.DeadlockError
	if errors.As(err, &dead) {
		f.Deadlock, f.Waits = true, dead.Waits
	}
	return f
}

func programOf(m *member, p program.ProgramOutput) history.Program {
	return history.Program{
		Actor: m.label(), Name: p.Name, Status: p.Status, Stdout: p.Stdout, Stderr: p.Stderr,
		StdoutBefore: p.StdoutBefore, StderrBefore: p.StderrBefore,
	}
}
