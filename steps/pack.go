package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
)

var packKind = step.Kind{
	Name:    "pack",
	Summary: "build bytes from fields",
	Text: `Makes the bytes of a payload and gives them a name, so that they can be sent,
sliced or compared later. unpack is the way back.`,
	Example: unpackKind.Example,
	New:     func() step.Action { return new(packAction) },
}

type packAction struct{ data payload.Payload }

func (a *packAction) Params(p *step.Params) {
	p.Value(&a.data, "the bytes")
	p.Makes = "the bytes"
}

func (a *packAction) Run(t *step.Task) error {
	b, err := a.data.Blob(t)
	if err != nil {
		return err
	}
	t.Call("pack", t.Bytes(b), event.Count(len(b.Bytes)))
	name, err := t.AsName(0, "")
	if err != nil {
		return err
	}
	t.Return(event.Const(name))
	return t.SetAs(0, b.Value())
}

func (a *packAction) Check(c *check.Check) {
	if !c.Step.As.Given() {
		c.Problem(c.Step.Node, "pack needs as").Hint = "give the bytes a name: as: NAME"
	}
	c.MakeValues()
}
