package value

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/vm"
	"github.com/expr-lang/expr/vm/runtime"
)

// The names that compiled expressions have for their meter and for what takes
// it. No scenario can write them.
const (
	meterName   = "meter·"
	tickName    = "tick·"
	madeName    = "made·"
	addName     = "add·"
	builtinName = "builtin·"
)

// A meter bounds one evaluation of an expression: what it makes, and the time
// that its loops take.
type meter struct {
	env    Env
	made   int64
	rounds int
	late   error // why there is no time left
}

// charge counts what the expression is about to make, or has made.
func (m *meter) charge(bytes int64) error {
	m.made = Sum(m.made, bytes)
	if m.made > maxMade.Most {
		return fmt.Errorf("it makes more than %s of texts and lists, which is the most for %s", &maxMade, maxMade.What)
	}
	return nil
}

// tick counts a round of a loop. It looks at the clock now and then.
func (m *meter) tick() error {
	const look = 16
	if m.rounds++; m.rounds%look == 0 && m.late == nil {
		m.late = m.env.Overdue()
	}
	return m.late
}

// keep charges a value that the expression has made.
func (m *meter) keep(v any) (any, error) {
	return v, m.charge(sizeOf(v, maxMade.Most))
}

// sizeOf is about how many bytes a value takes where each of its parts is
// written out, or more than most: a list may hold the same list many times.
func sizeOf(v any, most int64) int64 {
	const item = 16
	switch v := v.(type) {
	case nil, bool, int, float64:
		return 0
	case string:
		return int64(len(v))
	case []byte:
		return int64(len(v))
	case Traced:
		return sizeOf(v.Value, most)
	case []any:
		size := int64(len(v)) * item
		for i := 0; i < len(v) && size <= most; i++ {
			size += sizeOf(v[i], most-size)
		}
		return size
	case map[string]any:
		size := int64(len(v)) * 2 * item
		for key, x := range v {
			if size += int64(len(key)) + sizeOf(x, most-size); size > most {
				break
			}
		}
		return size
	}
	return sizeOfOther(reflect.ValueOf(v), most)
}

// sizeOfOther is sizeOf for the lists and mappings of one type that functions
// of the expression language make.
func sizeOfOther(v reflect.Value, most int64) int64 {
	const item = 16
	size := int64(0)
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && size <= most; i++ {
			size += item + sizeOf(v.Index(i).Interface(), most-size)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next() && size <= most; {
			size += 2*item + sizeOf(it.Key().Interface(), most-size) + sizeOf(it.Value().Interface(), most-size)
		}
	}
	return size
}

// CheckSize reports a value that is larger than an expression may make one: a
// list may have grown from round to round.
func CheckSize(v any) error {
	if sizeOf(v, maxMade.Most) > maxMade.Most {
		return fmt.Errorf("the value is larger than %s, which is the most for %s", &maxMade, maxMade.What)
	}
	return nil
}

// measured is prog, or the same with a meter where it needs one. What prog was
// compiled from has been checked as it is, so that no message speaks of the
// meter.
func (d *Decoder) measured(src string, prog *vm.Program) (*vm.Program, bool, error) {
	root, dry := prog.Node(), new(measurePatcher)
	dry.dry = true
	ast.Walk(&root, dry)
	if !dry.needed {
		return prog, false, nil
	}
	config := d.config(src)
	config.Visitors = []ast.Visitor{new(measurePatcher)}
	prog, err := compileExpr(src, config, &callPatcher{decoder: d}, &refPatcher{decoder: d})
	return prog, true, err
}

// measures are the functions that compiled expressions call with their meter.
var measures = []function{
	{name: tickName, apply: func(a ...any) (any, error) { return nil, a[0].(*meter).tick() }, types: []any{new(func(any) any)}},
	{name: madeName, apply: func(a ...any) (any, error) { return a[0].(*meter).keep(a[1]) }, types: []any{new(func(any, any) any)}},
	{name: addName, apply: func(a ...any) (any, error) { return add(a[0].(*meter), a[1], a[2]) }, types: []any{new(func(any, any, any) any)}},
	{
		name:  builtinName,
		apply: func(a ...any) (any, error) { return callBuiltin(a[0].(*meter), a[1].(string), a[2:]) },
		types: []any{new(func(any, string, ...any) any)},
	},
}

func add(m *meter, a, b any) (any, error) {
	x, text := a.(string)
	y, texts := b.(string)
	if text && texts {
		if err := m.charge(int64(len(x)) + int64(len(y))); err != nil {
			return nil, err
		}
	}
	return runtime.Add(a, b), nil
}

