package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var letKind = step.Kind{
	Name:    "let",
	Summary: "give values to names",
	Text: `A value that is a single expression keeps the type of the expression. A plain
number and true and false have the type that YAML says. Everything else is text.
The items of a list or mapping follow the same rules. A value sees the names
before it.`,
	Example: `actors:
  one:
    - let: {n: 3, twice: "${n * 2}", list: [7, {deep: 8}]}
    - assert: n * 2 == twice && list[1].deep == 8
`,
	New: func() step.Action { return new(letAction) },
}

type letAction struct{ values value.Assignments }

func (a *letAction) Params(p *step.Params) {
	p.Value(&a.values, "a mapping of names to values")
}

func (a *letAction) Run(t *step.Task) error {
	for i, name := range a.values.Names {
		if i > 0 {
			t.Record()
		}
		v, err := a.values.Values[i].Typed(t)
		if err != nil {
			return err
		}
		if err := value.CheckSize(v); err != nil {
			return err
		}
		v = t.Masked(name, v)
		t.Set(name, v)
		line := event.Marked{Text: "let " + t.Shown(name) + " = "}
		line.Add(value.FormatLine(value.Untraced(v), value.TraceOf(v)))
		t.Call("let", event.Bare(line.Cut(int(value.MaxLine.Most))))
	}
	return nil
}

func (a *letAction) named() []string { return a.values.Names }

// Inner are the expressions, of which each sees the names before its own.
func (a *letAction) Inner() []*value.Expr {
	var list []*value.Expr
	for _, v := range a.values.Values {
		list = append(list, v.Exprs()...)
	}
	return list
}

func (a *letAction) Check(c *check.Check) {
	for i, name := range a.values.Names {
		for _, e := range a.values.Values[i].Exprs() {
			c.Expression(e)
		}
		c.MakeValue(name, a.values.Values[i].Node)
	}
}
