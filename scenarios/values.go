package scenarios

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// words is a word or a list of them.
type words struct{ list []string }

func (w *words) Decode(d *value.Decoder, n *source.Node) {
	for _, item := range n.OneOrMore() {
		var x value.Plain
		x.Decode(d, item)
		w.list = append(w.list, x.Text)
	}
}

func (w *words) Schema() value.Schema { return value.OneOrMore(value.Schema{"type": "string"}) }
func (w *words) Type() string         { return "word or list of words" }

// variables are typed as YAML types plain scalars. Those with expressions get
// their values when the scenario starts.
type variables struct {
	values   map[string]any // nil for those that are computed
	computed []*Variable
	nodes    map[string]*source.Node
}

func (v *variables) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "vars is a mapping of names to values, not %s", n.Describe())
		return
	}
	v.values, v.nodes = make(map[string]any), make(map[string]*source.Node)
	for _, e := range n.Entries {
		if !value.IsName(e.Key.Text) {
			d.Problem(e.Key, "%q is not a name for a variable", e.Key.Text).Hint = value.NameHint
		}
		v.nodes[e.Key.Text] = e.Key
		x := &Variable{Name: e.Key.Text, Node: e.Key}
		x.Exprs = d.Outside(&x.Value, e.Value)
		if value, fixed := x.Value.Fixed(); fixed {
			v.values[x.Name] = value
			continue
		}
		v.values[x.Name] = nil
		v.computed = append(v.computed, x)
	}
}

// inOrder sorts the computed variables so that each comes after those that it
// reads, and reports those that need each other.
func (v *variables) inOrder() ([]*Variable, source.Problems) {
	var problems source.Problems
	var sorted []*Variable
	byName := make(map[string]*Variable)
	for _, x := range v.computed {
		byName[x.Name] = x
	}
	const underWay, done = 1, 2
	state := make(map[*Variable]int)
	var visit func(x *Variable)
	visit = func(x *Variable) {
		state[x] = underWay
		for _, e := range x.Exprs {
			for _, name := range e.Reads() {
				switch y := byName[name]; {
				case y == nil || state[y] == done:
				case state[y] == underWay:
					p := x.Node.Problem("the variable %s needs its own value, through %s", y.Name, x.Name)
					if y == x {
						p.Msg = "the variable " + x.Name + " needs its own value"
					}
					problems = append(problems, p.MoveTo(x.Node, e.Pos()).WithHint("a variable can read others, but not in a circle"))
				default:
					visit(y)
				}
			}
		}
		state[x] = done
		sorted = append(sorted, x)
	}
	for _, x := range v.computed {
		if state[x] == 0 {
			visit(x)
		}
	}
	return sorted, problems
}

func (v *variables) Schema() value.Schema {
	return value.Schema{
		"type":          "object",
		"propertyNames": value.Schema{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
	}
}
func (v *variables) Type() string { return "values by name" }
