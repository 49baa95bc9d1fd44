package steps

import (
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var blockedKind = step.Kind{
	Name:    "blocked",
	Summary: "hold that a spawned branch stays inside a call",
	Text: `Holds once the branch has been in one and the same call for the time that
stays gives. Then something else may happen, a byte arrive or the other side
close, and join waits for what the call gives.`,
	Example: joinKind.Example,
	New:     func() step.Action { return new(blockedAction) },
}

type blockedAction struct {
	branch BranchRef
	stays  value.Duration
}

// defaultStays is long against the time that any call takes that does not block.
const defaultStays = 20 * time.Millisecond

func (a *blockedAction) Params(p *step.Params) {
	p.Value(&a.branch, "the branch, as its spawn step named it")
	p.Key("stays", &a.stays, "how long it must stay there").Or("20ms")
}

func (a *blockedAction) Run(t *step.Task) error {
	s, err := a.branch.find(t)
	if err != nil {
		return err
	}
	stays, err := a.stays.Eval(t)
	if err != nil {
		return err
	}
	if !a.stays.Given() {
		stays = defaultStays
	}
	t.Call("blocked", event.Const(s.Name))
	call, branch, err := s.Branch.Blocked(stays, t.Deadline)
	if err != nil {
		return err
	}
	t.Event.Op, t.Event.Holds = event.OpBlocked, branch
	t.Return(event.Const("in " + call))
	return nil
}

func (a *blockedAction) Check(c *step.Check) { a.branch.check(c, false) }
