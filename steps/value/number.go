package value

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A Unit says how the number of a [Number] is written and printed.
type Unit int

const (
	PlainUnit  Unit = iota
	ByteUnit        // 128KiB
	TimeUnit        // 150ms; the number counts nanoseconds
	SignedUnit      // a plain number that may be negative
)

// Number is a whole number, written out or given by an expression.
type Number struct {
	Node *source.Node
	lit  int64
	expr *Expr
	text *Text // of which an expression is a part: ${n}ms

	max *Maximum // nil where the number may be any
	// Where high is not 0, the number is from low to high.
	low, high int64
	wide      bool // of 64 bits without a sign: the upper half has the bits of negative numbers
}

// AtMost is a number with a bound.
func AtMost(m *Maximum) Number { return Number{max: m} }

// Between is a number from low to high.
func Between(low, high int64) Number { return Number{low: low, high: high} }

// outside reports a number that is not within its bounds.
func (v *Number) outside(x int64, u Unit) error {
	switch {
	case v.max != nil:
		return v.max.Check(x)
	case v.high != 0 && (x < v.low || x > v.high):
		return fmt.Errorf("%s is not from %s to %s", u.format(x), u.format(v.low), u.format(v.high))
	}
	return nil
}

// named is the name of a type, with the bounds of the number.
func (v *Number) named(kind string, u Unit) string {
	if v.high == 0 {
		return kind
	}
	return fmt.Sprintf("%s from %s to %s", kind, u.format(v.low), u.format(v.high))
}

// Int is a count without a unit. Its zero value is not given.
type Int struct{ Number }

// Size is a number of bytes, which may be written 128KiB.
type Size struct{ Number }

// Duration is a length of time with its unit, such as 250ms.
type Duration struct{ Number }

// Given reports whether the number was written at all.
func (v *Number) Given() bool { return v.Node != nil }

// Static is the number where it holds no expression.
func (v *Number) Static() (int64, bool) { return v.lit, v.Fixed() }

func (v *Number) Fixed() bool { return v.expr == nil && v.text == nil }

// Exprs are the expressions that the number holds.
func (v *Number) Exprs() []*Expr {
	var list []*Expr
	if v.expr != nil {
		list = append(list, v.expr)
	}
	if v.text != nil {
		for _, p := range v.text.Parts {
			if p.Expr != nil {
				list = append(list, p.Expr)
			}
		}
	}
	return list
}

func (v *Number) decode(d *Decoder, n *source.Node, u Unit) {
	if n.Kind != source.Scalar {
		d.Problem(n, "expected %s, got %s", u.noun(), n.Describe())
		return
	}
	v.Node = n
	if src, ok := wholeExpression(n.Text); ok {
		v.expr = new(Expr)
		d.compile(v.expr, n, src, 2)
		return
	}
	if strings.Contains(n.Text, "${") {
		v.text = new(Text)
		v.text.Decode(d, n)
		return
	}
	x, err := v.parse(n.Text, u)
	if err != nil {
		d.Problem(n, "%s", err)
	}
	v.lit = x
}

// parse reads a number that is written in the unit, and checks its bound.
func (v *Number) parse(s string, u Unit) (int64, error) {
	if v.wide {
		if x, err := strconv.ParseUint(s, 0, 64); err == nil {
			return int64(x), nil
		}
	}
	x, err := u.Parse(s)
	if err == nil {
		err = v.outside(x, u)
	}
	return x, err
}

func (v *Number) eval(env Env, u Unit) (int64, error) {
	n, _, err := v.Traced(env, u)
	return n, err
}

// Traced is the number, with where it comes from.
func (v *Number) Traced(env Env, u Unit) (int64, *Trace, error) {
	if v.text != nil {
		return v.evalText(env, u)
	}
	if v.expr == nil {
		return v.lit, nil, nil
	}
	x, trace, err := v.expr.Traced(env)
	if err != nil {
		return 0, nil, err
	}
	if n, ok := AsInt(x); ok && u != TimeUnit {
		if n < 0 && u != SignedUnit {
			return 0, nil, v.expr.Errorf("the value is %d; it must not be negative", n)
		}
		if err := v.outside(n, u); err != nil {
			return 0, nil, v.expr.Errorf("%s", err)
		}
		return n, trace, nil
	}
	n, err := v.parse(Format(x), u)
	if err != nil {
		return 0, nil, v.expr.Errorf("%s", err)
	}
	return n, trace, nil
}

// part is the number, and what an event shows of it.
func (v *Number) part(env Env, u Unit) (int64, any, error) {
	n, trace, err := v.Traced(env, u)
	from := trace.Origins(nil)
	if len(from) == 0 && int64(int(n)) == n {
		return n, int(n), err
	}
	text := strconv.FormatInt(n, 10)
	if len(from) == 0 {
		return n, event.Plain{Text: text}, err
	}
	computed := slices.ContainsFunc(trace.Marks, func(k event.Mark) bool { return k.Computed })
	return n, event.Plain{Text: text, Marks: []event.Mark{{To: len(text), Origins: from, Computed: computed}}}, err
}

func (v *Number) evalText(env Env, u Unit) (int64, *Trace, error) {
	s, err := v.text.Marked(env)
	if err != nil {
		return 0, nil, err
	}
	n, err := v.parse(s.Text, u)
	if err != nil {
		err = fmt.Errorf("%s: %w", Quote(v.Node.Text), err)
	}
	return n, &Trace{Marks: s.Marks}, err
}

