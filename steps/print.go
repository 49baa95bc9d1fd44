package steps

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var printKind = step.Kind{
	Name:    "print",
	Summary: "write a line into the transcript",
	Text: `A bar before the line shows that it is not a call. A text of several lines makes
several lines in the transcript. A value with bytes that are not text prints
them as \x1f, or in hexadecimal where more than a fifth are not text.`,
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
	s, err := a.text.Line(t)
	if err != nil {
		return err
	}
	n := int64(0)
	for range s.Lines() {
		n++
	}
	if err := value.MaxPrinted.Check(n); err != nil {
		return err
	}
	first := true
	for line := range s.Lines() {
		if !first {
			t.Record()
		}
		first = false
		shown := event.Marked{Text: "| "}
		shown.Add(line)
		t.Call("print", event.Bare(shown.Cut(int(value.MaxLine.Most))))
	}
	return nil
}
