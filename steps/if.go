package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var ifKind = step.Kind{
	Name:    "if",
	Summary: "run steps where a condition holds, and others where it does not",
	Text: `Only the steps that run are in the transcript. If only one step depends on the
condition, when: at that step is shorter.`,
	Example: `vars: {secure: false}
actors:
  one:
    - if: secure
      then:
        - print: the port is 443
      else:
        - print: the port is 80
`,
	New:       func() step.Action { return new(ifAction) },
	OverTurns: true,
}

type ifAction struct {
	cond      value.Expr
	then      step.Block
	otherwise step.Block
}

func (a *ifAction) Params(p *step.Params) {
	p.Value(&a.cond, "the condition")
	p.Key("then", &a.then, "the steps to run where the condition is true").Need()
	p.Key("else", &a.otherwise, "the steps to run where it is false")
}

func (a *ifAction) Unhurried() {}

func (a *ifAction) Run(t *step.Task) error {
	t.Announce()
	holds, err := a.cond.Truth(t)
	switch {
	case err != nil:
		return err
	case holds:
		return t.Within(&a.then)
	}
	return t.Within(&a.otherwise)
}

func (a *ifAction) Check(c *check.Check) {
	c.Body(&a.then, false)
	c.Body(&a.otherwise, false)
}
