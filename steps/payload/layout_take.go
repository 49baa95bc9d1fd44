package payload

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// A LayoutValue is a field that has a name, with its value, which may bear a
// trace.
type LayoutValue struct {
	Name  string
	Value any
}

// Take takes the bytes of a source apart and sets the names of the fields.
// Piece is the value that holds some of the bytes, by where they begin.
func (l *Layout) Take(env value.Env, src LayoutSource, piece func(b []byte, at int) any) ([]LayoutValue, error) {
	t := &taker{env: env, src: src, piece: piece, known: env.Known}
	err := t.fields(l)
	return t.values, err
}

// Check takes apart bytes that came; from is where they begin in all that did.
func (l *Layout) Check(env value.Env, b []byte, from int) error {
	t := &taker{
		env: env, src: &heldBytes{b: b},
		piece: func(b []byte, at int) any { return env.Piece(string(b), from+at) },
		known: func(marks []event.Mark) { env.Known(event.Shifted(marks, from)) },
	}
	return t.all(l)
}

// Unpack takes apart bytes that a payload gave.
func (l *Layout) Unpack(env value.Env, b Blob) ([]LayoutValue, error) {
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
	env    value.Env
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
	return value.Mismatchf("%s left over behind the last field, at offset %d: %s; a field {rest: any} takes what is left",
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
		return nil, value.Mismatchf("%s needs %s, but %s after %d of them", f.at(t.at), count(n, "byte", "bytes"), t.src.Ended(), len(b))
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
		t.set(f, value.WithTrace(v, value.Derived(v, value.TraceOf(t.piece(b, at)).Origins(nil))))
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
		return &value.Mismatch{Msg: "the bytes differ in " + f.at(at), Want: want.Bytes, Got: bytes.Clone(b), Data: true}
	}
	t.known(event.Shifted(want.Marks, at))
	return nil
}
