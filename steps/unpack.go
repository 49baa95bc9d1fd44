package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var unpackKind = step.Kind{
	Name:    "unpack",
	Summary: "take bytes apart into fields",
	Text: `The fields of the layout follow one another in the bytes. Each says what
must be there, any, or the name that it gets. An expression in a field sees the
names of the fields before it. Bytes that are left over behind the last field
are a failure, unless the last field is rest. recv takes a layout too: expect:
{layout: …}.`,
	Example: `actors:
  one:
    - pack:
        - u16be: [7, 1]
        - prefixed: {by: u8, data: greeting}
        - hello
      as: message
    - unpack: ${message}
      layout:
        - u16be: [{as: id}, 1]
        - prefixed: {by: u8, as: label}
        - rest: {as: body}
    - assert: id == 7 && label == "greeting" && body == "hello"
`,
	New: func() step.Action { return new(unpackAction) },
}

type unpackAction struct {
	data   payload.Payload
	layout payload.Layout
}

func (a *unpackAction) Params(p *step.Params) {
	p.Value(&a.data, "the bytes")
	p.Key("layout", &a.layout, "the fields that they consist of").Need()
}

func (a *unpackAction) Run(t *step.Task) error {
	b, err := a.data.Blob(t)
	if err != nil {
		return err
	}
	t.Call("unpack", t.Bytes(b), event.Count(len(b.Bytes)))
	values, err := a.layout.Unpack(t, b)
	var shown event.Marked
	for i, v := range values {
		if i > 0 {
			shown.Text += ", "
		}
		shown.Text += v.Name + ": "
		shown.Add(value.FormatLine(value.Untraced(v.Value), value.TraceOf(v.Value)))
	}
	if len(values) > 0 {
		t.Return(event.Bare(shown.Cut(int(value.MaxLine.Most))))
	}
	return err
}

func (a *unpackAction) named() []string { return a.layout.Names() }

// Inner are the expressions that see the names of fields before them.
func (a *unpackAction) Inner() []*value.Expr { return a.layout.Exprs() }

func (a *unpackAction) Check(c *check.Check) { c.MakeLayout(&a.layout) }
