package runner

import (
	"errors"
	"maps"
	"slices"

	"github.com/sockscript/sockscript/runner/flows"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// mostSource is how long a document may be that a result keeps.
const mostSource = 256 << 10

// Describe returns what reports say of a scenario. Its Source is "" for a
// document of more than 256 KiB.
func Describe(s *scenarios.Scenario) history.Scenario {
	text, first := s.Node.Document()
	if len(text) > mostSource {
		text = ""
	}
	var kept *history.Capture
	if s.Capture.Given() {
		kept = &history.Capture{At: s.Capture.At, File: s.Capture.File}
	}
	return history.Scenario{
		Name: s.Name, Description: s.Description, Tags: s.Tags, At: s.Pos(), Line: s.Line(), Source: text, SourceLine: first,
		Wire: s.Wire.Given(), Capture: kept,
	}
}

// failure says why a run failed, with the step that did.
func failure(err error) *history.Failure {
	var in *step.Error
	var part *placedError
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
	if errors.As(err, &part) && part.node != nil {
		f.At = &history.Spot{Pos: part.node.Pos, Line: part.node.Line()}
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

// record is all that the run has recorded.
func (r *run) record() *history.Record {
	rec := r.recorder.Record()
	rec.Tmp = r.tmp.name
	if len(r.ports.claims) > 0 {
		rec.Ports = slices.Sorted(maps.Keys(r.ports.claims))
	}
	rec.Dynamic.Low, rec.Dynamic.High = r.network.DynamicPorts()
	rec.Hosts, rec.Unasked = r.network.Addresses(), r.peers.left
	rec.Slow = slices.ContainsFunc(r.scenario.Network.Links, func(l *network.Link) bool { return l.Impaired() || l.Named })
	rec.Epoch, rec.Shows = r.epoch, r.quiet
	rec.Frames = r.frames
	if r.hub != nil {
		rec.Meetings = r.hub.meetings
		rec.Values, rec.Raised = again(r.hub.names), again(r.hub.signals)
	}
	return &history.Record{Record: rec}
}

// doing says what all branches but one are doing.
func (r *run) doing(but *branch) []history.Doing {
	var list []history.Doing
	for _, b := range r.branches {
		if b != but {
			list = append(list, b.doing())
		}
	}
	return list
}

// outputs says what the programs wrote: one actor's after the other's, each in
// the order it started them.
func (r *run) outputs() []history.Program {
	type replica struct {
		name  string
		index int
	}
	of := make(map[replica][]program.ProgramOutput)
	for _, p := range r.programs.Outputs() {
		by := replica{p.Actor, p.Index}
		of[by] = append(of[by], p)
	}
	var list []history.Program
	for _, m := range r.members {
		for _, p := range of[replica{m.actor.Name, m.index}] {
			list = append(list, programOf(m, p))
		}
	}
	return list
}

// crossed compares what crossed the network with what the scenario says of it.
func (r *run) crossed(res *history.Result) {
	if res.Status != history.Passed || !r.scenario.Wire.Given() {
		return
	}
	if u := flows.Check(res.Record, r.scenario.Wire.List); u != nil {
		res.Status = history.Failed
		res.Failure = history.NewFailure(&placedError{u.Node, errors.New(u.Message)})
		res.Failure.At = &history.Spot{Pos: u.Node.Pos, Line: u.Node.Line()}
	}
}

// settle turns how the actors ended into the result.
func (r *run) settle(res *history.Result, err error) {
	var late errTimeout
	var lost errLost
	switch {
	case err == nil:
		res.Status = history.Passed
	case r.failure != nil:
		res.Status, res.Failure = history.Failed, r.failure
	case r.stopped == nil:
		res.Status, res.Failure = history.Failed, failure(err)
	case errors.As(r.stopped.Err, &late), errors.As(r.stopped.Err, &lost):
		res.Status, res.Failure = history.Failed, r.stopped
	default:
		res.Status, res.Failure = history.Cancelled, r.stopped
	}
}
