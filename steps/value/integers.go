package value

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
)

// An integerForm is a row of the table of integers: how a whole number is
// written in bytes. Payloads, layouts and the functions of expressions read it.
type integerForm struct {
	name   string
	size   int // in bytes; 0 for a varint, which has as many as the number needs
	signed bool
	order  byteOrder
}

// A byteOrder says which byte of an integer comes first.
type byteOrder int

const (
	bigEndian byteOrder = iota
	littleEndian
	machineOrder
)

// integerForms lists the forms.
var integerForms = []*integerForm{
	{"u8", 1, false, bigEndian},
	{"u16be", 2, false, bigEndian},
	{"u16le", 2, false, littleEndian},
	{"u16", 2, false, machineOrder},
	{"u24be", 3, false, bigEndian},
	{"u24le", 3, false, littleEndian},
	{"u32be", 4, false, bigEndian},
	{"u32le", 4, false, littleEndian},
	{"u32", 4, false, machineOrder},
	{"u64be", 8, false, bigEndian},
	{"u64le", 8, false, littleEndian},
	{"u64", 8, false, machineOrder},
	{"i8", 1, true, bigEndian},
	{"i16be", 2, true, bigEndian},
	{"i16le", 2, true, littleEndian},
	{"i32be", 4, true, bigEndian},
	{"i32le", 4, true, littleEndian},
	{"i64be", 8, true, bigEndian},
	{"i64le", 8, true, littleEndian},
	{"varint", 0, false, littleEndian},
}

func integerFormOf(name string) *integerForm {
	for _, f := range integerForms {
		if f.name == name {
			return f
		}
	}
	return nil
}

func integerNames() []string {
	var names []string
	for _, f := range integerForms {
		names = append(names, f.name)
	}
	return names
}

// maxVarint is how many bytes a number of 64 bits takes at most as a varint.
const maxVarint = binary.MaxVarintLen64

// help says what the form is, as a plural.
func (f *integerForm) help() string {
	if f.size == 0 {
		return "unsigned LEB128: seven bits in each byte, the lowest first; at most ten bytes"
	}
	text := "bytes"
	if f.size > 1 {
		text = fmt.Sprintf("%d-bit integers, %s", f.size*8, f.order)
	}
	switch {
	case f.signed:
		return "signed " + text + ": two's complement"
	case f.size == 1:
		return "a byte, or a list of them"
	}
	return text
}

// String names the order.
func (o byteOrder) String() string {
	return [...]string{bigEndian: "big-endian: network order", littleEndian: "little-endian", machineOrder: "in the order of this machine"}[o]
}

// unit says which numbers the form can be written with.
func (f *integerForm) unit() Unit {
	if f.signed {
		return SignedUnit
	}
	return PlainUnit
}

// wide reports whether the upper half of the form's numbers is beyond an int64.
func (f *integerForm) wide() bool { return !f.signed && (f.size == 8 || f.size == 0) }

// check reports a number that the form has no room for.
func (f *integerForm) check(x int64) error {
	bits := f.size * 8
	if f.size == 0 || bits == 64 {
		return nil
	}
	least, most := int64(0), int64(1)<<bits-1
	if f.signed {
		least, most = -1<<(bits-1), 1<<(bits-1)-1
	}
	if x < least || x > most {
		return fmt.Errorf("%d does not fit into %d bits", x, bits)
	}
	return nil
}

// append writes a number that has been checked.
func (f *integerForm) append(b []byte, x int64) []byte {
	if f.size == 0 {
		return binary.AppendUvarint(b, uint64(x))
	}
	start := len(b)
	for i := f.size - 1; i >= 0; i-- {
		b = append(b, byte(x>>(8*i)))
	}
	if f.little() {
		slices.Reverse(b[start:])
	}
	return b
}

func (f *integerForm) little() bool {
	return f.order == littleEndian || f.order == machineOrder && binary.NativeEndian.Uint16([]byte{1, 0}) == 1
}

