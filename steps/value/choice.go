package value

import (
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

// A choice is an expression of the form CONDITION ? A : B with references in A
// or B: only those of the one that is taken are waited for.
type choice struct{ condition, yes, no *Expr }

// choice takes e apart if it is one; it is nil else. What the parts are compiled
// from has been compiled as a whole already, so they have no errors of their own.
func (d *Decoder) choice(e *Expr, options []expr.Option) *choice {
	if len(e.Refs) == 0 {
		return nil
	}
	config := conf.CreateNew()
	for _, o := range options {
		o(config)
	}
	tree, err := parser.ParseWithConfig(e.Source, config)
	if err != nil {
		return nil
	}
	root, ok := tree.Node.(*ast.ConditionalNode)
	if !ok {
		return nil
	}
	var parts [3]*Expr
	for i, node := range []ast.Node{root.Cond, root.Exp1, root.Exp2} {
		parts[i] = &Expr{Source: node.String(), Node: e.Node, offset: e.offset}
		if err := d.program(parts[i]); err != nil {
			return nil
		}
		parts[i].choice = d.choice(parts[i], options)
	}
	if len(parts[1].Refs)+len(parts[2].Refs) == 0 {
		return nil
	}
	return &choice{parts[0], parts[1], parts[2]}
}

func (c *choice) eval(env Env) (any, *Trace, error) {
	v, err := c.condition.Eval(env)
	if err != nil {
		return nil, nil, err
	}
	switch yes, ok := v.(bool); {
	case !ok:
		return nil, nil, c.condition.Errorf("the value is %s, not true or false", formatItem(v))
	case yes:
		return c.yes.Traced(env)
	}
	return c.no.Traced(env)
}
