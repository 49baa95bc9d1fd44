package steps

import (
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var stateKind = step.Kind{
	Name:    "state",
	Summary: "wait until a TCP socket is in a state",
	Text: `The states have Linux's names: SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT1,
FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING, TIME_WAIT, LISTEN, CLOSE. While the
descriptor is open, the state comes from TCP_INFO. After close it comes from the
kernel's socket diagnostics, and only they know TIME_WAIT. Without expect the
step only reads the state. See tcp(7), sock_diag(7), RFC 9293 section 3.3.2.`,
	Example: `requires: os:linux
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - state: listener
      expect: LISTEN
    - accept: listener
      as: conn
    - close: conn
    - state: conn
      expect: FIN_WAIT2
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - state: sock
      expect: CLOSE_WAIT
`,
	Beneath: step.Beneath{
		Call:   "getsockopt(2) with TCP_INFO, and sock_diag(7) for sockets without a descriptor",
		Kernel: "returns the state of the connection, as the state machine of RFC 9293, section 3.3.2, has it.",
	},
	New: func() step.Action { return &stateAction{want: value.Enum{Words: sock.TCPStates()}} },
}

type stateAction struct {
	handle step.HandleRef
	want   value.Enum
}

func (a *stateAction) Params(p *step.Params) {
	p.Value(&a.handle, "the TCP socket, open or closed")
	p.Plain(&a.want, "the state to wait for")
	p.Result("state", &a.want, "the state to wait for")
	p.Makes = "the state's name"
}

func (a *stateAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	t.Call("state", event.Name(h.Name))
	got, err := a.wait(t, h)
	if err != nil {
		return err
	}
	switch got {
	case "CLOSE_WAIT", "LAST_ACK", "CLOSING", "TIME_WAIT":
		t.Act(event.OpState, h)
	}
	t.Return(event.Const(got))
	return t.SetAs(0, got)
}

// wait asks again and again: the kernel tells nobody when a TCP state changes,
// least of all that of a socket without a descriptor.
func (a *stateAction) wait(t *step.Task, h *handle.Handle) (string, error) {
	for delay := 50 * time.Microsecond; ; delay = min(2*delay, 5*time.Millisecond) {
		got, err := h.Sock.TCPState()
		if err != nil || got == a.want.Word || a.want.Word == "" {
			return got, err
		}
		t.Missing = "expected the state " + a.want.Word + ", it is " + got
		if err := t.Pause(delay); err != nil {
			return got, err
		}
	}
}

func (a *stateAction) Check(c *step.Check) {
	sym := c.AnyHandle(&a.handle)
	if sym != nil && sym.Sock.Datagrams() && c.MustSucceed() {
		c.Problem(a.handle.Node, "%s is not a TCP socket; it has no TCP state", sym.Name)
	}
	c.MakeValues()
}
