package value

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A LayoutValue is a field that has a name, with its value, which may bear a
// trace.
type LayoutValue struct {
	Name  string
	Value any
}

// Take takes the bytes of a source apart and sets the names of the fields.
// Piece is the value that holds some of the bytes, by where they begin.
func (l *Layout) Take(env Env, src LayoutSource, piece func(b []byte, at int) any) ([]LayoutValue, error) {
	t := &taker{env: env, src: src, piece: piece, known: env.Known}
	err := t.fields(l)
	return t.values, err
}

// Check takes apart bytes that came; from is where they begin in all that did.
func (l *Layout) Check(env Env, b []byte, from int) error {
	t := &taker{
		env: env, src: &heldBytes{b: b},
		piece: func(b []byte, at int) any { return env.Piece(string(b), from+at) },
		known: func(marks []event.Mark) { env.Known(event.Shifted(marks, from)) },
	}
	return t.all(l)
}

// Unpack takes apart bytes that a payload gave.
func (l *Layout) Unpack(env Env, b Blob) ([]LayoutValue, error) {
	t := &taker{
		env: env, src: &heldBytes{b: b.Bytes},
		piece: func(p []byte, at int) any { return b.part(at, at+len(p)).Value() },
		known: func([]event.Mark) {},
	}
	err := t.all(l)
	return t.values, err
}

// A taker takes bytes apart.
type taker struct {
	env    Env
	src    LayoutSource
	at     int // the offset of the next byte
	piece  func(b []byte, at int) any
	known  func([]event.Mark) // what of the bytes is as masked values expected it
	values []LayoutValue
}

func (t *taker) fields(l *Layout) error {
	for _, f := range l.fields {
		if err := f.part.take(t, f); err != nil {
			return err
		}
	}
	return nil
}

