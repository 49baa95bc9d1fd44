package steps

import (
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var blockedKind = step.Kind{
	Name:    "blocked",
	Summary: "check that a spawned branch stays inside a call",
	Text: `The step ends when the branch has been in the same call for the time in stays.
After that, another step can end the call: it sends a byte, say, or closes the
other side. join then waits for the result of the call.`,
	Example: joinKind.Example,
	New:     func() step.Action { return new(blockedAction) },
}

type blockedAction struct {
	branch branchRef
	stays  value.Duration
}

// defaultStays is long against the time that any call takes that does not
// block.
const defaultStays = 20 * time.Millisecond

func (a *blockedAction) Params(p *step.Params) {
	p.Value(&a.branch, "the name of the branch, from as: of its spawn step")
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