// Decode reads a whole number that is not negative.
func (v *Int) Decode(d *Decoder, n *source.Node) { v.decode(d, n, PlainUnit) }

// Eval is the number; v itself where it was not given.
func (v *Int) Eval(env Env) (int64, error) { return v.eval(env, PlainUnit) }

// Part is Eval, with the number as an argument of an event.
func (v *Int) Part(env Env) (int64, any, error) { return v.part(env, PlainUnit) }

// Schema accepts an integer or an expression.
func (v *Int) Schema() Schema {
	number := Schema{"type": "integer", "minimum": v.low}
	if v.high != 0 {
		number["maximum"] = v.high
	}
	return Schema{"anyOf": []Schema{number, expressionSchema()}}
}

// Type names the type in the reference.
func (v *Int) Type() string { return v.named("number", PlainUnit) }

// Signed is a whole number that may be negative.
type Signed struct{ Number }

// Decode reads a whole number.
func (v *Signed) Decode(d *Decoder, n *source.Node) { v.decode(d, n, SignedUnit) }

// Eval is the number; 0 where it was not given.
func (v *Signed) Eval(env Env) (int64, error) { return v.eval(env, SignedUnit) }

// Part is Eval, with the number as an argument of an event.
func (v *Signed) Part(env Env) (int64, any, error) { return v.part(env, SignedUnit) }

// Schema accepts an integer or an expression.
func (v *Signed) Schema() Schema {
	return Schema{"anyOf": []Schema{{"type": "integer"}, expressionSchema()}}
}

// Type names the type in the reference.
func (v *Signed) Type() string { return "whole number" }

// Decode reads a number of bytes.
func (v *Size) Decode(d *Decoder, n *source.Node) { v.decode(d, n, ByteUnit) }

// Eval is the number of bytes.
func (v *Size) Eval(env Env) (int64, error) { return v.eval(env, ByteUnit) }

// Part is Eval, with the number as an argument of an event.
func (v *Size) Part(env Env) (int64, any, error) { return v.part(env, ByteUnit) }

// Schema accepts 17, 128KiB or an expression.
func (v *Size) Schema() Schema {
	return Schema{"anyOf": []Schema{
		{"type": "integer", "minimum": 0},
		{"type": "string", "pattern": `^[0-9]+([KMG]iB|B)?$`},
		expressionSchema(),
	}}
}

// Type names the type in the reference.
func (v *Size) Type() string { return "size" }

// Sizes are several numbers of bytes.
type Sizes struct {
	List []*Size
	Max  *Maximum // of each
}

// Decode reads a size or a list of sizes.
func (v *Sizes) Decode(d *Decoder, n *source.Node) {
	d.NotEmpty(n)
	for _, item := range Listed(n) {
		x := &Size{AtMost(v.Max)}
		x.Decode(d, item)
		v.List = append(v.List, x)
	}
}

// Schema accepts a size or a list of sizes.
func (v *Sizes) Schema() Schema {
	one := new(Size).Schema()
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (v *Sizes) Type() string { return "list of sizes" }

// Decode reads a duration.
func (v *Duration) Decode(d *Decoder, n *source.Node) { v.decode(d, n, TimeUnit) }

// Eval is the duration.
func (v *Duration) Eval(env Env) (time.Duration, error) {
	n, err := v.eval(env, TimeUnit)
	return time.Duration(n), err
}

// Marked is Eval, with the duration as a text in the given form.
func (v *Duration) Marked(env Env, form func(time.Duration) string) (time.Duration, event.Marked, error) {
	n, trace, err := v.Traced(env, TimeUnit)
	text := event.Marked{Text: form(time.Duration(n))}
	if from := trace.Origins(nil); len(from) > 0 {
		text.Marks = []event.Mark{{To: len(text.Text), Origins: from}}
	}
	return time.Duration(n), text, err
}

// Schema accepts what time.ParseDuration does, or an expression.
func (v *Duration) Schema() Schema {
	return Schema{"anyOf": []Schema{{"type": "string", "pattern": durationPattern}, {"const": 0}, expressionSchema()}}
}

// Type names the type in the reference.
func (v *Duration) Type() string { return v.named("duration", TimeUnit) }

const durationPattern = `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`

func (u Unit) noun() string {
	switch u {
	case ByteUnit:
		return "a number of bytes"
	case TimeUnit:
		return "a duration such as 250ms"
	}
	return "a number"
}

// condition is an example of a condition on such a number.
func (u Unit) condition() string {
	if u == TimeUnit {
		return "150ms..400ms"
	}
	return ">=3"
}

// Parse reads a number that is written in the unit.
func (u Unit) Parse(s string) (int64, error) {
	switch u {
	case ByteUnit:
		return ParseSize(s)
	case TimeUnit:
		d, err := ParseDuration(s)
		return int64(d), err
	}
	n, err := strconv.ParseInt(s, 0, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s does not fit into 64 bits", s)
	}
	if err != nil {
		return 0, fmt.Errorf("%s is not a whole number", Quote(s))
	}
	if n < 0 && u != SignedUnit {
		return 0, fmt.Errorf("%d is negative; the number must be 0 or more", n)
	}
	return n, nil
}

func (u Unit) format(n int64) string {
	switch u {
	case ByteUnit:
		return FormatSize(n)
	case TimeUnit:
		return time.Duration(n).String()
	}
	return strconv.FormatInt(n, 10)
}
