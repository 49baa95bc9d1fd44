package steps

var setsockoptKind = Kind{
	Name:    "setsockopt",
	Summary: "set a socket option",
	Text: `The option is given by its C name. SO_LINGER takes {onoff, linger}, with
linger in seconds; SO_RCVTIMEO and SO_SNDTIMEO take a duration; the others a
number, or true and false. See setsockopt(2), socket(7), ip(7), tcp(7).`,
	Example: `actors:
  one:
    - socket: tcp
      as: sock
    - setsockopt: sock
      option: SO_REUSEADDR
      value: true
    - getsockopt: sock
      option: SO_REUSEADDR
      expect: 1
    - setsockopt: sock
      option: SO_LINGER
      value: {onoff: true, linger: 0}
    - close: sock
`,
	New: func() Action { return new(setsockoptAction) },
}

type setsockoptAction struct {
	handle HandleRef
	option OptionName
	value  OptionValue
}

func (a *setsockoptAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("option", &a.option, "the option by its C name, as SO_REUSEADDR").Need()
	p.Key("value", &a.value, "the value in the option's form").Need()
}

func (a *setsockoptAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	o := a.option.Option
	form := formOf(o)
	v, err := form.encode(&a.value, t)
	if err != nil {
		return err
	}
	t.Call("setsockopt", Name(h.Name), Const(o.LevelName), Const(o.Name), form.show(v))
	if err := form.set(h.Sock, o, v); err != nil {
		return err
	}
	t.Return(Const("0"))
	return nil
}

func (a *setsockoptAction) Check(c *Check) {
	c.handle(&a.handle)
	o := a.option.Option
	if o.Name == "" || a.value.node == nil {
		return
	}
	if o.ReadOnly && c.mustSucceed() {
		c.problem(a.option.node, "%s can only be read", o.Name).Hint = "use getsockopt"
	}
	a.value.check(c, o)
}
