package payload

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// integerPiece is integers of one form.
type integerPiece struct {
	form   *value.IntegerForm
	values []*value.Int
}

// readIntegers reads a number or a list of numbers of a form.
func readIntegers(f *value.IntegerForm, d *value.Decoder, n *source.Node) piece {
	p := &integerPiece{form: f}
	for _, item := range value.Listed(n) {
		p.values = append(p.values, f.Number(d, item))
	}
	return p
}

func (p *integerPiece) fixed() bool {
	return !slices.ContainsFunc(p.values, func(v *value.Int) bool { return !v.Fixed() })
}

// Append implements piece.
func (p *integerPiece) Append(env value.Env, b Blob) (Blob, error) {
	for _, v := range p.values {
		x, trace, err := v.Traced(env, p.form.Unit())
		if err == nil {
			err = p.form.Check(x)
		}
		if err != nil {
			return b, err
		}
		b.addDerived(p.form.Append(nil, x), trace)
	}
	return b, nil
}

// A LengthForm is how the length of what follows is written: an integer of a
// form, or decimal digits up to a text.
type LengthForm struct {
	node    *source.Node
	integer *value.IntegerForm
	decimal string // the text behind the digits
}

// Decode reads the name of a form of integers, or {decimal: TEXT}.
func (v *LengthForm) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	if n.Kind == source.Map {
		v.decodeDecimal(d, n)
		return
	}
	if v.integer = value.IntegerFormOf(n.Text); v.integer != nil && n.Kind == source.Scalar {
		return
	}
	p := value.Unknown(d, n, "form of a length")
	if p.Hint = source.DidYouMean(n.Text, append(value.IntegerNames(), "decimal")); p.Hint == "" {
		p.Hint = "write a form of integers such as u16be, varint, or {decimal: \"\\r\\n\"}"
	}
}

func (v *LengthForm) decodeDecimal(d *value.Decoder, n *source.Node) {
	var end value.Text
	d.Mapping(n, []*value.Param{{Key: "decimal", Value: &end, Required: true, Help: "the text that ends the digits"}}, "by")
	s, static := end.Static()
	switch {
	case !end.Given():
		return
	case !static:
		d.Problem(end.Node, "the text behind the digits of a length is written out, without expressions")
	case s == "":
		d.Problem(end.Node, "the text behind the digits of a length is empty").Hint = `write what ends the digits, such as {decimal: "\r\n"}`
	case s[0] >= '0' && s[0] <= '9':
		d.Problem(end.Node, "the text behind the digits of a length begins with a digit")
	}
	v.decimal = s
}

// Schema accepts a form's name or {decimal: TEXT}.
func (v *LengthForm) Schema() value.Schema {
	return value.Schema{"anyOf": []value.Schema{
		{"enum": value.IntegerNames()},
		value.Object(value.Schema{"decimal": value.Schema{"type": "string", "minLength": 1}}, "decimal"),
	}}
}

// Type names the type in the reference.
func (v *LengthForm) Type() string { return "form of integers, or {decimal: TEXT}" }

// append writes a length.
func (v *LengthForm) append(n int64) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("the length that is written would be %d; it must not be negative", n)
	}
	if v.integer == nil {
		return append(strconv.AppendInt(nil, n, 10), v.decimal...), nil
	}
	if err := v.integer.Check(n); err != nil {
		return nil, fmt.Errorf("the length %w", err)
	}
	return v.integer.Append(nil, n), nil
}
