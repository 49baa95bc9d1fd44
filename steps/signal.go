package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var signalKind = step.Kind{
	Name:    "signal",
	Summary: "raise a signal that other actors wait for",
	Text:    `A signal stays raised.`,
	Example: `actors:
  one:
    - signal: ready
  other:
    - wait: ready
`,
	New: func() step.Action { return new(signalAction) },
}

type signalAction struct{ name value.Text }

func (a *signalAction) Params(p *step.Params) { p.Value(&a.name, "the signal's name") }

func (a *signalAction) Run(t *step.Task) error {
	name, err := a.name.Marked(t)
	if err != nil {
		return err
	}
	t.Call("signal", event.Plain(name))
	t.Record()
	t.World.Signal(name.Text, t.Last)
	return nil
}

// Signals implements [step.Signaller].
func (a *signalAction) Signals() *value.Text { return &a.name }

func (a *signalAction) Check(c *check.Check) { c.Uses.Signals.Add(c, &a.name) }