// all takes the fields, and reports bytes that are left over.
func (t *taker) all(l *Layout) error {
	if err := t.fields(l); err != nil {
		return err
	}
	const shown = 32
	left, err := t.src.Left()
	if err != nil || len(left) == 0 {
		return err
	}
	return Mismatchf("%s left over behind the last field, at offset %d: %s; a field {rest: any} takes what is left",
		count(len(left), "byte is", "bytes are"), t.at, event.Shown(string(left[:min(len(left), shown)])))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// at describes a field in a message.
func (f *layoutField) at(offset int) string {
	name := "field " + f.place
	if names := f.as.Static(); len(names) > 0 {
		name = names[0]
	}
	return fmt.Sprintf("%s (%s at offset %d)", name, f.form, offset)
}

// next are the next n bytes, all of them.
func (t *taker) next(f *layoutField, n int) ([]byte, error) {
	b, err := t.src.Next(n, func() string { return fmt.Sprintf("%s needs %s", f.at(t.at), count(n, "byte", "bytes")) })
	if err != nil {
		return nil, err
	}
	if len(b) < n {
		return nil, Mismatchf("%s needs %s, but %s after %d of them", f.at(t.at), count(n, "byte", "bytes"), t.src.Ended(), len(b))
	}
	t.at += n
	return b, nil
}

// set sets the value of a field's name.
func (t *taker) set(f *layoutField, v any) {
	for _, name := range f.as.Static() {
		t.env.Set(name, v)
		t.values = append(t.values, LayoutValue{name, v})
	}
}

// setNumber sets a field's name to the number that some bytes stand for.
func (t *taker) setNumber(f *layoutField, v any, b []byte, at int) {
	if f.as.Given() {
		t.set(f, WithTrace(v, Derived(v, TraceOf(t.piece(b, at)).Origins(nil))))
	}
}

// same compares bytes with what they must be.
func (t *taker) same(f *layoutField, p *Payload, b []byte, at int) error {
	if !p.Given() {
		return nil
	}
	want, err := p.Blob(t.env)
	if err != nil {
		return err
	}
	if !bytes.Equal(want.Bytes, b) {
		return &Mismatch{Msg: "the bytes differ in " + f.at(at), Want: want.Bytes, Got: bytes.Clone(b), Data: true}
	}
	t.known(event.Shifted(want.Marks, at))
	return nil
}

// integerPart is an integer.
type integerPart struct {
	form *integerForm
	want *Int // nil where it may be any
	cond Compare
}

func (p *integerPart) params() []*Param {
	return []*Param{{Key: "expect", Value: &p.cond, Help: "a number, or a condition such as \">=3\""}}
}

func (p *integerPart) compares() bool { return p.cond.Given() || p.want != nil }

// take implements layoutPart.
func (p *integerPart) take(t *taker, f *layoutField) error {
	at := t.at
	b, err := p.form.take(t, f)
	if err != nil {
		return err
	}
	got := p.form.read(b)
	if p.want != nil {
		want, trace, err := p.want.traced(t.env, p.form.unit())
		if err == nil {
			err = p.form.check(want)
		}
		if err != nil {
			return err
		}
		if x := p.form.read(p.form.append(nil, want)); x != got {
			return Mismatchf("expected %s in %s, got %s", bothBases(x), f.at(at), bothBases(got))
		}
		if from := trace.Origins(nil); len(from) > 0 {
			t.known([]event.Mark{{From: at, To: t.at, Origins: from}})
		}
	}
	if p.cond.Given() {
		x, _ := asInt(got)
		ok, want, err := p.cond.Holds(t.env, x)
		if err != nil {
			return err
		}
		if !ok {
			return Mismatchf("expected %s in %s, got %s", want, f.at(at), bothBases(got))
		}
	}
	t.setNumber(f, got, b, at)
	return nil
}

// bothBases is a number in decimal, and also in hexadecimal where that is
// another text.
func bothBases(v any) string {
	if n, ok := asInt(v); ok && n < 10 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%d (%#x)", v, v)
}

// take are the bytes of one integer.
func (form *integerForm) take(t *taker, f *layoutField) ([]byte, error) {
	if form.size > 0 {
		return t.next(f, form.size)
	}
	at := t.at
	var whole []byte
	for {
		b, err := t.next(f, 1)
		if err != nil {
			return nil, err
		}
		whole = append(whole, b...)
		n, err := form.length(whole)
		if err != nil {
			return nil, Mismatchf("in %s %s", f.at(at), err)
		}
		if n > 0 {
			return whole, nil
		}
	}
}

// bytesPart is a number of bytes.
type bytesPart struct {
	size Size
	want Payload
}

func (p *bytesPart) params() []*Param {
	return []*Param{
		{Key: "size", Value: &p.size, Required: true, Help: "how many bytes"},
		{Key: "expect", Value: &p.want, Help: "what they must be"},
	}
}

func (p *bytesPart) compares() bool { return p.want.Given() }

// take implements layoutPart.
func (p *bytesPart) take(t *taker, f *layoutField) error {
	n, err := p.size.Eval(t.env)
	if err == nil {
		err = MaxKept.Check(n)
	}
	if err != nil {
		return err
	}
	return t.bytes(f, int(n), &p.want)
}

// bytes takes n bytes, compares and names them.
func (t *taker) bytes(f *layoutField, n int, want *Payload) error {
	at := t.at
	b, err := t.next(f, n)
	if err == nil {
		err = t.same(f, want, b, at)
	}
	if err == nil && f.as.Given() {
		t.set(f, t.piece(b, at))
	}
	return err
}

// restPart is all that is left.
type restPart struct{ want Payload }

func (p *restPart) params() []*Param {
	return []*Param{{Key: "expect", Value: &p.want, Help: "what the bytes must be"}}
}

func (p *restPart) compares() bool { return p.want.Given() }

// take implements layoutPart.
func (p *restPart) take(t *taker, f *layoutField) error {
	at := t.at
	b, err := t.src.Left()
	if err == nil {
		t.at += len(b)
		err = t.same(f, &p.want, b, at)
	}
	if err == nil && f.as.Given() {
		t.set(f, t.piece(b, at))
	}
	return err
}

// literalPart is bytes that must be those of a payload.
type literalPart struct{ Payload }

func (p *literalPart) compares() bool { return true }

// take implements layoutPart.
func (p *literalPart) take(t *taker, f *layoutField) error {
	want, err := p.Bytes(t.env)
	if err != nil {
		return err
	}
	return t.bytes(f, len(want), &p.Payload)
}

// prefixedPart is a length and so many bytes.
type prefixedPart struct {
	by     LengthForm
	add    Signed
	data   Payload
	layout innerLayout
}

// innerLayout is a layout within a field, whose expressions are some of the
// field's.
type innerLayout struct {
	Layout
	under         string
	before, count int // which of them
}

// Decode reads the list of fields.
func (l *innerLayout) Decode(d *Decoder, n *source.Node) {
	start := len(d.exprs)
	l.decode(d, n, l.under)
	l.before, l.count = start, len(d.exprs)-start
}

func (p *prefixedPart) params() []*Param {
	return []*Param{
		{Key: "by", Value: &p.by, Required: true, Help: "how the length is written: u16be, varint, {decimal: \"\\r\\n\"}, …"},
		{Key: "add", Value: &p.add, Help: "what is taken off the length that was read, for lengths that count themselves too", Default: "0"},
		{Key: "data", Value: &p.data, Help: "what the bytes must be"},
		{Key: "layout", Value: &p.layout, Help: "the fields of the bytes"},
	}
}

func (p *prefixedPart) compares() bool { return p.data.Given() || p.layout.Given() }

// take implements layoutPart.
func (p *prefixedPart) take(t *taker, f *layoutField) error {
	start := t.at
	length, err := p.by.take(t, f)
	if err != nil {
		return err
	}
	add, err := p.add.Eval(t.env)
	if err != nil {
		return err
	}
	n := length - add
	switch {
	case length >= 0 && add > length:
		return Mismatchf("the length in %s is %d, less than the %d that count besides the bytes", f.at(start), length, add)
	case length < 0 || n < 0:
		return Mismatchf("the length in %s is not one that bytes can have", f.at(start))
	}
	if err := MaxKept.Check(n); err != nil {
		return Mismatchf("the length in %s: %s", f.at(start), err)
	}
	at := t.at
	if !p.layout.Given() {
		return t.bytes(f, int(n), &p.data)
	}
	b, err := t.next(f, int(n))
	if err != nil {
		return err
	}
	inner := &taker{env: t.env, src: &heldBytes{b: b}, at: at, piece: t.piece, known: t.known}
	err = inner.all(&p.layout.Layout)
	t.values = append(t.values, inner.values...)
	if err == nil && f.as.Given() {
		t.set(f, t.piece(b, at))
	}
	return err
}

// take reads a length.
func (v *LengthForm) take(t *taker, f *layoutField) (int64, error) {
	at := t.at
	if v.integer != nil {
		b, err := v.integer.take(t, f)
		if err != nil {
			return 0, err
		}
		n, ok := asInt(v.integer.read(b))
		if !ok {
			n = -1
		}
		return n, nil
	}
	var digits []byte
	for {
		b, err := t.next(f, 1)
		if err != nil {
			return 0, err
		}
		if c := b[0]; c >= '0' && c <= '9' {
			digits = append(digits, c)
			if len(digits) > len("9223372036854775807") {
				return 0, Mismatchf("the length in %s has too many digits: %s", f.at(at), digits)
			}
			continue
		}
		end := append([]byte(nil), b...)
		if len(digits) > 0 && end[0] == v.decimal[0] && len(v.decimal) > 1 {
			if b, err = t.next(f, len(v.decimal)-1); err != nil {
				return 0, err
			}
			end = append(end, b...)
		}
		if len(digits) == 0 || string(end) != v.decimal {
			return 0, Mismatchf("expected the digits of a length and %s in %s, got %s", event.Quote(v.decimal), f.at(at), event.Shown(string(digits)+string(end)))
		}
		n, err := strconv.ParseInt(string(digits), 10, 64)
		if err != nil {
			n = -1
		}
		return n, nil
	}
}
