package value

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Expr is one expression, compiled once when the scenario is loaded. The zero
// Expr is absent.
type Expr struct {
	Source string
	Node   *source.Node
	offset int // of the expression in the text of its node
	prog   *vm.Program
	// measured says that prog takes a meter: it makes texts or lists, or loops.
	measured bool
	Names    []string        // the actor's own names, vars and built-in values it reads
	Refs     []Reference     // other actors' names it reads
	Hidden   []Reference     // what looks like one, but for an own name that comes first
	Whole    map[string]bool // of names and slots, those of which more is read than members
	choice   *choice         // nil where all of these are waited for
	path     path            // what it reads, where it does nothing else
	reads    []path          // all that it reads
	env      bool            // it asks for an environment variable
	call     bool            // it calls a function without arguments, and does nothing else
}

// Given reports whether the expression was written at all.
func (e *Expr) Given() bool { return e.prog != nil }

// References lists the other actors' names that the expression waits for.
func (e *Expr) References() []Reference { return e.Refs }

// Reads lists the own names that the expression reads.
func (e *Expr) Reads() []string { return e.Names }

// Pos is the place of the expression in the file.
func (e *Expr) Pos() source.Pos { return e.Node.At(e.offset) }

// Decode reads an expression that is alone, with or without its ${}.
func (e *Expr) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "expected an expression, got %s", n.Describe())
		return
	}
	src, offset := n.Text, 0
	if whole, ok := wholeExpression(src); ok {
		src, offset = whole, 2
	}
	d.compile(e, n, src, offset)
}

// Schema accepts any scalar: true, a number, a text.
func (e *Expr) Schema() Schema { return Schema{"type": []string{"string", "boolean", "number"}} }

// Type names the type in the reference.
func (e *Expr) Type() string { return "expression" }

// wholeExpression strips ${ } off a text that is nothing but one expression.
func wholeExpression(s string) (string, bool) {
	if !strings.HasPrefix(s, "${") {
		return "", false
	}
	end := closingBrace(s, 2)
	if end != len(s)-1 {
		return "", false
	}
	return s[2:end], true
}

