package steps

var dupKind = Kind{
	Name:    "dup",
	Summary: "make a second descriptor of the same open file",
	Text: `Both descriptors mean one socket: only closing the last of them ends the
connection, while a shutdown acts on the socket and so on both. See dup(2).`,
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
	New: func() Action { return new(dupAction) },
}

type dupAction struct{ handle HandleRef }

func (a *dupAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Makes = "the new descriptor"
}

func (a *dupAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	t.Call("dup", Name(h.Name))
	s, err := h.Sock.Dup()
	if err != nil {
		return err
	}
	d, err := t.makeHandle(0, s, "a descriptor")
	if err != nil {
		return err
	}
	t.publish(d.Name)
	t.Return(Name(d.Name))
	return nil
}

func (a *dupAction) Check(c *Check) {
	if sym := c.handle(&a.handle); sym != nil {
		c.makeHandle(0, sym.sock)
		return
	}
	c.makeHandle(0, anySocket())
}
