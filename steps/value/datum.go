package value

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Datum is a value as YAML writes it: a text, a list or a mapping, with
// expressions anywhere in its texts.
type Datum struct {
	Node  *source.Node
	text  Text
	items []*Datum // of a list, or of a mapping
	keys  []string // of a mapping
}

// Decode reads any value.
func (v *Datum) Decode(d *Decoder, n *source.Node) {
	v.Node = n
	switch n.Kind {
	case source.List:
		for _, item := range n.Items {
			v.add(d, item)
		}
	case source.Map:
		for _, e := range n.Entries {
			v.keys = append(v.keys, e.Key.Text)
			v.add(d, e.Value)
		}
		d.needDatum(v)
	default:
		v.text.Decode(d, n)
	}
}

func (v *Datum) add(d *Decoder, n *source.Node) {
	item := new(Datum)
	item.Decode(d, n)
	v.items = append(v.items, item)
}

// Exprs are the expressions in the value.
func (v *Datum) Exprs() []*Expr {
	var list []*Expr
	for _, part := range v.text.Parts {
		if part.Expr != nil {
			list = append(list, part.Expr)
		}
	}
	for _, item := range v.items {
		list = append(list, item.Exprs()...)
	}
	return list
}

// Schema accepts anything.
func (v *Datum) Schema() Schema { return Schema{} }

// Type names the type in the reference.
func (v *Datum) Type() string { return "value" }

// Scalar is the text of a value that is neither a list nor a mapping, else nil.
func (v *Datum) Scalar() *Text {
	if v.Node.Kind != source.Scalar {
		return nil
	}
	return &v.text
}

// Word is the value where it is a plain text without expressions, which may be
// the name of something.
func (v *Datum) Word() (string, bool) {
	if v.Node.Kind != source.Scalar || v.Node.Quoted {
		return "", false
	}
	return v.text.Static()
}

// Fixed is the value where it holds no expression.
func (v *Datum) Fixed() (any, bool) {
	if !v.static() {
		return nil, false
	}
	x, err := v.Typed(nil)
	return Untraced(x), err == nil
}

func (v *Datum) static() bool {
	for _, item := range v.items {
		if !item.static() {
			return false
		}
	}
	_, fixed := v.text.Static()
	return fixed
}

// Typed is the value, with its trace; texts in it are typed as [Text.Typed]
// does.
func (v *Datum) Typed(env Env) (any, error) {
	if v.Node.Kind == source.Scalar {
		return v.text.Typed(env)
	}
	list, m := make([]any, len(v.items)), make(map[string]any, len(v.keys))
	parts := make(map[string]*Trace)
	for i, item := range v.items {
		x, err := item.Typed(env)
		if err != nil {
			return nil, err
		}
		key := strconv.Itoa(i)
		list[i] = Untraced(x)
		if v.Node.Kind == source.Map {
			key = v.keys[i]
			m[key] = list[i]
		}
		if t := TraceOf(x); t != nil {
			parts[key] = t
		}
	}
	var trace *Trace
	if len(parts) > 0 {
		trace = &Trace{Parts: parts}
	}
	if v.Node.Kind == source.List {
		return WithTrace(list, trace), nil
	}
	return WithTrace(m, trace), nil
}

// Assignments are names with the values that they get, in the order of the
// file.
type Assignments struct {
	Names  []string
	Values []*Datum
}

// Decode reads a mapping of names to values.
func (v *Assignments) Decode(d *Decoder, n *source.Node) {
	for _, e := range d.named(n) {
		x := new(Datum)
		x.Decode(d, e.Value)
		v.Names, v.Values = append(v.Names, e.Key.Text), append(v.Values, x)
	}
}

// NamesIn implements [Namer].
func (v *Assignments) NamesIn(n *source.Node, add func(string)) {
	for _, e := range n.Entries {
		add(e.Key.Text)
	}
}

// Schema accepts a mapping of names to anything.
func (v *Assignments) Schema() Schema {
	return Schema{"type": "object", "minProperties": 1, "propertyNames": Schema{"pattern": NamePattern}}
}

// Type names the type in the reference.
func (v *Assignments) Type() string { return "names and values" }

// Plain is a text without expressions.
type Plain struct{ Text string }

// Written implements [Written].
func (v *Plain) Written() {}

// Decode reads a text.
func (v *Plain) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "expected a text, got %s", n.Describe())
		return
	}
	v.Text = n.Text
}

// Schema accepts a text.
func (v *Plain) Schema() Schema { return Schema{"type": "string"} }

// Type names the type in the reference.
func (v *Plain) Type() string { return "text" }

// A Filled is a text that says something.
type Filled struct{ Plain }

// Decode reads a text of more than blanks.
func (v *Filled) Decode(d *Decoder, n *source.Node) {
	if v.Plain.Decode(d, n); n.Kind == source.Scalar && strings.TrimSpace(n.Text) == "" {
		d.Problem(n, "the text is empty").Hint = "write one, or leave the key out"
	}
}

// Schema accepts a text of more than blanks.
func (v *Filled) Schema() Schema { return Schema{"type": "string", "pattern": `\S`} }

// A Result is what a value must be: of a mapping, what the keys that are named
// here must be; of a list, what each item must be; else the same text or
// number.
type Result struct{ Datum }

// Given reports whether anything was written.
func (v *Result) Given() bool { return v.Node != nil }

// Schema accepts anything.
func (v *Result) Schema() Schema { return Schema{"additionalProperties": Schema{}} }

// Check compares a value that a step got.
func (v *Result) Check(env Env, got any) error {
	want, err := v.Typed(env)
	if err != nil {
		return err
	}
	return differs("the result", Untraced(got), Untraced(want))
}

// mostQuoted is how long a text in a message may be.
const mostQuoted = 60

// differs reports where a value is not what it must be.
func differs(what string, got, want any) error {
	switch want := want.(type) {
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			return Mismatchf("expected %s to be a mapping, got %s", what, Quote(Format(got)))
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			x, there := m[key]
			if !there {
				return Mismatchf("expected %s to have %s; its keys are %s", what, key, strings.Join(slices.Sorted(maps.Keys(m)), ", "))
			}
			if err := differs(key, x, want[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return Mismatchf("expected %s to be %s, got %s", what, Format(want), Quote(Format(got)))
		}
		for i, x := range want {
			if err := differs(fmt.Sprintf("item %d of %s", i, what), list[i], x); err != nil {
				return err
			}
		}
		return nil
	}
	switch g, w := Format(got), Format(want); {
	case g == w:
	case len(w) > mostQuoted || len(g) > mostQuoted:
		return &Mismatch{Msg: what + " differs", Want: []byte(w), Got: []byte(g), Data: true}
	default:
		return Mismatchf("expected %s to be %s, got %s", what, Quote(w), Quote(g))
	}
	return nil
}