// read is the number in the first bytes of b, which has as many as the form
// takes.
func (f *integerForm) read(b []byte) any {
	if f.size == 0 {
		x, _ := binary.Uvarint(b)
		return Unsigned(x)
	}
	var x uint64
	for i := range f.size {
		c := b[i]
		if f.little() {
			c = b[f.size-1-i]
		}
		x = x<<8 | uint64(c)
	}
	if f.signed {
		unused := 64 - 8*f.size
		return signed(int64(x<<unused) >> unused)
	}
	return Unsigned(x)
}

var errLongVarint = errors.New("the varint is too long: it takes at most ten bytes, and 64 bits")

// length is how many of the first bytes of b the form takes; 0 where b ends
// before it does.
func (f *integerForm) length(b []byte) (int, error) {
	if f.size > 0 {
		if len(b) < f.size {
			return 0, nil
		}
		return f.size, nil
	}
	_, n := binary.Uvarint(b)
	if n < 0 || n == 0 && len(b) >= maxVarint {
		return 0, errLongVarint
	}
	return n, nil
}

// number decodes a number that is to be written in the form.
func (f *integerForm) number(d *Decoder, n *source.Node) *Int {
	v := new(Int)
	v.wide = f.wide()
	v.decode(d, n, f.unit())
	if x, static := v.Static(); static {
		if err := f.check(x); err != nil {
			d.Problem(n, "%s", err)
		}
	}
	return v
}

// integerPiece is integers of one form.
type integerPiece struct {
	form   *integerForm
	values []*Int
}

// piece reads a number or a list of numbers.
func (f *integerForm) piece(d *Decoder, n *source.Node) piece {
	p := &integerPiece{form: f}
	for _, item := range Listed(n) {
		p.values = append(p.values, f.number(d, item))
	}
	return p
}

func (f *integerForm) numberSchema() Schema {
	if f.signed {
		return new(Signed).Schema()
	}
	return new(Int).Schema()
}

func (f *integerForm) schema() Schema {
	one := f.numberSchema()
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one}}}
}

func (p *integerPiece) fixed() bool {
	return !slices.ContainsFunc(p.values, func(v *Int) bool { return !v.fixed() })
}

// Append implements piece.
func (p *integerPiece) Append(env Env, b Blob) (Blob, error) {
	for _, v := range p.values {
		x, trace, err := v.traced(env, p.form.unit())
		if err == nil {
			err = p.form.check(x)
		}
		if err != nil {
			return b, err
		}
		b.addDerived(p.form.append(nil, x), trace)
	}
	return b, nil
}

// A LengthForm is how the length of what follows is written: an integer of a
// form, or decimal digits up to a text.
type LengthForm struct {
	node    *source.Node
	integer *integerForm
	decimal string // the text behind the digits
}

// Decode reads the name of a form of integers, or {decimal: TEXT}.
func (v *LengthForm) Decode(d *Decoder, n *source.Node) {
	v.node = n
	if n.Kind == source.Map {
		v.decodeDecimal(d, n)
		return
	}
	if v.integer = integerFormOf(n.Text); v.integer != nil && n.Kind == source.Scalar {
		return
	}
	p := d.Problem(n, "unknown form of a length %s", Shown(n))
	if p.Hint = source.DidYouMean(n.Text, append(integerNames(), "decimal")); p.Hint == "" {
		p.Hint = "write a form of integers such as u16be, varint, or {decimal: \"\\r\\n\"}"
	}
}

func (v *LengthForm) decodeDecimal(d *Decoder, n *source.Node) {
	var end Text
	d.Mapping(n, []*Param{{Key: "decimal", Value: &end, Required: true, Help: "the text that ends the digits"}}, "by")
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
func (v *LengthForm) Schema() Schema {
	return Schema{"anyOf": []Schema{
		{"enum": integerNames()},
		Object(Schema{"decimal": Schema{"type": "string", "minLength": 1}}, "decimal"),
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
	if err := v.integer.check(n); err != nil {
		return nil, fmt.Errorf("the length %w", err)
	}
	return v.integer.append(nil, n), nil
}
