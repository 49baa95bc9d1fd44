package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var exitKind = step.Kind{
	Name:    "exit",
	Summary: "end the process of these steps",
	Text: `The kernel keeps the lowest eight bits of the status. All descriptors of the
process are closed, and all its branches end, also in a call. See exit_group(2).`,
	Example: `actors:
  one:
    - fork:
        - exit: 3
      as: child
    - join: child
      expect: {exit: 3}
`,
	Beneath: step.Beneath{
		Call:   "exit_group(2)",
		Kernel: "ends the process, closes its descriptors, and keeps the status for the parent.",
		Wire:   "as close does it: where a descriptor was the last one of a TCP socket, a FIN or a RST.",
	},
	New: func() step.Action { return new(exitAction) },
}

type exitAction struct{ status value.Int }

func (a *exitAction) Params(p *step.Params) {
	p.Value(&a.status, "the exit status")
}

func (a *exitAction) Run(t *step.Task) error {
	status, err := a.status.Eval(t)
	if err != nil {
		return err
	}
	return t.Exit(int(status))
}

func (a *exitAction) Check(c *check.Check) { c.NeedsProcess() }
