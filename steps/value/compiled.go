package value

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

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

// compileExpr compiles an expression, in which the visitors replace nodes
// first; those of the config see the types, too. It is expr.Compile, which
// makes its tables again for each expression, and asks for all types before
// each visitor: that takes longer than all else.
func compileExpr(src string, config *conf.Config, visitors ...ast.Visitor) (*vm.Program, error) {
	tree, err := parser.ParseWithConfig(src, config)
	if err != nil {
		return nil, err
	}
	for _, v := range append([]ast.Visitor{equalPatcher{}, findPatcher{}}, visitors...) {
		ast.Walk(&tree.Node, v)
	}
	if _, err := new(checker.Checker).PatchAndCheck(tree, config); err != nil {
		return nil, err
	}
	if err := optimizer.Optimize(&tree.Node, config); err != nil {
		if located := (*file.Error)(nil); errors.As(err, &located) {
			err = located.Bind(tree.Source)
		}
		return nil, err
	}
	return compiler.Compile(tree, config)
}

// config is what the compiler needs to know for an expression.
func (d *Decoder) config(src string) *conf.Config {
	t := d.functionTable(src)
	return &conf.Config{
		Optimize: true, ShortCircuit: true, MaxNodes: conf.DefaultMaxNodes,
		Functions: t.functions, Builtins: t.language, Disabled: t.disabled,
	}
}

// A functionTable has the functions that an expression may call: ours, and
// those of the language, but for the ones whose name stands for a value there
// (count, first and max are names that scenarios use). `len` is ours because
// the language's own counts characters, and sockets carry bytes; `int` because
// its own knows no hexadecimal; those of mappings because its own know no
// order; `find` is the language's own where it is given a condition. Nobody
// changes a table: expressions share it.
type functionTable struct {
	functions, language conf.FunctionsTable
	disabled            map[string]bool // of the language
}

// newFunctionTable is the table where values have these names, beside those
// that every actor has.
func newFunctionTable(values ...string) *functionTable {
	isValue := func(name string) bool { return slices.Contains(values, name) || slices.Contains(BuiltinNames, name) }
	t := &functionTable{
		functions: make(conf.FunctionsTable), language: make(conf.FunctionsTable), disabled: map[string]bool{"len": true, "int": true},
	}
	for _, f := range mapFunctions {
		t.disabled[f.name] = true
	}
	for _, f := range compiledFunctions() {
		switch {
		case isValue(f.Name): // a call means the function all the same
			f.Name += calledMark
		case f.Name == "find":
			f.Name = findName
		}
		t.functions[f.Name] = &f
	}
	for _, f := range builtin.Builtins {
		if isValue(f.Name) {
			t.disabled[f.Name] = true
		}
		if !t.disabled[f.Name] {
			t.language[f.Name] = f
		}
	}
	return t
}

// functionTables are the tables where no value has the name of a function, ""
// here, and where one has.
var functionTables sync.Map

// functionTable is the table for an expression. A value whose name is not in it
// hides nothing there; so one table serves for almost all.
func (d *Decoder) functionTable(src string) *functionTable {
	sets := []map[string]bool{d.vars, d.actors}
	if d.Own != nil {
		sets = append(sets, d.Own.Fixed)
	}
	var values []string
	for _, names := range sets {
		for name, is := range names {
			if is && functionNames()[name] && strings.Contains(src, name) && !slices.Contains(values, name) {
				values = append(values, name)
			}
		}
	}
	if len(values) > 1 {
		return newFunctionTable(values...)
	}
	key := strings.Join(values, "")
	t, made := functionTables.Load(key)
	if !made {
		t, _ = functionTables.LoadOrStore(key, newFunctionTable(values...))
	}
	return t.(*functionTable)
}

// compiledFunctions are the functions as the compiler takes them. It looks at
// their types, which would take longer than to compile most expressions.
var compiledFunctions = sync.OnceValue(func() []builtin.Function {
	var list []builtin.Function
	c := conf.CreateNew()
	for _, f := range slices.Concat(functions(), measures, []function{equality}) {
		expr.Function(f.name, f.apply, f.types...)(c)
		list = append(list, *c.Functions[f.name])
	}
	return list
})

// functionNames are the names of all functions.
var functionNames = sync.OnceValue(func() map[string]bool {
	names := make(map[string]bool)
	for _, name := range builtin.Names {
		names[name] = true
	}
	for _, f := range functions() {
		names[f.name] = true
	}
	return names
})
