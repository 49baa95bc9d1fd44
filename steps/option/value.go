package option

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Value is an option's value as it is in the file; which form fits
// depends on the option.
type Value struct {
	Node    *source.Node
	text    value.Text      // a scalar, or a list of flags joined by |
	fields  value.Bindings  // a mapping of fields
	payload payload.Payload // a payload form or a list of them, for any option
	bytes   *payload.Blob   // those of the payload, once they have been made
}

// Decode reads a scalar, a list of flags, a mapping of fields or a payload.
func (v *Value) Decode(d *value.Decoder, n *source.Node) {
	v.Node = n
	switch {
	case n.Kind == source.List && slices.ContainsFunc(n.Items, notScalar):
		v.payload.Decode(d, n)
	case n.Kind == source.List:
		joined := *n
		joined.Kind = source.Scalar
		var words []string
		for _, item := range n.Items {
			words = append(words, item.Text)
		}
		joined.Text = strings.Join(words, "|")
		v.text.Decode(d, &joined)
	case n.Kind == source.Map && len(n.Entries) == 1 && payload.IsForm(n.Entries[0].Key.Text):
		v.payload.Decode(d, n)
	case n.Kind == source.Map:
		v.fields.Decode(d, n)
	default:
		v.text.Decode(d, n)
	}
}

// Resolved is the value with its expressions run, once: what the kernel gets
// and what the transcript shows are the same. A list or mapping that an
// expression returns is read as one that is there.
func (v *Value) Resolved(env value.Env) (*Value, error) {
	if v.static() {
		return v, nil
	}
	given := &Value{Node: v.Node}
	switch {
	case v.payload.Given():
		b, err := v.payload.Blob(env)
		given.payload, given.bytes = v.payload, &b
		return given, err
	case v.text.Given():
		text, structure, err := v.text.SettledOr(env)
		if err != nil {
			return nil, err
		}
		if text == nil {
			if err := value.DecodeGiven(given, structure, v.Node); err != nil {
				return nil, err
			}
			return given.Resolved(env)
		}
		given.text = *text
		return given, nil
	}
	given.fields.Names = v.fields.Names
	for _, x := range v.fields.Values {
		text, err := x.Settled(env)
		if err != nil {
			return nil, err
		}
		given.fields.Values = append(given.fields.Values, text)
	}
	return given, nil
}

// Encode makes the bytes for the kernel: those of a payload, which any option
// takes, or what its form makes of the value.
func (v *Value) Encode(form func(*Value, value.Env) ([]byte, error), env value.Env) ([]byte, error) {
	switch {
	case v.bytes != nil:
		return v.bytes.Bytes, nil
	case v.payload.Given():
		return v.payload.Bytes(env)
	}
	return form(v, env)
}

func notScalar(n *source.Node) bool { return n.Kind != source.Scalar }

// Schema accepts a scalar, a list of words, a mapping of scalars or a payload.
func (v *Value) Schema() value.Schema {
	return value.Schema{"anyOf": []value.Schema{
		new(value.Text).Schema(), new(value.Bindings).Schema(), new(payload.Payload).Schema(),
	}}
}

// Type names the type in the reference.
func (v *Value) Type() string { return "value of the option" }

// static reports whether the value holds no expression.
func (v *Value) static() bool {
	if _, ok := v.text.Static(); !ok || v.payload.Given() && v.payload.Static == nil {
		return false
	}
	for _, x := range v.fields.Values {
		if _, ok := x.Static(); !ok {
			return false
		}
	}
	return true
}

// Check reports a value that does not fit the option, as far as that can be
// known without running.
func (v *Value) Check(c *check.Check, o sock.Option) {
	form := SettingForm(o)
	switch {
	case v.payload.Given():
		return
	case !v.checkFields(c, o.Name, form.sends, form.takes()) || !v.static():
		return
	}
	if _, err := form.Encode(v, nil); err != nil {
		c.Problem(v.Node, "%s: %s", o.Name, err).Hint = "it takes " + form.takes()
	}
}

// checkFields reports fields that a structure to send does not have; what says
// which fields it has. It returns false where it has reported some.
func (v *Value) checkFields(c *check.Check, name string, known []string, what string) bool {
	ok := true
	for i, field := range v.fields.Names {
		if known == nil || slices.Contains(known, field) {
			continue
		}
		ok = false
		p := c.Problem(v.Node.Entries[i].Key, "%s takes no field %q", name, field)
		if p.Hint = source.DidYouMean(field, known); p.Hint == "" {
			p.Hint = "it takes " + what
		}
	}
	return ok
}

// A Field is one member of a structured value.
type Field struct {
	Name   string
	Value  any  // int or string
	Varies bool // from run to run
}

// Fields is a structured value, in the order of the C struct.
type Fields []Field

// get finds a field.
func (f Fields) get(name string) (Field, bool) {
	for _, x := range f {
		if x.Name == name {
			return x, true
		}
	}
	return Field{}, false
}

// Value is what expressions see.
func (f Fields) Value() map[string]any {
	m := make(map[string]any, len(f))
	for _, x := range f {
		m[x.Name] = x.Value
	}
	return m
}

// Traced is value, with the fields that vary from run to run.
func (f Fields) Traced() any {
	parts := make(map[string]*value.Trace)
	for _, x := range f {
		if x.Varies {
			parts[x.Name] = value.TraceOf(value.Whole(x.Value, event.Origin{Word: x.Name}))
		}
	}
	if len(parts) == 0 {
		return f.Value()
	}
	return value.Traced{Value: f.Value(), Trace: &value.Trace{Parts: parts}}
}

func (f Fields) names() []string {
	var names []string
	for _, x := range f {
		names = append(names, x.Name)
	}
	return names
}

