package steps

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var connectKind = step.Kind{
	Name:    "connect",
	Summary: "connect a socket to a peer",
	Text: `A reference such as ${server.listener} waits until that socket listens, so
nobody needs to sleep. On a datagram socket, connect sets the peer's address.
retry is for real programs that need time to start: the step tries again while
the connection is refused or the path does not exist. It stops at once when the
scenario has started programs, no process of them is left, and no other actor
may still start one. See connect(2).`,
	Example: acceptKind.Example,
	Beneath: step.Beneath{
		Call:   "connect(2)",
		Kernel: "gives the socket an address if it has none, asks the peer for a connection and waits for the answer. On a datagram socket it only notes the address.",
		Wire:   "TCP: SYN goes out, SYN+ACK comes back, ACK goes out; the call returns with the second segment (RFC 9293, section 3.5). UDP: nothing.",
		Errors: []step.LikelyError{
			{Errno: "ECONNREFUSED", Why: "nobody listens there: the answer to the SYN was a reset"},
			{Errno: "ETIMEDOUT", Why: "nobody answered, however often the SYN was sent"},
			{Errno: "ENETUNREACH", Why: "no route leads there"},
			{Errno: "EADDRNOTAVAIL", Why: "no port is free for another connection to this address"},
			{Errno: "EINPROGRESS", Why: "the call does not wait; the socket is ready for sending when the answer has come"},
		},
	},
	New:  func() step.Action { return new(connectAction) },
	Hint: connectHint,
}

func connectHint(errno syscall.Errno, _ sock.Addr) string {
	switch errno {
	case syscall.EADDRNOTAVAIL:
		return "no ephemeral port for this address is free, often because of connections in TIME_WAIT: connect to another address of 127.0.0.0/8, or wait 60s"
	case syscall.ECONNREFUSED:
		return "nobody listens there: refer to the listener as ${actor.listener} to wait for it, or use retry for a real program"
	case syscall.ENOENT:
		return "no socket is bound to this path: refer to the listener as ${actor.listener} to wait for it, or use retry for a real program"
	}
	return ""
}

type connectAction struct {
	handle step.HandleRef
	to     value.Address
	retry  value.Duration
	nowait value.Bool
}

// UsesAddress implements [step.AddressUser].
func (a *connectAction) UsesAddress() (*step.HandleRef, *value.Address, bool) {
	return &a.handle, &a.to, false
}

func (a *connectAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("to", &a.to, "the peer's address, or a handle of another actor: ${server.listener}").Need()
	p.Key("retry", &a.retry, "how long to try again while nobody listens there").Or("0: the first answer counts")
	p.NoWait(&a.nowait, "do not wait: EINPROGRESS while the connection is being made")
}

func (a *connectAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	to, err := a.to.Ask(t)
	if err != nil {
		return err
	}
	retry, err := a.retry.Eval(t)
	if err != nil {
		return err
	}
	t.Call("connect", h.Part(), to)
	err = a.connect(t, h, to.Addr, retry)
	t.Act(event.OpConnect, h)
	t.Event.Retry = a.retry.Given()
	t.Event.Endpoints = h.Endpoints()
	t.Event.Endpoints.Remote = to.Addr
	if err != nil {
		return err
	}
	t.Event.Defers = h.Sock.Defers()
	t.Publish(h)
	t.Return(event.Const("0"))
	return nil
}

func (a *connectAction) connect(t *step.Task, h *handle.Handle, to sock.Addr, retry time.Duration) error {
	end := time.Now().Add(retry)
	for delay := time.Millisecond; ; delay = min(2*delay, 50*time.Millisecond) {
		err := h.Sock.Connect(t.Wait(h, &a.nowait, 0), to)
		errno, _ := sock.ErrnoOf(err)
		absent := errno == unix.ECONNREFUSED || errno == unix.ENOENT
		if !absent || !time.Now().Before(end) {
			return err
		}
		if gone := t.ProgramsGone(); gone != "" {
			return &value.HintedError{Err: err, Hint: "retry has stopped: " + gone}
		}
		if err := t.Pause(delay); err != nil {
			return err
		}
	}
}

func (a *connectAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	if sym == nil {
		return
	}
	c.Fits(sym, &a.to, check.FitConnect)
	// A connect to AF_UNSPEC ends the listening.
	if to, fixed := a.to.Fixed(); fixed && !to.Unspec && sym.Sock.Listens == check.Yes && c.MustSucceed() && c.Certain() {
		c.Problem(a.handle.Node, "%s listens; it cannot connect", sym.Name).Hint = "connect another socket"
	}
	c.Connect(sym.Sock)
}
