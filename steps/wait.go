package steps

var waitKind = Kind{
	Name:    "wait",
	Summary: "wait until a signal is given",
	Text:    `Goes on at once when the signal is up already.`,
	Example: signalKind.Example,
	New:     func() Action { return new(waitAction) },
}

type waitAction struct{ name Text }

func (a *waitAction) Params(p *Params) { p.Value(&a.name, "the signal's name") }

func (a *waitAction) Run(t *Task) error {
	name, err := a.name.Eval(t)
	if err != nil {
		return err
	}
	t.Call("wait", Const(name))
	cause, err := t.World.Wait(t.deadline, name)
	t.after(cause)
	return err
}

func (a *waitAction) Check(c *Check) { c.uses.waits.add(c.actor, &a.name) }
