package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var waitKind = step.Kind{
	Name:    "wait",
	Summary: "wait until a signal is raised",
	Text:    `The step ends at once if the signal is already raised.`,
	Example: signalKind.Example,
	New:     func() step.Action { return new(waitAction) },
}

type waitAction struct{ name value.Text }

func (a *waitAction) Params(p *step.Params) { p.Value(&a.name, "the signal's name") }

func (a *waitAction) Run(t *step.Task) error {
	name, err := a.name.Marked(t)
	if err != nil {
		return err
	}
	t.Call("wait", event.Plain(name))
	cause, err := t.World.Wait(t.Deadline, name.Text)
	t.After(cause)
	return err
}

func (a *waitAction) Check(c *check.Check) { c.Uses.Waits.Add(c, &a.name) }
