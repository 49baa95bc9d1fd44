package steps

import "strings"

var assertKind = Kind{
	Name:    "assert",
	Summary: "check a condition",
	Text:    `The expression must be true; a failure shows the values of the names in it.`,
	Example: letKind.Example,
	New:     func() Action { return new(assertAction) },
}

type assertAction struct{ cond Expr }

func (a *assertAction) Params(p *Params) { p.Value(&a.cond, "the condition") }

func (a *assertAction) Run(t *Task) error {
	t.Call("assert", Bare{Text: "assert " + a.cond.Source})
	ok, err := a.cond.Truth(t)
	t.begin()
	if err != nil || ok {
		return err
	}
	var with []string
	for _, name := range a.cond.Reads() {
		if v, err := t.Lookup(name); err == nil {
			with = append(with, name+" is "+quoteText(untraced(v)))
		}
	}
	return mismatch("%s does not hold%s", a.cond.Source, prefixed("; ", strings.Join(with, ", ")))
}

// quoteText shows a value, a text in quotes.
func quoteText(v any) string {
	if s, ok := v.(string); ok {
		return quoteShort(s)
	}
	return FormatValue(v)
}
