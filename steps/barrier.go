package steps

var barrierKind = Kind{
	Name:    "barrier",
	Summary: "wait until every actor that names the barrier has come",
	Text:    `Each replica counts. A barrier can be used again, round after round.`,
	Example: `actors:
  one:
    - barrier: start
  other:
    - barrier: start
`,
	New: func() Action { return new(barrierAction) },
}

type barrierAction struct{ name Text }

func (a *barrierAction) Params(p *Params) { p.Value(&a.name, "the barrier's name") }

func (a *barrierAction) Run(t *Task) error {
	name, err := a.name.Eval(t)
	if err != nil {
		return err
	}
	t.Call("barrier", Const(name))
	cause, err := t.World.Barrier(t.deadline, name)
	t.after(cause)
	return err
}

// Meets implements [Meeter].
func (a *barrierAction) Meets() *Text { return &a.name }

func (a *barrierAction) Check(c *Check) {
	if _, static := a.name.Static(); !static {
		c.problem(a.name.node, "the name of a barrier cannot hold an expression").Hint = "who comes to a barrier must be known beforehand"
	}
	c.uses.barriers.add(c.actor, &a.name)
}
