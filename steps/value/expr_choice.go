package value

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm/runtime"
)

// A choice is an expression of the form CONDITION ? A : B or A ?? B: only the
// names in what is taken are read and waited for.
type choice struct {
	first   *Expr // the condition, or the A of A ?? B
	yes, no *Expr // yes is nil in A ?? B
}

// Chooses reports whether the expression waits only for some of these names,
// because it takes only one of two values.
func (e *Expr) Chooses() bool {
	c := e.choice
	return c != nil && (len(c.no.Refs) > 0 || c.yes != nil && len(c.yes.Refs) > 0)
}

// choice takes e apart if it is one; it is nil else. What the parts are
// compiled from has been compiled as a whole already, so they have no errors of
// their own.
func (d *Decoder) choice(e *Expr) *choice {
	if len(e.Refs)+len(e.Names) == 0 {
		return nil
	}
	tree, err := parser.ParseWithConfig(e.Source, d.config(e.Source))
	if err != nil {
		return nil
	}
	c := &choice{}
	switch root := tree.Node.(type) {
	case *ast.ConditionalNode:
		c.first, c.yes, c.no = d.part(e, root.Cond), d.part(e, root.Exp1), d.part(e, root.Exp2)
		if c.yes == nil {
			return nil
		}
	case *ast.BinaryNode:
		if root.Operator != "??" {
			return nil
		}
		c.first, c.no = d.part(e, root.Left), d.part(e, root.Right)
	}
	if c.first == nil || c.no == nil || !c.spares() {
		return nil
	}
	return c
}

// part compiles a part of e.
func (d *Decoder) part(e *Expr, node ast.Node) *Expr {
	part := &Expr{Source: node.String(), Node: e.Node, offset: e.offset}
	if err := d.program(part); err != nil {
		return nil
	}
	part.choice = d.choice(part)
	return part
}

// spares reports whether there are names that may not have to be read.
func (c *choice) spares() bool {
	return len(c.no.Refs)+len(c.no.Names) > 0 || c.yes != nil && len(c.yes.Refs)+len(c.yes.Names) > 0
}

func (c *choice) eval(env Env) (any, *Trace, error) {
	v, trace, err := c.first.Traced(env)
	switch {
	case err != nil:
		return nil, nil, err
	case c.yes == nil && runtime.IsNil(v):
		return c.no.Traced(env)
	case c.yes == nil:
		return v, trace, nil
	}
	switch yes, ok := v.(bool); {
	case !ok:
		return nil, nil, c.first.Errorf("the value is %s, not true or false", InMessage(v))
	case yes:
		return c.yes.Traced(env)
	}
	return c.no.Traced(env)
}
