package payload

import (
	"fmt"
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// integerPart is an integer.
type integerPart struct {
	form *value.IntegerForm
	want *value.Int // nil where it may be any
	cond value.Compare
}

func (p *integerPart) params() []*value.Param {
	return []*value.Param{{Key: "expect", Value: &p.cond, Help: "a number, or a condition such as \">=3\""}}
}

func (p *integerPart) compares() bool { return p.cond.Given() || p.want != nil }

// take implements layoutPart.
func (p *integerPart) take(t *taker, f *layoutField) error {
	at := t.at
	b, err := takeInteger(t, f, p.form)
	if err != nil {
		return err
	}
	got := p.form.Read(b)
	if p.want != nil {
		want, trace, err := p.want.Traced(t.env, p.form.Unit())
		if err == nil {
			err = p.form.Check(want)
		}
		if err != nil {
			return err
		}
		if x := p.form.Read(p.form.Append(nil, want)); x != got {
			return value.Mismatchf("expected %s in %s, got %s", bothBases(x), f.at(at), bothBases(got))
		}
		if from := trace.Origins(nil); len(from) > 0 {
			t.known([]event.Mark{{From: at, To: t.at, Origins: from}})
		}
	}
	if p.cond.Given() {
		x, _ := value.AsInt(got)
		ok, want, err := p.cond.Holds(t.env, x)
		if err != nil {
			return err
		}
		if !ok {
			return value.Mismatchf("expected %s in %s, got %s", want, f.at(at), bothBases(got))
		}
	}
	t.setNumber(f, got, b, at)
	return nil
}

// bothBases is a number in decimal, and also in hexadecimal where that is
// another text.
func bothBases(v any) string {
	if n, ok := value.AsInt(v); ok && n < 10 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%d (%#x)", v, v)
}

// takeInteger are the bytes of one integer.
func takeInteger(t *taker, f *layoutField, form *value.IntegerForm) ([]byte, error) {
	if form.Size > 0 {
		return t.next(f, form.Size)
	}
	at := t.at
	var whole []byte
	for {
		b, err := t.next(f, 1)
		if err != nil {
			return nil, err
		}
		whole = append(whole, b...)
		n, err := form.Length(whole)
		if err != nil {
			return nil, value.Mismatchf("in %s %s", f.at(at), err)
		}
		if n > 0 {
			return whole, nil
		}
	}
}

// bytesPart is a number of bytes.
type bytesPart struct {
	size value.Size
	want Payload
}

func (p *bytesPart) params() []*value.Param {
	return []*value.Param{
		{Key: "size", Value: &p.size, Required: true, Help: "how many bytes"},
		{Key: "expect", Value: &p.want, Help: "what they must be"},
	}
}

func (p *bytesPart) compares() bool { return p.want.Given() }

// take implements layoutPart.
func (p *bytesPart) take(t *taker, f *layoutField) error {
	n, err := p.size.Eval(t.env)
	if err == nil {
		err = value.MaxKept.Check(n)
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

func (p *restPart) params() []*value.Param {
	return []*value.Param{{Key: "expect", Value: &p.want, Help: "what the bytes must be"}}
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

// prefixedPart is a length and that number of bytes.
type prefixedPart struct {
	by     LengthForm
	add    value.Signed
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
func (l *innerLayout) Decode(d *value.Decoder, n *source.Node) {
	start := d.Exprs()
	l.decode(d, n, l.under)
	l.before, l.count = start, d.Exprs()-start
}

func (p *prefixedPart) params() []*value.Param {
	return []*value.Param{
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
		return value.Mismatchf("the length in %s is %d, less than the %d that count besides the bytes", f.at(start), length, add)
	case length < 0 || n < 0:
		return value.Mismatchf("the length in %s is not one that bytes can have", f.at(start))
	}
	if err := value.MaxKept.Check(n); err != nil {
		return value.Mismatchf("the length in %s: %s", f.at(start), err)
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
		b, err := takeInteger(t, f, v.integer)
		if err != nil {
			return 0, err
		}
		n, ok := value.AsInt(v.integer.Read(b))
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
				return 0, value.Mismatchf("the length in %s has too many digits: %s", f.at(at), digits)
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
			return 0, value.Mismatchf("expected the digits of a length and %s in %s, got %s", event.Quote(v.decimal), f.at(at), event.Shown(string(digits)+string(end)))
		}
		n, err := strconv.ParseInt(string(digits), 10, 64)
		if err != nil {
			n = -1
		}
		return n, nil
	}
}
