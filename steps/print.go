package steps

import "strings"

var printKind = Kind{
	Name:    "print",
	Summary: "write a line into the transcript",
	Text: `The line stands behind a bar, to be told from the calls. A text of several
lines gives as many.`,
	Example: `actors:
  one:
    - let: {n: 2}
    - print: ${n} and ${n + 1}
`,
	New: func() Action { return new(printAction) },
}

type printAction struct{ text Text }

func (a *printAction) Params(p *Params) { p.Value(&a.text, "the line") }

func (a *printAction) Run(t *Task) error {
	s, err := a.text.Eval(t)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if i > 0 {
			t.Next()
		}
		t.Call("print", Bare("| "+line))
	}
	return nil
}
