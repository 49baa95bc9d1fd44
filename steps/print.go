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
	s, err := a.text.Marked(t)
	if err != nil {
		return err
	}
	s.Text = strings.TrimSuffix(s.Text, "\n")
	for i, line := range s.lines() {
		if i > 0 {
			t.Next()
		}
		shown := Marked{Text: "| "}
		shown.add(line)
		t.Call("print", Bare(shown))
	}
	return nil
}