// estimates say what the functions of the language make of large things before
// they make it.
var estimates = map[string]func(args []any) int64{
	"repeat": func(a []any) int64 { return Product(int64(len(a[0].(string))), int64(max(0, runtime.ToInt(a[1])))) },
	"replace": func(a []any) int64 {
		s, from, to := a[0].(string), a[1].(string), a[2].(string)
		n := strings.Count(s, from)
		if len(a) > 3 && runtime.ToInt(a[3]) >= 0 {
			n = min(n, runtime.ToInt(a[3]))
		}
		return Sum(int64(len(s)), Product(int64(n), int64(max(0, len(to)-len(from)))))
	},
	"split":      piecesOf,
	"splitAfter": piecesOf,
	"join": func(a []any) int64 {
		size := sizeOf(a[0], maxMade.Most)
		if list := reflect.ValueOf(a[0]); len(a) > 1 && list.Kind() == reflect.Slice {
			size = Sum(size, Product(int64(len(a[1].(string))), int64(list.Len())))
		}
		return size
	},
	"concat":  allOf,
	"flatten": allOf,
	"uniq":    allOf,
}

func piecesOf(a []any) int64 {
	const item = 16
	return Product(int64(strings.Count(a[0].(string), a[1].(string))+1), item)
}

func allOf(a []any) int64 { return sizeOf(a, maxMade.Most) }

// callBuiltin calls a function of the language, unless what it makes is too
// large.
func callBuiltin(m *meter, name string, args []any) (any, error) {
	if err := m.charge(estimates[name](args)); err != nil {
		return nil, err
	}
	switch f := builtin.Builtins[builtin.Index[name]]; {
	case name == "uniq":
		return uniq(m, args[0])
	case name == "repeat" && runtime.ToInt(args[1]) >= 0:
		return strings.Repeat(args[0].(string), runtime.ToInt(args[1])), nil
	case f.Safe != nil:
		v, _, err := f.Safe(args...)
		return v, err
	case f.Fast != nil:
		return f.Fast(args[0]), nil
	default:
		return f.Func(args...)
	}
}

// uniq is the language's own, but that it looks at the clock: it compares each
// item with each other.
func uniq(m *meter, list any) (any, error) {
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return nil, errors.New("uniq takes a list")
	}
	kept := []any{}
	for i := range v.Len() {
		x, seen := v.Index(i).Interface(), false
		for _, y := range kept {
			if err := m.tick(); err != nil {
				return nil, err
			}
			if seen = runtime.Equal(x, y); seen {
				break
			}
		}
		if !seen {
			kept = append(kept, x)
		}
	}
	return kept, nil
}

// measurePatcher hands the meter to what makes texts and lists, and to each
// round of a loop. Numbers and conditions go unmeasured.
type measurePatcher struct {
	dry    bool // only ask whether a meter is needed
	needed bool
}

// Visit implements ast.Visitor; children come before their parents.
func (p *measurePatcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		if n.Operator == "+" && mayBeText(n.Left) && mayBeText(n.Right) {
			p.call(node, addName, n.Left, n.Right)
		}
	case *ast.ArrayNode:
		if slices.ContainsFunc(n.Nodes, large) {
			p.call(node, madeName, *node)
		}
	case *ast.MapNode:
		p.call(node, madeName, *node)
	case *ast.BuiltinNode:
		switch {
		case estimates[n.Name] != nil:
			p.call(node, builtinName, append([]ast.Node{&ast.StringNode{Value: n.Name}}, n.Arguments...)...)
		case large(n):
			p.call(node, madeName, *node)
		}
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			if f := functionOf(callee.Value); f != nil && f.makes {
				p.call(node, madeName, *node)
			}
		}
	case *ast.PredicateNode:
		if large(n.Node) {
			p.call(&n.Node, madeName, n.Node)
		}
		if p.needed = true; p.dry {
			return
		}
		n.Node = &ast.SequenceNode{Nodes: []ast.Node{measureCall(tickName), n.Node}}
	}
}

func (p *measurePatcher) call(node *ast.Node, name string, args ...ast.Node) {
	if p.needed = true; p.dry {
		return
	}
	ast.Patch(node, measureCall(name, args...))
}

func measureCall(name string, args ...ast.Node) ast.Node {
	return &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: name},
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: meterName}}, args...),
	}
}

// mayBeText reports whether a value may be a text, as far as its type is known.
func mayBeText(n ast.Node) bool {
	t := n.Type()
	return t == nil || t.Kind() == reflect.String || t.Kind() == reflect.Interface
}

// large reports whether a value may be a text, a list or a mapping that the
// expression does not spell out.
func large(n ast.Node) bool {
	if _, written := n.(*ast.StringNode); written {
		return false
	}
	t := n.Type()
	if t == nil {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Interface, reflect.Slice, reflect.Map:
		return true
	}
	return false
}
