package steps

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
	"golang.org/x/sys/unix"
)

var shutdownKind = step.Kind{
	Name:    "shutdown",
	Summary: "end one or both directions of a connection",
	Text: `After how: write the peer reads the end of file and can still send. This is a
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
	Beneath: step.Beneath{
		Call:   "shutdown(2)",
		Kernel: "ends one or both directions of the connection, whoever else has a descriptor of it. The descriptor stays open.",
		Wire:   "TCP: a FIN, once all data before it has gone, when the sending direction ends.",
		Errors: []step.Cure{
			{Errno: "ENOTCONN", Why: "the socket is not connected"},
		},
	},
	New: func() step.Action { return &shutdownAction{how: value.Enum{Words: []string{"read", "write", "both"}}} },
}

type shutdownAction struct {
	handle step.HandleRef
	how    value.Enum
}

// shutdownHows are the values of shutdown(2) by their words here.
var shutdownHows = map[string]struct {
	value int
	name  string
	ends  event.Shut
}{
	"read":  {unix.SHUT_RD, "SHUT_RD", event.ShutRead},
	"write": {unix.SHUT_WR, "SHUT_WR", event.ShutWrite},
	"both":  {unix.SHUT_RDWR, "SHUT_RDWR", event.ShutRead | event.ShutWrite},
}

func (a *shutdownAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("how", &a.how, "which direction to end").Need()
}

func (a *shutdownAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	how := shutdownHows[a.how.Word]
	t.Call("shutdown", event.Name(h.Name), event.Const(how.name))
	if err := h.Shutdown(t.FreshWait(), how.value); err != nil {
		return err
	}
	t.Act(event.OpShut, h)
	t.Event.Shut = how.ends
	t.Return(event.Const("0"))
	return nil
}

func (a *shutdownAction) Check(c *step.Check) {
	if sym := c.Handle(&a.handle); sym != nil {
		sym.Sock.Forget()
	}
}