// Show writes the fields as strace writes a struct; those that vary from run to
// run are masked by their name. Only lists those that are asked for; nil asks
// for all that do not vary.
func (f Fields) Show(only []string) event.Joined {
	parts := event.Joined{event.Const("{")}
	add := func(part ...any) {
		if len(parts) > 1 {
			parts = append(parts, event.Const(", "))
		}
		parts = append(parts, part...)
	}
	left := false
	for _, x := range f {
		text := value.Format(x.Value)
		switch {
		case only != nil && !slices.Contains(only, x.Name), only == nil && x.Varies && len(f) > 8:
			left = true
		case x.Varies:
			origin := event.Origin{Word: x.Name}
			add(event.Const(x.Name+"="), event.Plain{Text: text, Marks: []event.Mark{{To: len(text), Origins: []event.Origin{origin}}}})
		default:
			add(event.Const(x.Name + "=" + text))
		}
	}
	if left {
		add(event.Const("..."))
	}
	return append(parts, event.Const("}"))
}

// FieldsWant are conditions on the fields of a structured value.
type FieldsWant struct {
	node  *source.Node
	Names []string
	wants []*ValueWant
}

// Decode reads a mapping of fields to conditions.
func (w *FieldsWant) Decode(d *value.Decoder, n *source.Node) {
	w.node = n
	if n.Kind != source.Map {
		d.Problem(n, "expected a mapping of fields to values, got %s", n.Describe())
		return
	}
	for _, e := range n.Entries {
		v := new(ValueWant)
		v.Decode(d, e.Value)
		w.Names, w.wants = append(w.Names, e.Key.Text), append(w.wants, v)
	}
}

// Schema accepts a mapping of conditions.
func (w *FieldsWant) Schema() value.Schema {
	return value.Schema{"type": "object", "additionalProperties": new(ValueWant).Schema()}
}

// Type names the type in the reference.
func (w *FieldsWant) Type() string { return "conditions by field" }

// check compares fields with the conditions.
func (w *FieldsWant) check(env value.Env, got Fields, what string) error {
	for i, name := range w.Names {
		f, ok := got.get(name)
		if !ok {
			return value.Mismatchf("%s has no field %s; it has %s", what, name, value.JoinOr(got.names()))
		}
		if err := w.wants[i].check(env, f.Value, what+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// Settled is f with the fields that do not vary, as just one value is expected.
func (w *FieldsWant) Settled(f Fields) Fields {
	f = slices.Clone(f)
	for i, name := range w.Names {
		lit := w.wants[i].text.Lit
		_, err := strconv.ParseInt(lit, 0, 64)
		for j := range f {
			if f[j].Name == name && (err == nil || isUnsigned(lit)) {
				f[j].Varies = false
			}
		}
	}
	return f
}

// ValueWant is a condition on one value: a number, a duration or a text.
type ValueWant struct {
	node   *source.Node
	text   value.Text    // of a scalar
	texts  []*value.Text // of which one must hold
	number value.Compare
	span   value.Compare
}

// Decode keeps every reading of the condition that is possible; the value
// says which one counts. A value that no reading has is as if none was given.
func (w *ValueWant) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.Map {
		d.Problem(n, "expected a value or a condition, got %s", n.Describe()).Hint = "the fields of a structure are expected by name"
		return
	}
	before := d.Count()
	for _, item := range value.Listed(n) {
		x := new(value.Text)
		x.Decode(d, item)
		w.texts = append(w.texts, x)
	}
	if d.Count() > before {
		return
	}
	w.node = n
	w.number.Unit, w.span.Unit = value.SignedUnit, value.TimeUnit
	if n.Kind == source.Scalar {
		w.text = *w.texts[0]
	}
	for _, c := range []*value.Compare{&w.number, &w.span} {
		if !d.Tries(c, n) {
			c.Node = nil
		}
	}
}

// Given reports whether a condition was written at all.
func (w *ValueWant) Given() bool { return w.node != nil }

// Schema accepts a scalar or a list of conditions.
func (w *ValueWant) Schema() value.Schema {
	one := new(value.Text).Schema()
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one}}}
}

// Type names the type in the reference.
func (w *ValueWant) Type() string { return "value or condition" }

// Shown is the value as the transcript shows it: a structure by the fields
// that the file gives, a payload by its bytes. It must have been resolved.
func (v *Value) Shown(form *Form, b []byte) any {
	switch {
	case v.bytes != nil:
		return event.Data{Bytes: b, Len: len(b), Marks: v.bytes.Marks}
	case v.payload.Given():
		return showBytes(b)
	case len(v.fields.Names) > 0:
		shown := v.shownFields(func(int) bool { return false })
		if form.fields == nil || len(shown.Marks) > 0 {
			return event.Plain(shown)
		}
	}
	if text, err := v.text.Marked(nil); v.text.Given() && err == nil && len(text.Marks) > 0 {
		return event.Plain(text)
	}
	return form.shown(b)
}

// shownFields are the fields as strace writes a struct. Those that vary from
// run to run show their name, unless it is known where they come from.
func (v *Value) shownFields(varies func(field int) bool) event.Marked {
	all := event.Marked{Text: "{"}
	for i, name := range v.fields.Names {
		if i > 0 {
			all.Text += ", "
		}
		all.Text += name + "="
		text, _ := v.fields.Values[i].Marked(nil) // there is no expression left in it
		if len(text.Marks) == 0 && varies(i) {
			text.Marks = []event.Mark{{To: len(text.Text), Origins: []event.Origin{{Word: name}}}}
		}
		all.Add(text)
	}
	all.Text += "}"
	return all
}
