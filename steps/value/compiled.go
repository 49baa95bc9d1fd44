package value

import (
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Compiled is how much there is that takes time and memory when a file is
// loaded.
type Compiled struct {
	Expressions int64
	Regexps     int64 // the instructions of all
}

// Add adds what another scenario has.
func (c *Compiled) Add(other Compiled) {
	c.Expressions += other.Expressions
	c.Regexps += other.Regexps
}

// Check reports more than there may be.
func (c *Compiled) Check() error {
	if err := MaxExprs.Check(c.Expressions); err != nil {
		return err
	}
	return MaxRegexps.Check(c.Regexps)
}

// fewer is what helps against too many.
const fewer = "let a loop or a procedure do what repeats"

// mayCompile counts an expression, and reports the first that is too much.
func (d *Decoder) mayCompile(e *Expr) bool {
	if d.made == nil {
		return true
	}
	d.made.Expressions++
	err := MaxExprs.Check(d.made.Expressions)
	if err != nil && d.made.Expressions == MaxExprs.Most+1 {
		d.Problem(e.Node, "%s", err).MoveTo(e.Node, e.Pos()).
			WithHint(fewer + ", or write values that do not change as they are")
	}
	return err == nil && d.mayCompileRegexps(e)
}

// mayMatch counts a regular expression by its size, and reports whether it may
// be compiled. Behind the first that is too much none is looked at.
func (d *Decoder) mayMatch(n *source.Node, at source.Pos, expr string) (bool, error) {
	if d.made != nil && d.made.Regexps > MaxRegexps.Most {
		return false, nil
	}
	size, err := sizeOfRegexp(expr)
	if err != nil || d.made == nil {
		return err == nil, err
	}
	d.made.Regexps += size
	if err := MaxRegexps.Check(d.made.Regexps); err != nil {
		d.Problem(n, "%s", err).MoveTo(n, at).WithHint(fewer)
		return false, nil
	}
	return true, nil
}

// mayCompileRegexps counts the regular expressions in an expression. Those that
// are written out are compiled with it.
func (d *Decoder) mayCompileRegexps(e *Expr) bool {
	if !strings.Contains(e.Source, matchesOperator) {
		return true
	}
	tree, err := parser.Parse(e.Source)
	if err != nil {
		return true // it does not compile either
	}
	found := new(regexpFinder)
	ast.Walk(&tree.Node, found)
	for _, text := range found.texts {
		may, err := d.mayMatch(e.Node, e.Pos(), text)
		if _, syntax := asSyntax(err); syntax {
			continue // the compiler says so, with the place
		}
		if err != nil {
			d.Problem(e.Node, "%s", err).MoveTo(e.Node, e.Pos())
		}
		if !may {
			return false
		}
	}
	return true
}

const matchesOperator = "matches"

// A regexpFinder collects the regular expressions in an expression.
type regexpFinder struct{ texts []string }

// Visit implements ast.Visitor.
func (f *regexpFinder) Visit(node *ast.Node) {
	if n, ok := (*node).(*ast.BinaryNode); ok && n.Operator == matchesOperator {
		if text, constant := constantText(n.Right); constant {
			f.texts = append(f.texts, text)
		}
	}
}

// constantText is a text that is written out, be it in pieces: the compiler
// joins them.
func constantText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.BinaryNode:
		left, first := constantText(n.Left)
		right, second := constantText(n.Right)
		return left + right, n.Operator == "+" && first && second
	}
	return "", false
}
