package steps

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
)

var dupKind = step.Kind{
	Name:    "dup",
	Summary: "make a second descriptor of the same open file",
	Text: `Both descriptors refer to one socket. Only the close of the last one ends the
connection, but a shutdown acts on the socket, and so on both. See dup(2).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - dup: a
      as: again
    - close: a
    - send: again
      data: still here
    - recv: b
      expect: still here
    - close: again
    - recv: b
      expect: {eof: true}
    - close: b
`,
	Beneath: step.Beneath{
		Call:   "dup(2)",
		Kernel: "makes a second descriptor of the same open file. Both share everything but the flag FD_CLOEXEC; the socket ends with the last of them.",
		Errors: []step.Cure{
			{Errno: "EMFILE", Why: "the process has as many descriptors as it may have"},
		},
	},
	New: func() step.Action { return new(dupAction) },
}

type dupAction struct{ handle step.HandleRef }

func (a *dupAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Makes = "the new descriptor"
}

func (a *dupAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	t.Call("dup", event.Name(h.Name))
	s, err := h.Sock.Dup()
	if err != nil {
		return err
	}
	d, err := t.MakeHandle(0, s, "a descriptor")
	if err != nil {
		return err
	}
	t.Publish(d)
	t.Return(event.Name(d.Name))
	return nil
}

func (a *dupAction) Check(c *step.Check) {
	if sym := c.Handle(&a.handle); sym != nil {
		c.MakeHandle(0, sym.Sock)
		return
	}
	c.MakeHandle(0, step.AnySocket())
}