// closingBrace finds the } that ends an expression which starts at from,
// skipping nested braces and quoted texts; -1 where there is none.
func closingBrace(s string, from int) int {
	depth := 0
	for i := from; i < len(s); i++ {
		switch c := s[i]; c {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		case '"', '\'', '`':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' && c != '`' {
					i++
				}
			}
		}
	}
	return -1
}

// compile fills e from src, which is at byte offset in n's text.
func (d *Decoder) compile(e *Expr, n *source.Node, src string, offset int) {
	*e = Expr{Source: strings.TrimSpace(src), Node: n, offset: offset}
	if e.Source == "" {
		d.Problem(n, "the expression is empty").Hint = "write a name or a condition between ${ and }"
		return
	}
	if err := maxExpr.Check(int64(len(src))); err != nil {
		d.Problem(n, "%s", err).MoveTo(n, e.Pos())
		return
	}
	if !d.mayCompile(e) {
		return
	}
	if err := d.program(e); err != nil {
		p := d.Problem(n, "expression %s: %s", Quote(e.Source), exprMessage(err))
		p.MoveTo(n, n.At(offset+strings.Index(src, e.Source)+exprColumn(err)))
		if word := d.operatorName(src); word != "" {
			p.Hint = word + " is an operator of expressions; use another name"
		}
		return
	}
	e.choice = d.choice(e)
	d.exprs = append(d.exprs, e)
}

// program compiles the source of an expression.
func (d *Decoder) program(e *Expr) error {
	refs := &refPatcher{decoder: d}
	calls := &callPatcher{decoder: d}
	prog, err := compileExpr(e.Source, d.config(e.Source), calls, refs)
	switch {
	case calls.hidden == "" && err != nil:
		return err
	case calls.hidden != "":
		return fmt.Errorf("%s is the name of a value here, so the function %s cannot be called; give the value another name", calls.hidden, calls.hidden)
	}
	if refs.wrong != nil {
		return refs.wrong
	}
	if e.prog, e.measured, err = d.measured(e.Source, prog); err != nil {
		return err
	}
	e.Refs, e.Hidden = refs.refs, refs.hidden
	root := prog.Node()
	e.Names = freeNames(&root, refs)
	e.Whole = wholeNames(&root)
	e.path, e.call = pathOf(root), isCall(root)
	e.reads = pathsOf(root)
	e.env = d.needsOf(e, root)
	for _, r := range e.Refs {
		e.Names = append(e.Names, r.names...)
	}
	return nil
}

// operators are the words of the expression language that cannot be names in
// it.
var operators = source.Pattern(`\b(and|or|not|in|matches|contains|startsWith|endsWith|let|if|else|nil|true|false)\b`)

// operatorName is a word of src that the file uses as a name, but that
// expressions take for an operator; "" where there is none.
func (d *Decoder) operatorName(src string) string {
	for _, word := range operators().FindAllString(src, -1) {
		if d.Own.Has(word) || d.vars[word] || d.actors[word] {
			return word
		}
	}
	return ""
}

func exprColumn(err error) int {
	var fe *file.Error
	if errors.As(err, &fe) && fe.Line <= 1 {
		return fe.Column
	}
	return 0
}

// Eval awaits what the expression needs of other actors and runs it.
func (e *Expr) Eval(env Env) (any, error) {
	v, _, err := e.Traced(env)
	return v, err
}

// Traced is Eval, with what of the value the file does not spell out.
func (e *Expr) Traced(env Env) (any, *Trace, error) {
	if e.choice != nil {
		return e.choice.eval(env)
	}
	if len(e.path) == 1 && len(e.Names)+len(e.Refs) == 1 && !e.measured {
		return e.named(env)
	}
	scope := make(map[string]any, len(e.Names)+len(e.Refs))
	var traces map[string]*Trace
	put := func(name string, v any) {
		scope[name] = Untraced(v)
		if t := TraceOf(v); t != nil {
			if traces == nil {
				traces = make(map[string]*Trace)
			}
			traces[name] = t
		}
	}
	for _, name := range e.Names {
		v, err := env.Lookup(name)
		if err != nil {
			return nil, nil, e.Errorf("%s", err)
		}
		put(name, v)
	}
	for i := range e.Refs {
		v, err := e.await(env, &e.Refs[i], scope)
		if err != nil {
			return nil, nil, err
		}
		put(e.Refs[i].Slot, v)
	}
	v, err := e.run(env, scope)
	if err != nil {
		return nil, nil, err
	}
	return e.result(v, traces)
}

// named is what the only name of the expression stands for, which is all that
// it reads. There is nothing to be run.
func (e *Expr) named(env Env) (v any, t *Trace, err error) {
	if len(e.Refs) == 1 {
		v, err = e.await(env, &e.Refs[0], nil)
	} else if v, err = env.Lookup(e.Names[0]); err != nil {
		err = e.Errorf("%s", err)
	}
	if err != nil {
		return nil, nil, err
	}
	t = TraceOf(v)
	if v = Untraced(v); noValue(v) != "" {
		return nil, nil, e.Errorf("%s", noValue(v))
	}
	return v, t, nil
}

func (e *Expr) result(v any, traces map[string]*Trace) (any, *Trace, error) {
	if why := noValue(v); why != "" {
		return nil, nil, e.Errorf("%s", why)
	}
	return v, e.trace(v, traces), nil
}

// run runs the compiled expression.
func (e *Expr) run(env Env, scope map[string]any) (any, error) {
	var m *meter
	if e.measured {
		m = &meter{env: env}
		scope[meterName] = m
	}
	v, err := env.Machine().Run(e.prog, scope)
	switch {
	case err == nil:
		return v, nil
	case m != nil && m.late != nil:
		return nil, m.late
	}
	return nil, e.Errorf("%s", exprMessage(err))
}

func (e *Expr) await(env Env, r *Reference, scope map[string]any) (any, error) {
	index := -1
	if r.Index != nil {
		v, err := env.Machine().Run(r.Index, scope)
		if err != nil {
			return nil, e.Errorf("%s", exprMessage(err))
		}
		n, ok := AsInt(v)
		if !ok {
			return nil, e.Errorf("the index of %s is %s, not a whole number", r.Actor, Format(v))
		}
		if n < 0 {
			return nil, e.Errorf("the index of %s is %d; replicas are numbered from 0", r.Actor, n)
		}
		index = int(n)
	}
	return env.Await(r.Actor, index, r.Name)
}

// Errorf returns an error of the expression, with its place in the file.
func (e *Expr) Errorf(format string, args ...any) error {
	return &ExprError{Source: e.Source, Pos: e.Pos(), Line: e.line(), Msg: fmt.Sprintf(format, args...)}
}

// An ExprError is an expression that could not be run.
type ExprError struct {
	Source string
	Pos    source.Pos
	Line   string // the text of the file's line at Pos
	Msg    string
}

// Error says the expression and what is wrong with it.
func (e *ExprError) Error() string {
	return fmt.Sprintf("expression %s: %s", Quote(e.Source), e.Msg)
}

// line is the text of the line that the expression is in.
func (e *Expr) line() string { return e.Node.File.Line(e.Pos().Line) }

// Truth runs a condition.
func (e *Expr) Truth(env Env) (bool, error) {
	v, err := e.Eval(env)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, e.Errorf("the value is %s, not true or false", InMessage(v))
	}
	return b, nil
}
