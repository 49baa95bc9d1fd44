package steps

import "golang.org/x/sys/unix"

var shutdownKind = Kind{
	Name:    "shutdown",
	Summary: "end one or both directions of a connection",
	Text: `After how: write the peer reads end of file and can still send: a
half-close. See shutdown(2).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - shutdown: a
      how: write
    - recv: b
      expect: {eof: true}
    - close: [a, b]
`,
	New: func() Action { return &shutdownAction{how: Enum{Words: []string{"read", "write", "both"}}} },
}

type shutdownAction struct {
	handle HandleRef
	how    Enum
}

// shutdownHows are the values of shutdown(2) by their words here.
var shutdownHows = map[string]struct {
	value int
	name  string
	ends  Shut
}{
	"read":  {unix.SHUT_RD, "SHUT_RD", ShutRead},
	"write": {unix.SHUT_WR, "SHUT_WR", ShutWrite},
	"both":  {unix.SHUT_RDWR, "SHUT_RDWR", ShutRead | ShutWrite},
}

func (a *shutdownAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("how", &a.how, "which direction to end").Need()
}

func (a *shutdownAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	how := shutdownHows[a.how.Word]
	t.Call("shutdown", Name(h.Name), Const(how.name))
	if err := h.shutdown(t.freshWait(), how.value); err != nil {
		return err
	}
	t.act(OpShut, h)
	t.Event.Shut = how.ends
	t.Return(Const("0"))
	return nil
}

func (a *shutdownAction) Check(c *Check) {
	if sym := c.handle(&a.handle); sym != nil {
		sym.sock.forget()
	}
}
