package steps

import (
	"errors"
	"math"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var barrierKind = step.Kind{
	Name:    "barrier",
	Summary: "wait until every actor that names the barrier has come",
	Text: `Each replica counts. With size, the barrier opens when this number of actors or
branches has come, whichever they are; an actor can come with several branches.
A barrier can be used again, round after round.`,
	Example: `actors:
  one:
    - barrier: start
  other:
    - barrier: start
    - barrier: both
      size: 2
    - print: the barrier is open
  another:
    - barrier: both
      size: 2
`,
	New: func() step.Action { return &barrierAction{size: value.Replicas()} },
}

type barrierAction struct {
	name value.Text
	size value.Int
}

func (a *barrierAction) Params(p *step.Params) {
	p.Value(&a.name, "the barrier's name")
	p.Key("size", &a.size, "how many must come; default: every actor that names the barrier")
}

func (a *barrierAction) Run(t *step.Task) error {
	name, err := a.name.Eval(t)
	if err != nil {
		return err
	}
	size, err := a.size.Eval(t)
	if err != nil {
		return err
	}
	if a.size.Given() && size < 1 {
		return errors.New(noSize)
	}
	t.Call("barrier", event.Const(name))
	cause, err := t.World.Barrier(t.Deadline, name, int(min(size, math.MaxInt32)), t.Causes)
	t.After(cause)
	return err
}

const noSize = "the size of a barrier is 1 or more"

// Meets implements [step.Meeter].
func (a *barrierAction) Meets() *value.Text { return &a.name }

func (a *barrierAction) Check(c *check.Check) {
	if _, static := a.name.Static(); !static {
		c.Problem(a.name.Node, "the name of a barrier cannot hold an expression").Hint = "the actors that come to a barrier must be known before the run"
	}
	if a.size.Given() && a.size.Node.Text == "0" {
		c.Problem(a.size.Node, "%s", noSize)
	}
	c.Uses.Barriers.AddSized(c, &a.name, &a.size)
}
