package steps

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var bindKind = step.Kind{
	Name:    "bind",
	Summary: "give a socket its own address",
	Text: `Port 0 lets the kernel choose a port; the transcript then shows the
socket's name in its place. A path that bind makes in the file system is removed
when the scenario ends. See bind(2), ip(7), unix(7).`,
	Example: `actors:
  server:
    - socket: udp
      as: sock
    - bind: sock
      to: 127.0.0.1:0
    - close: sock
`,
	Beneath: step.Beneath{
		Call:   "bind(2)",
		Kernel: "gives the socket its own address. Port 0 means that the kernel picks a free port; a path makes a file of the type socket.",
		Errors: []step.LikelyError{
			{Errno: "EADDRINUSE", Why: "another socket has the address, or a connection of it is in TIME_WAIT: SO_REUSEADDR before bind helps against the second"},
			{Errno: "EADDRNOTAVAIL", Why: "the address is not one of this host"},
			{Errno: "EACCES", Why: "ports below 1024 need a privilege, and a path needs a folder that may be written to"},
			{Errno: "EINVAL", Why: "the socket has an address already"},
		},
	},
	New:  func() step.Action { return new(bindAction) },
	Hint: bindHint,
}

func bindHint(errno syscall.Errno, to sock.Addr) string {
	switch {
	case errno == syscall.EADDRINUSE && to.Port == 0 && to.Path == "" && to.Other == "":
		return step.NoPorts
	case errno == syscall.EADDRINUSE:
		return "another socket has this address: bind to port 0, or set SO_REUSEADDR before bind when only old connections in TIME_WAIT hold it; unlink frees a path"
	case errno == syscall.EADDRNOTAVAIL && to.IP.IsLoopback():
		return "no interface of this host has this address; for 127.0.0.1 and ::1 that means that " + step.LoDown
	case errno == syscall.EADDRNOTAVAIL:
		return "no interface of this host has this address"
	case errno == syscall.EACCES:
		return "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE): bind to a higher one, or to port 0"
	}
	return ""
}

type bindAction struct {
	handle step.HandleRef
	to     value.Address
}

// UsesAddress implements [step.AddressUser].
func (a *bindAction) UsesAddress() (*step.HandleRef, *value.Address, bool) {
	return &a.handle, &a.to, true
}

func (a *bindAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("to", &a.to, "the address: 127.0.0.1:8080, [::1]:0, :8080 (any), unix:PATH, unix:@abstract").Need()
}

func (a *bindAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	to, err := a.to.Ask(t)
	if err != nil {
		return err
	}
	t.Call("bind", h.Part(), to)
	err = h.Sock.Bind(to.Addr)
	t.Act(event.OpBind, h)
	t.Event.Endpoints = h.Endpoints()
	if err != nil {
		return err
	}
	if !streamLike(h.Sock.Type()) {
		t.Publish(h)
	}
	t.Return(event.Const("0"))
	return nil
}

// Opens implements [step.Opener].
func (a *bindAction) Opens() (socket *step.HandleRef, connectionless bool) { return &a.handle, true }

func (a *bindAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	c.Fits(sym, &a.to, check.FitBind)
	if sym == nil || !c.MustSucceed() {
		return
	}
	to, fixed := a.to.Fixed()
	// On Linux a UNIX socket that has an address keeps it where it asks for
	// any.
	another := sym.Sock.Family != unix.AF_UNIX || fixed && to.Path != ""
	if sym.Sock.Bound > 0 && c.Certain() && another && sym.Sock.OneAddress() {
		c.Problem(a.handle.Node, "%s is bound already, %s", sym.Name, c.Since(sym.Sock.Bound)).Hint = "a socket takes one address; expect {error: EINVAL} to show that"
	}
	c.Bind(sym.Sock)
}

// streamLike reports whether sockets of the type listen and accept.
func streamLike(typ int) bool { return typ == unix.SOCK_STREAM || typ == unix.SOCK_SEQPACKET }
