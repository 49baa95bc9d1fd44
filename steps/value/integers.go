package value

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
)

// An IntegerForm is a row of the table of integers: how a whole number is
// written in bytes. Payloads, layouts and the functions of expressions read it.
type IntegerForm struct {
	Name   string
	Size   int // in bytes; 0 for a varint, which has as many as the number needs
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

// IntegerForms lists the forms.
var IntegerForms = []*IntegerForm{
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

func IntegerFormOf(name string) *IntegerForm {
	for _, f := range IntegerForms {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func IntegerNames() []string {
	var names []string
	for _, f := range IntegerForms {
		names = append(names, f.Name)
	}
	return names
}

// maxVarint is how many bytes a number of 64 bits takes at most as a varint.
const maxVarint = binary.MaxVarintLen64

// Help says what the form is, as a plural.
func (f *IntegerForm) Help() string {
	if f.Size == 0 {
		return "unsigned LEB128: seven bits in each byte, the lowest first; at most ten bytes"
	}
	text := "bytes"
	if f.Size > 1 {
		text = fmt.Sprintf("%d-bit integers, %s", f.Size*8, f.order)
	}
	switch {
	case f.signed:
		return "signed " + text + ": two's complement"
	case f.Size == 1:
		return "a byte, or a list of them"
	}
	return text
}

// String names the order.
func (o byteOrder) String() string {
	return [...]string{bigEndian: "big-endian: network order", littleEndian: "little-endian", machineOrder: "in the order of this machine"}[o]
}

// Unit says which numbers the form can be written with.
func (f *IntegerForm) Unit() Unit {
	if f.signed {
		return SignedUnit
	}
	return PlainUnit
}

// wide reports whether the upper half of the form's numbers is beyond an int64.
func (f *IntegerForm) wide() bool { return !f.signed && (f.Size == 8 || f.Size == 0) }

// Check reports a number that the form has no room for.
func (f *IntegerForm) Check(x int64) error {
	bits := f.Size * 8
	if f.Size == 0 || bits == 64 {
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

// Append writes a number that has been checked.
func (f *IntegerForm) Append(b []byte, x int64) []byte {
	if f.Size == 0 {
		return binary.AppendUvarint(b, uint64(x))
	}
	start := len(b)
	for i := f.Size - 1; i >= 0; i-- {
		b = append(b, byte(x>>(8*i)))
	}
	if f.little() {
		slices.Reverse(b[start:])
	}
	return b
}

func (f *IntegerForm) little() bool {
	return f.order == littleEndian || f.order == machineOrder && binary.NativeEndian.Uint16([]byte{1, 0}) == 1
}

// Read is the number in the first bytes of b, which has as many as the form
// takes.
func (f *IntegerForm) Read(b []byte) any {
	if f.Size == 0 {
		x, _ := binary.Uvarint(b)
		return Unsigned(x)
	}
	var x uint64
	for i := range f.Size {
		c := b[i]
		if f.little() {
			c = b[f.Size-1-i]
		}
		x = x<<8 | uint64(c)
	}
	if f.signed {
		unused := 64 - 8*f.Size
		return signed(int64(x<<unused) >> unused)
	}
	return Unsigned(x)
}

var errLongVarint = errors.New("the varint is too long: it takes at most ten bytes, and 64 bits")

// Length is how many of the first bytes of b the form takes; 0 where b ends
// before it does.
func (f *IntegerForm) Length(b []byte) (int, error) {
	if f.Size > 0 {
		if len(b) < f.Size {
			return 0, nil
		}
		return f.Size, nil
	}
	_, n := binary.Uvarint(b)
	if n < 0 || n == 0 && len(b) >= maxVarint {
		return 0, errLongVarint
	}
	return n, nil
}

// Number decodes a number that is to be written in the form.
func (f *IntegerForm) Number(d *Decoder, n *source.Node) *Int {
	v := new(Int)
	v.wide = f.wide()
	v.decode(d, n, f.Unit())
	if x, static := v.Static(); static {
		if err := f.Check(x); err != nil {
			d.Problem(n, "%s", err)
		}
	}
	return v
}

func (f *IntegerForm) numberSchema() Schema {
	if f.signed {
		return new(Signed).Schema()
	}
	return new(Int).Schema()
}

func (f *IntegerForm) Schema() Schema {
	one := f.numberSchema()
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one}}}
}
