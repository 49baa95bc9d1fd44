package steps

import "golang.org/x/sys/unix"

var bindKind = Kind{
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
	New: func() Action { return new(bindAction) },
}

type bindAction struct {
	handle HandleRef
	to     Address
}

func (a *bindAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("to", &a.to, "the address: 127.0.0.1:8080, [::1]:0, :8080 (any), unix:PATH, unix:@abstract").Need()
}

func (a *bindAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	to, err := a.to.Ask(t)
	if err != nil {
		return err
	}
	t.Call("bind", Name(h.Name), to)
	err = h.Sock.Bind(to.Addr)
	t.act(OpBind, h)
	t.Event.Link = h.link()
	if err != nil {
		return err
	}
	if !streamLike(h.Sock.Type()) {
		t.publish(h.Name)
	}
	t.Return(Const("0"))
	return nil
}

func (a *bindAction) Check(c *Check) {
	sym := c.handle(&a.handle)
	c.fits(sym, &a.to, fitBind)
	if sym == nil || !c.mustSucceed() {
		return
	}
	to, fixed := a.to.Fixed()
	// On Linux a UNIX socket that has an address keeps it where it asks for any.
	another := sym.sock.family != unix.AF_UNIX || fixed && to.Path != ""
	if sym.sock.bound > 0 && c.certain() && another && sym.sock.oneAddress() {
		c.problem(a.handle.node, "%s is bound already, %s", sym.Name, c.since(sym.sock.bound)).Hint = "a socket takes one address; expect {error: EINVAL} to show that"
	}
	c.bind(sym.sock)
}

// streamLike reports whether sockets of the type listen and accept.
func streamLike(typ int) bool { return typ == unix.SOCK_STREAM || typ == unix.SOCK_SEQPACKET }
