package value

import (
	"strconv"

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
	default:
		v.text.Decode(d, n)
	}
}

func (v *Datum) add(d *Decoder, n *source.Node) {
	item := new(Datum)
	item.Decode(d, n)
	v.items = append(v.items, item)
}

// Schema accepts anything.
func (v *Datum) Schema() Schema { return Schema{} }

// Type names the type in the reference.
func (v *Datum) Type() string { return "value" }

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

// Assignments are names with the values that they get, in the order of the file.
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
