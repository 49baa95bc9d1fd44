package steps

var socketpairKind = Kind{
	Name:    "socketpair",
	Summary: "make two sockets that are connected to each other",
	Text:    "The value is that of socket; as: [a, b] names the two ends. See socketpair(2).",
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - send: a
      data: hello
    - recv: b
      expect: hello
    - close: [a, b]
`,
	New: func() Action { return new(socketpairAction) },
}

type socketpairAction struct {
	spec     SocketSpec
	blocking Bool
}

func (a *socketpairAction) Params(p *Params) {
	p.Value(&a.spec, "what sockets: a short word, or {family, type, protocol}")
	p.Key("blocking", &a.blocking, "make truly blocking descriptors").Or("false")
	p.Makes, p.Names = "the two sockets, as [a, b]", 2
}

func (a *socketpairAction) Run(t *Task) error {
	t.Call("socketpair", a.spec.args(a.blocking.On)...)
	x, y, err := t.Actor.Run.Sockets.OpenPair(a.spec.Family, a.spec.SockType, a.spec.Proto, a.blocking.On)
	if err != nil {
		return err
	}
	first, err := t.makeHandle(0, x, "a socket")
	if err != nil {
		return err
	}
	second, err := t.makeHandle(1, y, "a socket")
	if err != nil {
		return err
	}
	t.publish(first.Name)
	t.publish(second.Name)
	t.act(OpPair, first)
	t.Event.Link = first.link()
	t.Event.Link.Peer = y.Desc().ID
	t.Return(Name(first.Name), Name(second.Name))
	return nil
}

func (a *socketpairAction) Check(c *Check) {
	if c.step.As.Len() < 2 && !c.step.Expect.Error.Given() {
		c.problem(c.step.Node, "socketpair makes two sockets").Hint = "name both: as: [a, b]"
	}
	for i := range 2 {
		end := newSocket(a.spec.Family, a.spec.SockType, a.spec.Proto)
		end.pair, end.connected = true, unknown
		c.makeHandle(i, end)
	}
}
