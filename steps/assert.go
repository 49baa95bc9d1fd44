package steps

import (
	"strings"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var assertKind = step.Kind{
	Name:    "assert",
	Summary: "check a condition",
	Text:    `The expression must be true; a failure shows the values of the names in it.`,
	Example: letKind.Example,
	New:     func() step.Action { return new(assertAction) },
}

type assertAction struct{ cond value.Expr }

func (a *assertAction) Params(p *step.Params) { p.Value(&a.cond, "the condition") }

func (a *assertAction) Run(t *step.Task) error {
	t.Call("assert", event.Bare{Text: "assert " + a.cond.Source})
	ok, err := a.cond.Truth(t)
	t.Begin()
	if err != nil || ok {
		return err
	}
	var with []string
	for _, name := range a.cond.Reads() {
		if v, err := t.Lookup(name); err == nil {
			with = append(with, name+" is "+quoteText(value.Untraced(v)))
		}
	}
	return value.Mismatchf("%s does not hold%s", a.cond.Source, value.Prefixed("; ", strings.Join(with, ", ")))
}

// quoteText shows a value, a text in quotes.
func quoteText(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return value.Quote(v)
	}
	return value.Format(v)
}
