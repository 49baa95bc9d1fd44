package value

import (
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// Compare is a condition on a number: 17, ">=3", "!=0", "150ms..400ms", or a
// list of which one must hold.
type Compare struct {
	Node *source.Node
	Unit Unit
	any  []bound
}

// A bound is one condition: low..high (both included), or an operator and a
// number.
type bound struct {
	op        string // "=", "!=", ">=", "<=", ">", "<", ".."
	low, high Number
	text      string
}

// Given reports whether the condition was written at all.
func (c *Compare) Given() bool { return c.Node != nil }

// Number is the only number that meets the condition, as far as the file says.
func (c *Compare) Number() (n int64, only bool) {
	if len(c.any) != 1 || c.any[0].op != "=" || !c.any[0].low.Fixed() {
		return 0, false
	}
	return c.any[0].low.lit, true
}

// Decode reads a condition or a list of conditions.
func (c *Compare) Decode(d *Decoder, n *source.Node) {
	c.Node = n
	d.NotEmpty(n)
	items := []*source.Node{n}
	if n.Kind == source.List {
		items = n.Items
	}
	for _, item := range items {
		if item.Kind != source.Scalar {
			d.Problem(item, "expected %s or a condition such as %q, got %s", c.Unit.noun(), c.Unit.condition(), item.Describe())
			continue
		}
		c.any = append(c.any, c.bound(d, item))
	}
}

func (c *Compare) bound(d *Decoder, n *source.Node) bound {
	b := bound{op: "=", text: strings.TrimSpace(n.Text)}
	problems := len(d.problems)
	rest := b.text
	for _, op := range []string{">=", "<=", "!=", ">", "<", "="} {
		if after, ok := strings.CutPrefix(rest, op); ok {
			b.op, rest = op, strings.TrimSpace(after)
			break
		}
	}
	if low, high, ranged := cutRange(rest); ranged {
		b.op = ".."
		b.high.decode(d, c.part(n, strings.TrimSpace(high)), c.Unit)
		rest = strings.TrimSpace(low)
	}
	b.low.decode(d, c.part(n, rest), c.Unit)
	if b.op == ".." && len(d.problems) == problems && b.low.Fixed() && b.high.Fixed() && b.low.lit > b.high.lit {
		d.Problem(n, "no number is in %s", b.text).Hint = "write the smaller one first"
	}
	return b
}

// cutRange cuts low..high; dots inside an expression at the start are its own.
func cutRange(s string) (low, high string, ranged bool) {
	from := 0
	if strings.HasPrefix(s, "${") {
		from = closingBrace(s, 2) + 1
	}
	low, high, ranged = strings.Cut(s[from:], "..")
	return s[:from] + low, high, ranged
}

// part is n with another text, so that messages still point at n.
func (c *Compare) part(n *source.Node, text string) *source.Node {
	p := *n
	p.Text = text
	return &p
}

// Schema accepts a number, a condition or a list of them.
func (c *Compare) Schema() Schema {
	one := Schema{"type": []string{"integer", "string"}}
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (c *Compare) Type() string {
	if c.Unit == TimeUnit {
		return "duration or range"
	}
	return "number or condition"
}

// Holds reports whether got meets the condition, and what was expected.
func (c *Compare) Holds(env Env, got int64) (bool, string, error) {
	var texts []string
	for i := range c.any {
		ok, text, err := c.holds(env, &c.any[i], got)
		if err != nil || ok {
			return ok, text, err
		}
		texts = append(texts, text)
	}
	return false, strings.Join(texts, " or "), nil
}

// Condition is the condition as a text, whatever expressions give of it. A
// number stands for itself.
func (c *Compare) Condition(env Env) (string, error) {
	var texts []string
	for i := range c.any {
		b := &c.any[i]
		given, err := c.given(env, b)
		text := ""
		switch {
		case err != nil:
		case given != nil:
			text, err = given.Condition(env)
		default:
			_, text, err = b.holds(env, 0, c.Unit)
		}
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " or "), nil
}

// holds reports whether got meets one condition, which an expression may give.
func (c *Compare) holds(env Env, b *bound, got int64) (bool, string, error) {
	given, err := c.given(env, b)
	switch {
	case err != nil:
		return false, "", err
	case given != nil:
		return given.Holds(env, got)
	}
	return b.holds(env, got, c.Unit)
}

// given is what the expression of a condition gives where that is not a number;
// else nil.
func (c *Compare) given(env Env, b *bound) (*Compare, error) {
	if b.op != "=" || b.low.expr == nil {
		return nil, nil
	}
	v, err := b.low.expr.Eval(env)
	if err != nil {
		return nil, err
	}
	if _, number := AsInt(v); number {
		return nil, nil
	}
	given := &Compare{Unit: c.Unit}
	if err := DecodeGiven(given, v, b.low.Node); err != nil {
		return nil, b.low.expr.Errorf("%s", err)
	}
	return given, nil
}

// From says what a number comes from that the condition gives; same is false
// where it gives no such number: many others may meet it.
func (c *Compare) From(env Env, got int64) (from []event.Origin, same bool, err error) {
	for i := range c.any {
		b := &c.any[i]
		if b.op != "=" {
			continue
		}
		given, err := c.given(env, b)
		if err == nil && given != nil {
			_, same, err = given.From(env, got)
			if same {
				_, trace, err := b.low.expr.Traced(env)
				return trace.Origins(nil), true, err
			}
		}
		if err != nil || given != nil {
			return nil, false, err
		}
		n, trace, err := b.low.Traced(env, c.Unit)
		if err != nil || n == got {
			return trace.Origins(nil), n == got, err
		}
	}
	return nil, false, nil
}

func (b *bound) holds(env Env, got int64, u Unit) (bool, string, error) {
	low, err := b.low.eval(env, u)
	if err != nil {
		return false, "", err
	}
	switch b.op {
	case "..":
		high, err := b.high.eval(env, u)
		return low <= got && got <= high, u.format(low) + ".." + u.format(high), err
	case ">=":
		return got >= low, ">=" + u.format(low), nil
	case "<=":
		return got <= low, "<=" + u.format(low), nil
	case ">":
		return got > low, ">" + u.format(low), nil
	case "<":
		return got < low, "<" + u.format(low), nil
	case "!=":
		return got != low, "!=" + u.format(low), nil
	}
	return got == low, u.format(low), nil
}

// Expect compares a number with the condition, where one was written.
func (c *Compare) Expect(env Env, got int64, what string) error {
	if !c.Given() {
		return nil
	}
	ok, want, err := c.Holds(env, got)
	if err != nil || ok {
		return err
	}
	came := c.Unit.format(got)
	if strings.HasSuffix(want, "iB") { // which says that it is bytes
		what = strings.TrimSpace(strings.TrimPrefix(what, "bytes"))
		if !strings.HasSuffix(came, "iB") {
			came += " bytes"
		}
	}
	return Mismatchf("expected %s, got %s", strings.TrimSpace(want+" "+what), came)
}

// equalName is the function that stands for == in compiled expressions. No
// scenario can name it.
const equalName = "equal·"

// equality compares addresses as addresses: == and != of expressions would ask
// whether a handle or the sender of a datagram is the same value as a text.
var equality = function{name: equalName, apply: func(a ...any) (any, error) { return equal(a[0], a[1]), nil }, types: []any{new(func(a, b any) bool)}}

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

// noAddress says what == can compare itself.
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
