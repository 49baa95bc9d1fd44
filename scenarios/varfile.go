package scenarios

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// ParseVars reads the text of a file that maps names to values, such as those
// that override a scenario's variables. Values are typed as YAML types plain
// scalars, and ${ means nothing in them. The file is called name in messages.
func ParseVars(name string, data []byte) (map[string]any, source.Problems) {
	docs, problems := source.Parse(name, data)
	if problems.HasErrors() {
		return nil, problems
	}
	vars := make(map[string]any)
	for i, n := range docs {
		switch {
		case i > 0:
			p := n.Problem("a file of variables is one document, and this is another")
			problems = append(problems, p.WithHint("remove the line ---, or make two files"))
		case n.Kind != source.Map:
			p := n.Problem("a file of variables is a mapping of names to values, not %s", n.Describe())
			problems = append(problems, p.WithHint("write NAME: VALUE"))
		}
		for _, e := range n.Entries {
			if !value.IsName(e.Key.Text) {
				p := e.Key.Problem("%q is not a name for a variable", e.Key.Text)
				problems = append(problems, p.WithHint(value.NameHint))
			}
			vars[e.Key.Text] = plainValue(e.Value)
		}
	}
	return vars, problems
}

// plainValue is the value of a node without expressions.
func plainValue(n *source.Node) any {
	switch n.Kind {
	case source.List:
		list := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			list = append(list, plainValue(item))
		}
		return list
	case source.Map:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key.Text] = plainValue(e.Value)
		}
		return m
	}
	return value.Scalar(n)
}
