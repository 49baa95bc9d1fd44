package value

import (
	"fmt"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// A Reference is a name of another actor: actor.name or actor[index].name.
type Reference struct {
	Actor string
	Name  string
	Index *vm.Program // nil without an index
	Slot  string      // the identifier that stands for it in the compiled expression
	names []string    // what the index reads
}

// refPatcher replaces each actor.name by an identifier of its own, so that
// the awaited value can be handed in under it.
type refPatcher struct {
	decoder *Decoder
	refs    []Reference
	hidden  []Reference
}

// Visit implements ast.Visitor; children come before their parents.
func (p *refPatcher) Visit(node *ast.Node) {
	m, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	name, ok := m.Property.(*ast.StringNode)
	if !ok {
		return
	}
	ref := Reference{Name: name.Value}
	switch base := m.Node.(type) {
	case *ast.IdentifierNode:
		ref.Actor = base.Value
	case *ast.MemberNode:
		id, ok := base.Node.(*ast.IdentifierNode)
		if _, text := base.Property.(*ast.StringNode); !ok || text || !p.decoder.IsActor(id.Value) {
			return
		}
		ref.Actor = id.Value
		index, err := expr.Compile(base.Property.String(), p.decoder.functions()...)
		if err != nil {
			return
		}
		ref.Index = index
		root := index.Node()
		ref.names = freeNames(&root, nil)
	default:
		return
	}
	if !p.decoder.IsActor(ref.Actor) {
		if p.decoder.actors[ref.Actor] {
			p.hidden = append(p.hidden, ref)
		}
		return
	}
	ref.Slot = fmt.Sprintf("ref%d·", len(p.refs))
	p.refs = append(p.refs, ref)
	ast.Patch(node, &ast.IdentifierNode{Value: ref.Slot})
}

// freeNames lists the identifiers that an expression reads, without functions
// and names that it declares itself.
func freeNames(root *ast.Node, refs *refPatcher) []string {
	c := &nameCollector{seen: map[string]bool{}, skip: map[string]bool{}}
	if refs != nil {
		for _, r := range refs.refs {
			c.skip[r.Slot] = true
		}
	}
	ast.Walk(root, c)
	var names []string
	for _, name := range c.names {
		if !c.skip[name] && !c.seen[name] {
			c.seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// wholeNames are the identifiers that an expression reads as they are, and not
// only for a member.
func wholeNames(root *ast.Node) map[string]bool {
	c := &wholeCollector{members: make(map[*ast.IdentifierNode]bool)}
	ast.Walk(root, c)
	whole := make(map[string]bool)
	for _, id := range c.all {
		if !c.members[id] {
			whole[id.Value] = true
		}
	}
	return whole
}

type wholeCollector struct {
	all     []*ast.IdentifierNode
	members map[*ast.IdentifierNode]bool
}

// Visit implements ast.Visitor.
func (c *wholeCollector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		c.all = append(c.all, n)
	case *ast.MemberNode:
		if id, ok := n.Node.(*ast.IdentifierNode); ok {
			c.members[id] = true
		}
	}
}

type nameCollector struct {
	names []string
	seen  map[string]bool
	skip  map[string]bool
}

// Visit implements ast.Visitor.
func (c *nameCollector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		c.names = append(c.names, n.Value)
	case *ast.CallNode:
		// A function is called by its name, so only a name that is not called
		// is read; the callee has been visited last but for the arguments.
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok && isFunction(callee.Value) {
			c.skip[callee.Value] = true
		}
	case *ast.VariableDeclaratorNode:
		c.skip[n.Name] = true
	}
}
