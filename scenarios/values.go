package scenarios

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
)

// word is a text without expressions.
type word struct{ text string }

func (w *word) Decode(d *steps.Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "expected a text, got %s", n.Describe())
		return
	}
	w.text = n.Text
}

func (w *word) Schema() steps.Schema { return steps.Schema{"type": "string"} }
func (w *word) Type() string         { return "text" }

// words is a word or a list of them.
type words struct{ list []string }

func (w *words) Decode(d *steps.Decoder, n *source.Node) {
	for _, item := range items(n) {
		var x word
		x.Decode(d, item)
		w.list = append(w.list, x.text)
	}
}

func (w *words) Schema() steps.Schema { return oneOrMore(steps.Schema{"type": "string"}) }
func (w *words) Type() string         { return "word or list of words" }

// variables are typed as YAML types plain scalars.
type variables struct {
	values map[string]any
	nodes  map[string]*source.Node
}

func (v *variables) Decode(d *steps.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "vars is a mapping of names to values, not %s", n.Describe())
		return
	}
	v.values, v.nodes = make(map[string]any), make(map[string]*source.Node)
	for _, e := range n.Entries {
		if !steps.IsName(e.Key.Text) {
			d.Problem(e.Key, "%q is no name for a variable", e.Key.Text).Hint = "a name is letters, digits and _, and starts with a letter"
		}
		v.nodes[e.Key.Text] = e.Key
		v.values[e.Key.Text] = v.value(d, e.Value)
	}
}

func (v *variables) value(d *steps.Decoder, n *source.Node) any {
	switch n.Kind {
	case source.List:
		list := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			list = append(list, v.value(d, item))
		}
		return list
	case source.Map:
		m := make(map[string]any)
		for _, e := range n.Entries {
			m[e.Key.Text] = v.value(d, e.Value)
		}
		return m
	}
	return steps.ScalarValue(n)
}

func (v *variables) Schema() steps.Schema {
	return steps.Schema{
		"type":          "object",
		"propertyNames": steps.Schema{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
	}
}
func (v *variables) Type() string { return "values by name" }

func items(n *source.Node) []*source.Node {
	if n.Kind == source.List {
		return n.Items
	}
	return []*source.Node{n}
}

func oneOrMore(one steps.Schema) steps.Schema {
	return steps.Schema{"anyOf": []steps.Schema{one, {"type": "array", "items": one}}}
}
