package steps

var acceptKind = Kind{
	Name:    "accept",
	Summary: "take the next connection of a listening socket",
	Text:    `Waits until a client has connected. See accept(2).`,
	Example: `actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - close: sock
`,
	New: func() Action { return new(acceptAction) },
}

type acceptAction struct {
	handle HandleRef
	nowait Bool
	from   AddressMatch
}

func (a *acceptAction) Params(p *Params) {
	p.Value(&a.handle, "the listening socket")
	p.NoWait(&a.nowait, "do not wait: EAGAIN when no connection is there")
	p.Result("from", &a.from, "the client's address; without a port (127.0.0.1) only the host counts")
	p.Makes = "the connection"
}

func (a *acceptAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	t.Call("accept", Name(h.Name))
	s, from, err := h.Sock.Accept(t.wait(&a.nowait, 0))
	t.act(OpAccept, h)
	t.Event.NoWait = a.nowait.On
	if err != nil {
		return err
	}
	conn, err := t.makeHandle(0, s, "a connection")
	if err != nil {
		return err
	}
	t.publish(conn.Name)
	t.Event.Link = conn.link()
	t.Event.Link.Made = s.Desc().ID
	t.Return(Name(conn.Name))
	if from.Path != "" || from.IP.IsValid() {
		t.Return(Name(conn.Name), Const("from"), from)
	}
	if !a.from.Given() {
		return nil
	}
	return a.from.expect(t, from, "from")
}

func (a *acceptAction) Check(c *Check) {
	sym := c.handle(&a.handle)
	if sym == nil {
		c.makeHandle(0, anySocket())
		return
	}
	if sym.sock.listens == no && c.mustSucceed() && c.certain() {
		c.problem(a.handle.node, "%s does not listen, so it accepts nothing", sym.Name).Hint = "put a listen step before this one"
	}
	made := newSocket(sym.sock.family, sym.sock.typ, 0)
	made.connected = unknown
	c.makeHandle(0, made)
}
