package steps

import (
	"strings"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var printKind = step.Kind{
	Name:    "print",
	Summary: "write a line into the transcript",
	Text: `A bar before the line shows that it is not a call. A text of several lines makes
several lines in the transcript.`,
	Example: `actors:
  one:
    - let: {n: 2}
    - print: ${n} and ${n + 1}
`,
	New: func() step.Action { return new(printAction) },
}

type printAction struct{ text value.Text }

func (a *printAction) Params(p *step.Params) { p.Value(&a.text, "the line") }

func (a *printAction) Run(t *step.Task) error {
	s, err := a.text.Marked(t)
	if err != nil {
		return err
	}
	s.Text = strings.TrimSuffix(s.Text, "\n")
	if err := value.MaxPrinted.Check(int64(strings.Count(s.Text, "\n")) + 1); err != nil {
		return err
	}
	for i, line := range s.Lines() {
		if i > 0 {
			t.Next()
		}
		shown := event.Marked{Text: "| "}
		shown.Add(line)
		t.Call("print", event.Bare(shown.Cut(int(value.MaxLine.Most))))
	}
	return nil
}
