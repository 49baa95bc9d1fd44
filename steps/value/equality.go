package value

import (
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
)

// equalName is the function that stands for == in compiled expressions. No
// scenario can name it.
const equalName = "equal·"

// equality compares addresses as addresses: == and != of expressions would ask
// whether a handle or the sender of a datagram is the same value as a text.
var equality = []expr.Option{
	expr.Function(equalName, func(a ...any) (any, error) { return equal(a[0], a[1]), nil }, new(func(a, b any) bool)),
	expr.Patch(equalPatcher{}),
}

func equal(a, b any) bool {
	_, left := a.(*Endpoint)
	_, right := b.(*Endpoint)
	if left || right {
		return Format(a) == Format(b)
	}
	return runtime.Equal(a, b)
}

type equalPatcher struct{}

// Visit implements ast.Visitor.
func (equalPatcher) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BinaryNode)
	if !ok || n.Operator != "==" && n.Operator != "!=" || noAddress(n.Left) || noAddress(n.Right) {
		return
	}
	var call ast.Node = &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: equalName},
		Arguments: []ast.Node{n.Left, n.Right},
	}
	if n.Operator == "!=" {
		call = &ast.UnaryNode{Operator: "not", Node: call}
	}
	ast.Patch(node, call)
}

// noAddress tells what == can compare itself.
func noAddress(n ast.Node) bool {
	switch n.(type) {
	case *ast.NilNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	return false
}

// Same reports whether another actor would read the same from both.
func Same(a, b any) bool {
	a, b = Untraced(a), Untraced(b)
	x, isEndpoint := a.(*Endpoint)
	y, alike := b.(*Endpoint)
	if isEndpoint && alike {
		return x.Address == y.Address && x.Peer.String() == y.Peer.String()
	}
	return Format(a) == Format(b)
}
