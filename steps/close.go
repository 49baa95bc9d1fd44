package steps

import (
	"context"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

var closeKind = step.Kind{
	Name:    "close",
	Summary: "close one handle or several",
	Text: `What an actor leaves open stays open until the scenario ends, so that a
peer sees the end of file only where the script says close. See close(2).`,
	Example: socketpairKind.Example,
	Beneath: step.Beneath{
		Call:   "close(2)",
		Kernel: "gives the descriptor back. The last descriptor of a socket ends it: what is in the send buffer still goes; with data unread, or SO_LINGER of 0, the connection is reset.",
		Wire:   "TCP: a FIN after the last data, or RST where the connection is reset. The side that closes first ends in TIME_WAIT.",
		Errors: []step.LikelyError{
			{Errno: "EBADF", Why: "the descriptor is not open"},
		},
	},
	New: func() step.Action { return new(closeAction) },
}

type closeAction struct{ handles step.HandleList }

func (a *closeAction) Params(p *step.Params) {
	p.Value(&a.handles, "the handle, or a list of handles that are closed in this order")
}

func (a *closeAction) Run(t *step.Task) error {
	for i, r := range a.handles.Refs {
		if i > 0 {
			t.Record()
		}
		h, err := r.Open(t)
		if err != nil {
			return err
		}
		t.Call("close", h.Part())
		if err := h.Close(sock.Wait{Deadline: t.Deadline}); err != nil {
			return err
		}
		if err := context.Cause(t.Ctx); err != nil {
			return err // which has cut a close that lingers short
		}
		t.Closed(h.Sock.Desc())
		t.Return(event.Const("0"))
	}
	return nil
}

func (a *closeAction) Check(c *check.Check) {
	for _, r := range a.handles.Refs {
		if sym := c.Handle(r); sym != nil {
			sym.ClosedAt = c.Step.Node.Pos.Line
			sym.Used = true
		}
	}
}
