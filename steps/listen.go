package steps

import (
	"errors"
	"math"
	"syscall"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
	"golang.org/x/sys/unix"
)

var listenKind = step.Kind{
	Name:    "listen",
	Summary: "let a socket accept connections",
	Text: `After this step the socket's name has its address for other actors: a reference
such as ${server.listener} waits for this step. A socket without an address gets
a port that the kernel chooses. See listen(2).`,
	Example: `actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
      backlog: 3
    - close: listener
`,
	Beneath: step.Beneath{
		Call:   "listen(2)",
		Kernel: "makes the socket passive: from now on the kernel answers connects by itself and queues the connections, one more than the backlog says. A socket without an address gets one.",
		Errors: []step.LikelyError{
			{Errno: "EADDRINUSE", Why: "another socket listens at this port"},
			{Errno: "EOPNOTSUPP", Why: "sockets of this type do not listen"},
		},
	},
	New: func() step.Action {
		return &listenAction{backlog: value.Signed{Number: value.AtMost(&value.MaxBacklog)}}
	},
}

type listenAction struct {
	handle  step.HandleRef
	backlog value.Signed
}

// defaultBacklog is SOMAXCONN of Linux since 5.4.
const defaultBacklog = 4096

func (a *listenAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("backlog", &a.backlog, "how many connections may wait to be accepted, any int; a negative one is the largest").Or("4096 (SOMAXCONN)")
}

func (a *listenAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	backlog, shown := int64(defaultBacklog), any(defaultBacklog)
	if a.backlog.Given() {
		if backlog, shown, err = a.backlog.Part(t); err != nil {
			return err
		}
		if backlog < math.MinInt32 {
			return value.Mismatchf("%d does not fit into the int that the call takes", backlog)
		}
	}
	t.Call("listen", h.Part(), shown)
	if err := h.Sock.Listen(int(backlog)); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) && h.Sock.Desc().Local().Port == 0 {
			err = &value.HintedError{Err: err, Hint: step.NoPorts}
		}
		return err
	}
	t.Act(event.OpListen, h)
	t.Event.Endpoints = h.Endpoints()
	t.Event.Endpoints.Backlog = int(backlog)
	t.Publish(h)
	t.Return(event.Const("0"))
	return nil
}

// Opens implements [step.Opener].
func (a *listenAction) Opens() (socket *step.HandleRef, connectionless bool) { return &a.handle, false }

func (a *listenAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	if sym == nil {
		return
	}
	if sym.Sock.Datagrams() && c.MustSucceed() {
		c.Problem(a.handle.Node, "%s is a datagram socket; it cannot listen", sym.Name).Hint = "a datagram socket receives without accepting; expect {error: EOPNOTSUPP} to show that"
	}
	if sym.Sock.Pair && sym.Sock.Family == unix.AF_UNIX && streamLike(sym.Sock.Typ) && c.MustSucceed() {
		c.Problem(a.handle.Node, "%s is an end of a socketpair; it cannot listen", sym.Name).Hint = "make another socket and bind it; expect {error: EINVAL} to show that"
	}
	c.Listen(sym.Sock)
}
