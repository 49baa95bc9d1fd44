package steps

import (
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
	msg := event.Marked{Text: a.cond.Source + " does not hold"}
	before := "; "
	for _, name := range a.cond.Reads() {
		v, err := t.Lookup(name)
		if err != nil {
			continue
		}
		msg.Add(event.Marked{Text: before + name + " is "})
		msg.Add(quoted(value.Untraced(v), value.TraceOf(v)))
		before = ", "
	}
	return &value.Mismatch{Msg: msg.Text, Marks: msg.Marks}
}

// quoted shows a value, with all of it masked where any of it is.
func quoted(v any, t *value.Trace) event.Marked {
	text := event.Marked{Text: quoteText(v)}
	if from := t.Origins(nil); len(from) > 0 {
		text.Marks = []event.Mark{{To: len(text.Text), Origins: from}}
	}
	return text
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
