package steps

import (
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
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
		Errors: []step.LikelyError{
			{Errno: "ENOTCONN", Why: "the socket is not connected"},
		},
	},
	New: func() step.Action { return new(shutdownAction) },
}

type shutdownAction struct {
	handle step.HandleRef
	how    shutdownHow
}

// shutdownHow is the second argument of shutdown(2).
type shutdownHow struct{ value int }

// shutdownWords are the values of shutdown(2) by their words here.
var shutdownWords = map[string]int{"read": unix.SHUT_RD, "write": unix.SHUT_WR, "both": unix.SHUT_RDWR}

// Decode reads a word or any int.
func (v *shutdownHow) Decode(d *value.Decoder, n *source.Node) {
	how, ok := shutdownWords[n.Text]
	if x, err := strconv.ParseInt(n.Text, 0, 32); err == nil {
		how, ok = int(x), true
	}
	if !ok || n.Kind != source.Scalar {
		p := d.Problem(n, "expected read, write or both, got %s", n.Describe())
		p.Hint = source.DidYouMean(n.Text, []string{"read", "write", "both"})
	}
	v.value = how
}

// Schema accepts a word or a number.
func (v *shutdownHow) Schema() value.Schema {
	return value.Schema{"anyOf": []value.Schema{{"enum": []string{"read", "write", "both"}}, {"type": "integer"}}}
}

// Type names the type in the reference.
func (v *shutdownHow) Type() string { return "read, write, both, or a number" }

// ends are the directions that the call ends.
func (v *shutdownHow) ends() event.Shut {
	return map[int]event.Shut{
		unix.SHUT_RD: event.ShutRead, unix.SHUT_WR: event.ShutWrite, unix.SHUT_RDWR: event.ShutRead | event.ShutWrite,
	}[v.value]
}

func (a *shutdownAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("how", &a.how, "which direction to end; any int is passed as it is").Need()
}

func (a *shutdownAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	t.Call("shutdown", h.Part(), event.Const(sock.HowName(a.how.value)))
	if err := h.Shutdown(t.FreshWait(), a.how.value); err != nil {
		return err
	}
	t.Act(event.OpShut, h)
	t.Event.Shut = a.how.ends()
	t.Return(event.Const("0"))
	return nil
}

func (a *shutdownAction) Check(c *check.Check) {
	if sym := c.Handle(&a.handle); sym != nil {
		sym.Sock.Forget()
	}
}
