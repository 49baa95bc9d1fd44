package steps

import (
	"strconv"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var setrlimitKind = step.Kind{
	Name:    "setrlimit",
	Summary: "set the limits of a process",
	Text: `NOFILE is one more than the greatest number of a descriptor. A limit that is
left out stays, but the soft one is never above the hard one. See setrlimit(2).`,
	Example: `actors:
  one:
    - fork:
        - setrlimit: NOFILE
          soft: 1
        - socket: tcp
          as: first
        - socket: tcp
          expect: {error: EMFILE}
        - close: first
      as: child
    - join: child
`,
	New: func() step.Action { return &setrlimitAction{resource: value.Enum{Words: sock.LimitNames()}} },
}

type setrlimitAction struct {
	resource   value.Enum
	soft, hard value.Int
}

func (a *setrlimitAction) Params(p *step.Params) {
	p.Value(&a.resource, "the resource by its C name, without RLIMIT_")
	p.Key("soft", &a.soft, "the limit that holds")
	p.Key("hard", &a.hard, "how far the soft limit may be raised; only root may raise it")
}

func (a *setrlimitAction) Run(t *step.Task) error {
	args := []any{event.Const("RLIMIT_" + a.resource.Word)}
	var limits [2]*uint64
	for i, v := range []*value.Int{&a.soft, &a.hard} {
		if !v.Given() {
			continue
		}
		n, err := v.Eval(t)
		if err != nil {
			return err
		}
		limit := uint64(n)
		limits[i] = &limit
		args = append(args, event.Const([]string{"soft ", "hard "}[i]+strconv.FormatInt(n, 10)))
	}
	t.Call("setrlimit", args...)
	p, err := t.Own()
	if err != nil {
		return err
	}
	if err := p.SetLimit(a.resource.Word, limits[0], limits[1]); err != nil {
		return err
	}
	t.Return(event.Const("0"))
	return nil
}

func (a *setrlimitAction) Check(c *step.Check) {
	c.NeedsProcess()
	if !a.soft.Given() && !a.hard.Given() {
		c.Problem(c.Step.Node, "setrlimit sets no limit").Hint = "write soft, hard, or both"
	}
}
