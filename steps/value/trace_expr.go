package value

import (
	"strconv"

	"github.com/expr-lang/expr/ast"
	"github.com/sockscript/sockscript/steps/event"
)

// A path is what an expression reads of one name: [conn, peer, port].
type path []string

// pathOf is the path that a node stands for; nil where it computes something.
func pathOf(node ast.Node) path {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return path{n.Value}
	case *ast.ChainNode:
		return pathOf(n.Node)
	case *ast.MemberNode:
		base := pathOf(n.Node)
		if base == nil {
			return nil
		}
		switch key := n.Property.(type) {
		case *ast.StringNode:
			return append(base, key.Value)
		case *ast.IntegerNode:
			return append(base, strconv.Itoa(key.Value))
		}
	}
	return nil
}

// pathCollector finds what an expression reads: the longest paths in it.
type pathCollector struct {
	order []ast.Node
	paths map[ast.Node]path
}

// Visit implements ast.Visitor; children come before their parents.
func (c *pathCollector) Visit(node *ast.Node) {
	p := pathOf(*node)
	if p == nil {
		return
	}
	switch n := (*node).(type) {
	case *ast.MemberNode:
		delete(c.paths, n.Node)
	case *ast.ChainNode:
		delete(c.paths, n.Node)
	}
	c.order = append(c.order, *node)
	c.paths[*node] = p
}

// pathsOf lists what an expression reads.
func pathsOf(root ast.Node) []path {
	var list []path
	c := &pathCollector{paths: make(map[ast.Node]path)}
	ast.Walk(&root, c)
	for _, node := range c.order {
		if p, ok := c.paths[node]; ok {
			list = append(list, p)
		}
	}
	return list
}

// trace is what is known of the value that the expression gave, from the traces
// of the names that it read.
func (e *Expr) trace(v any, names map[string]*Trace) *Trace {
	if len(names) == 0 {
		return nil
	}
	if e.path != nil {
		if t, exact := names[e.path[0]].Part(e.path[1:]); exact {
			return t
		}
	}
	var from []event.Origin
	for _, p := range e.reads {
		t, _ := names[p[0]].Part(p[1:])
		from = t.Origins(from)
	}
	return Derived(v, from)
}
