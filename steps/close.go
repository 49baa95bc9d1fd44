package steps

import (
	"context"

	"github.com/sockscript/sockscript/steps/sock"
)

var closeKind = Kind{
	Name:    "close",
	Summary: "close one handle or several",
	Text: `What an actor leaves open stays open until the scenario ends, so that a
peer sees the end of file only where the script says close. See close(2).`,
	Example: socketpairKind.Example,
	New:     func() Action { return new(closeAction) },
}

type closeAction struct{ handles HandleList }

func (a *closeAction) Params(p *Params) {
	p.Value(&a.handles, "the handle, or a list of handles that are closed in this order")
}

func (a *closeAction) Run(t *Task) error {
	for i, r := range a.handles.Refs {
		if i > 0 {
			t.Next()
		}
		h, err := r.Open(t)
		if err != nil {
			return err
		}
		t.Call("close", Name(h.Name))
		if err := h.close(sock.Wait{Deadline: t.deadline}); err != nil {
			return err
		}
		if err := context.Cause(t.Ctx); err != nil {
			return err // which has cut a close that lingers short
		}
		if h.Sock.Desc().Open() == 0 {
			t.act(OpClose, h)
			t.Event.Alone = !h.Sock.Desc().Passed()
		}
		t.Return(Const("0"))
	}
	return nil
}

func (a *closeAction) Check(c *Check) {
	for _, r := range a.handles.Refs {
		if sym := c.handle(r); sym != nil {
			sym.closedAt = c.step.Node.Pos.Line
			sym.used = true
		}
	}
}
