package option

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/value"
)

// check reports a condition that the form can never meet.
func (f *Form) check(c *check.Check, it *controlWanted) {
	name := it.typ.Name
	switch {
	case it.fields.node != nil && f.fields == nil:
		c.Problem(it.node, "%s has no fields; its value is %s", name, f.What)
	case it.fields.node != nil:
		f.checkFields(c, name, &it.fields)
	case it.value.text.Lit == "any":
	case f.fields != nil:
		c.Problem(it.node, "the value of %s is %s, not a single value", name, f.What).Hint = "expect its fields by name, or any"
	case f.isNumber && !it.value.numeric():
		c.Problem(it.node, "the value of %s is %s; %s is not a condition for it", name, f.What, value.Shown(it.node))
	}
}

// checkFields reports conditions on fields that the structure does not have, or
// that a field can never meet.
func (f *Form) checkFields(c *check.Check, name string, w *FieldsWant) {
	known := f.names()
	for i, e := range w.node.Entries {
		at := slices.Index(known, e.Key.Text)
		if at < 0 {
			p := c.Problem(e.Key, "%s has no field %q", name, e.Key.Text)
			if p.Hint = source.DidYouMean(e.Key.Text, known); p.Hint == "" {
				p.Hint = "it has " + value.JoinOr(known)
			}
			continue
		}
		f.fields[at].check(c, w.wants[i], name)
	}
}

func (x *field) check(c *check.Check, want *ValueWant, typ string) {
	switch {
	case !want.Given():
	case x.words != nil:
		x.checkWords(c, want.texts, typ)
	case !x.free && !want.numeric():
		c.Problem(want.node, "%s of %s is a number; %s is not a condition for it", x.name, typ, value.Shown(want.node))
	}
}

// checkWords reports words that the field never shows: an error where no other
// word is allowed.
func (x *field) checkWords(c *check.Check, texts []*value.Text, typ string) {
	severity := source.Error
	for _, text := range texts {
		if word, static := text.Static(); !static || slices.Contains(x.words(), word) {
			severity = source.Warning
		}
	}
	for _, text := range texts {
		if word, static := text.Static(); static && !slices.Contains(x.words(), word) {
			p := c.Problem(text.Node, "%s of %s cannot be %s", x.name, typ, value.Quote(word))
			p.Severity, p.Hint = severity, source.DidYouMean(word, x.words())
		}
	}
}

// numeric reports whether the condition can hold of a number.
func (w *ValueWant) numeric() bool {
	return w.number.Node != nil || isTruth(w.text.Lit) || isUnsigned(w.text.Lit)
}

func (f *Form) names() []string {
	var names []string
	for _, x := range f.fields {
		names = append(names, x.name)
	}
	return names
}
