package steps

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// OptionValue is an option's value as it stands in the file; which form fits
// depends on the option.
type OptionValue struct {
	node    *source.Node
	text    Text     // a scalar, or a list of flags joined by |
	fields  Bindings // a mapping of fields
	payload Payload  // a payload form or a list of them, for any option
}

// Decode reads a scalar, a list of flags, a mapping of fields or a payload.
func (v *OptionValue) Decode(d *Decoder, n *source.Node) {
	v.node = n
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
	case n.Kind == source.Map && len(n.Entries) == 1 && isPayloadForm(n.Entries[0].Key.Text):
		v.payload.Decode(d, n)
	case n.Kind == source.Map:
		v.fields.Decode(d, n)
	default:
		v.text.Decode(d, n)
	}
}

// resolved is the value, or the list or mapping that its expression gives.
func (v *OptionValue) resolved(env Env) (*OptionValue, error) {
	if !v.text.Given() {
		return v, nil
	}
	x, err := v.text.Value(env)
	if err != nil || !structured(x) {
		return v, err
	}
	given := new(OptionValue)
	return given, decodeGiven(given, x, v.node)
}

// encode makes the bytes for the kernel: those of a payload, which any option
// takes, or what its form makes of the value.
func (v *OptionValue) encode(form func(*OptionValue, Env) ([]byte, error), env Env) ([]byte, error) {
	if v.payload.Given() {
		return v.payload.Bytes(env)
	}
	return form(v, env)
}

func notScalar(n *source.Node) bool { return n.Kind != source.Scalar }

// Schema accepts a scalar, a list of words, a mapping of scalars or a payload.
func (v *OptionValue) Schema() Schema {
	return Schema{"anyOf": []Schema{
		new(Text).Schema(), new(Bindings).Schema(), new(Payload).Schema(),
	}}
}

// Type names the type in the reference.
func (v *OptionValue) Type() string { return "value of the option" }

// static reports whether the value holds no expression.
func (v *OptionValue) static() bool {
	if _, ok := v.text.Static(); !ok || v.payload.Given() && v.payload.static == nil {
		return false
	}
	for _, x := range v.fields.Values {
		if _, ok := x.Static(); !ok {
			return false
		}
	}
	return true
}

// check reports a value that does not fit the option, as far as that can be
// known without running.
func (v *OptionValue) check(c *Check, o sock.Option) {
	form := settingForm(o)
	switch {
	case v.payload.Given():
		return
	case !v.checkFields(c, o.Name, form.sends, form.what) || !v.static():
		return
	}
	if _, err := form.encode(v, nil); err != nil {
		c.problem(v.node, "%s: %s", o.Name, err).Hint = "it takes " + form.what
	}
}

// checkFields reports fields that a structure to send does not have; what tells
// which it takes. False means that there are some.
func (v *OptionValue) checkFields(c *Check, name string, known []string, what string) bool {
	ok := true
	for i, field := range v.fields.Names {
		if known == nil || slices.Contains(known, field) {
			continue
		}
		ok = false
		p := c.problem(v.node.Entries[i].Key, "%s takes no field %q", name, field)
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

// value is what expressions see.
func (f Fields) value() map[string]any {
	m := make(map[string]any, len(f))
	for _, x := range f {
		m[x.Name] = x.Value
	}
	return m
}

// traced is value, with the fields that vary from run to run.
func (f Fields) traced() any {
	parts := make(map[string]*Trace)
	for _, x := range f {
		if x.Varies {
			parts[x.Name] = traceOf(whole(x.Value, Origin{Word: x.Name}))
		}
	}
	if len(parts) == 0 {
		return f.value()
	}
	return traced{f.value(), &Trace{parts: parts}}
}

func (f Fields) names() []string {
	var names []string
	for _, x := range f {
		names = append(names, x.Name)
	}
	return names
}

// show writes the fields as strace writes a struct; those that vary from run to
// run show their name in place of their value. Only lists those that are asked
// for; nil asks for all that do not vary.
func (f Fields) show(only []string) Const {
	var parts []string
	left := false
	for _, x := range f {
		switch {
		case only != nil && !slices.Contains(only, x.Name), only == nil && x.Varies && len(f) > 8:
			left = true
		case x.Varies:
			parts = append(parts, x.Name+"=<"+x.Name+">")
		default:
			parts = append(parts, x.Name+"="+FormatValue(x.Value))
		}
	}
	if left {
		parts = append(parts, "...")
	}
	return Const("{" + strings.Join(parts, ", ") + "}")
}

// FieldsWant are conditions on the fields of a structured value.
type FieldsWant struct {
	node  *source.Node
	names []string
	wants []*ValueWant
}

// Decode reads a mapping of fields to conditions.
func (w *FieldsWant) Decode(d *Decoder, n *source.Node) {
	w.node = n
	if n.Kind != source.Map {
		d.Problem(n, "expected a mapping of fields to values, got %s", n.Describe())
		return
	}
	for _, e := range n.Entries {
		v := new(ValueWant)
		v.Decode(d, e.Value)
		w.names, w.wants = append(w.names, e.Key.Text), append(w.wants, v)
	}
}

// Schema accepts a mapping of conditions.
func (w *FieldsWant) Schema() Schema {
	return Schema{"type": "object", "additionalProperties": new(ValueWant).Schema()}
}

// Type names the type in the reference.
func (w *FieldsWant) Type() string { return "conditions by field" }

// check holds fields against the conditions.
func (w *FieldsWant) check(env Env, got Fields, what string) error {
	for i, name := range w.names {
		f, ok := got.get(name)
		if !ok {
			return mismatch("%s has no field %s; it has %s", what, name, joinOr(got.names()))
		}
		if err := w.wants[i].check(env, f.Value, what+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// settled is f with the fields that do not vary, as just one value is expected.
func (w *FieldsWant) settled(f Fields) Fields {
	f = slices.Clone(f)
	for i, name := range w.names {
		_, err := strconv.ParseInt(w.wants[i].text.lit, 0, 64)
		for j := range f {
			if f[j].Name == name && err == nil {
				f[j].Varies = false
			}
		}
	}
	return f
}

// ValueWant is a condition on one value: a number, a duration or a text.
type ValueWant struct {
	node   *source.Node
	text   Text    // of a scalar
	texts  []*Text // of which one must hold
	number Compare
	span   Compare
}

// Decode keeps every reading of the condition that is possible; the value
// tells which one counts.
func (w *ValueWant) Decode(d *Decoder, n *source.Node) {
	w.node = n
	w.number.unit, w.span.unit = signedUnit, timeUnit
	for _, item := range listed(n) {
		x := new(Text)
		x.Decode(d, item)
		w.texts = append(w.texts, x)
	}
	if n.Kind == source.Scalar {
		w.text = *w.texts[0]
	}
	for _, c := range []*Compare{&w.number, &w.span} {
		if !d.Tries(c, n) {
			c.node = nil
		}
	}
}

// Given reports whether a condition was written at all.
func (w *ValueWant) Given() bool { return w.node != nil }

// Schema accepts a scalar or a list of conditions.
func (w *ValueWant) Schema() Schema {
	one := new(Text).Schema()
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one}}}
}

// Type names the type in the reference.
func (w *ValueWant) Type() string { return "value or condition" }
