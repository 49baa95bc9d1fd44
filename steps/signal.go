package steps

var signalKind = Kind{
	Name:    "signal",
	Summary: "raise a signal that other actors wait for",
	Text:    `A signal stays up once it is given.`,
	Example: `actors:
  one:
    - signal: ready
  other:
    - wait: ready
`,
	New: func() Action { return new(signalAction) },
}

type signalAction struct{ name Text }

func (a *signalAction) Params(p *Params) { p.Value(&a.name, "the signal's name") }

func (a *signalAction) Run(t *Task) error {
	name, err := a.name.Eval(t)
	if err != nil {
		return err
	}
	t.Call("signal", Const(name))
	t.record()
	t.World.Signal(name, t.last)
	return nil
}

// Signals implements [Signaller].
func (a *signalAction) Signals() *Text { return &a.name }

func (a *signalAction) Check(c *Check) { c.uses.signals.add(c.actor, &a.name) }
