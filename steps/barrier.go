package steps

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var barrierKind = step.Kind{
	Name:    "barrier",
	Summary: "wait until every actor that names the barrier has come",
	Text:    `Each replica counts. A barrier can be used again, round after round.`,
	Example: `actors:
  one:
    - barrier: start
  other:
    - barrier: start
`,
	New: func() step.Action { return new(barrierAction) },
}

type barrierAction struct{ name value.Text }

func (a *barrierAction) Params(p *step.Params) { p.Value(&a.name, "the barrier's name") }

func (a *barrierAction) Run(t *step.Task) error {
	name, err := a.name.Eval(t)
	if err != nil {
		return err
	}
	t.Call("barrier", event.Const(name))
	cause, err := t.World.Barrier(t.Deadline, name)
	t.After(cause)
	return err
}

// Meets implements [Meeter].
func (a *barrierAction) Meets() *value.Text { return &a.name }

func (a *barrierAction) Check(c *step.Check) {
	if _, static := a.name.Static(); !static {
		c.Problem(a.name.Node, "the name of a barrier cannot hold an expression").Hint = "the actors that come to a barrier must be known before the run"
	}
	c.Uses.Barriers.Add(c, &a.name)
}
