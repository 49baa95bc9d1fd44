package steps

import (
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var sleepKind = step.Kind{
	Name:    "sleep",
	Summary: "do nothing for a while",
	Text: `For timers and pauses. Do not use sleep to wait for another actor, because it is
either too short or too long: use the actor's names, or signal and wait.`,
	Example: `actors:
  one:
    - sleep: 10ms
      expect: {took: ">=10ms"}
`,
	New: func() step.Action { return new(sleepAction) },
}

type sleepAction struct{ length value.Duration }

func (a *sleepAction) Params(p *step.Params) { p.Value(&a.length, "how long") }

// unhurried: a sleep lasts as long as it says.
func (a *sleepAction) Unhurried() {}

func (a *sleepAction) Run(t *step.Task) error {
	d, shown, err := a.length.Marked(t, time.Duration.String)
	if err != nil {
		return err
	}
	t.Call("sleep", event.Plain(shown))
	return t.Sleep(d)
}
