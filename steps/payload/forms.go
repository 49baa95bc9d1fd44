package payload

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

type textPiece struct{ text *value.Text }

func readText(d *value.Decoder, n *source.Node) piece {
	x := new(value.Text)
	x.Decode(d, n)
	return textPiece{x}
}

func (p textPiece) fixed() bool { _, ok := p.text.Static(); return ok }
func (p textPiece) Append(env value.Env, b Blob) (Blob, error) {
	v, trace, err := p.text.Traced(env)
	if err != nil || !value.Structured(v) {
		b.addText(value.FormatTraced(v, trace))
		return b, err
	}
	given := new(Payload)
	if err := value.DecodeGiven(given, v, p.text.Node); err != nil {
		return b, fmt.Errorf("%s is not a payload: %w", value.Quote(p.text.Node.Text), err)
	}
	return given.Piece.Append(env, b)
}

// A ListPiece is a list of payloads, which are joined.
type ListPiece []piece

func (p ListPiece) fixed() bool {
	for _, q := range p {
		if !q.fixed() {
			return false
		}
	}
	return true
}

func (p ListPiece) Append(env value.Env, b Blob) (Blob, error) {
	var err error
	for _, q := range p {
		if b, err = q.Append(env, b); err != nil {
			return b, err
		}
		if err := value.MaxPayload.Check(int64(len(b.Bytes))); err != nil {
			return b, err
		}
	}
	return b, nil
}

// codedPiece is bytes in a textual coding.
type codedPiece struct {
	text   value.Text
	decode func(string) ([]byte, error)
}

func coded(decode func(string) ([]byte, error)) func(*value.Decoder, *source.Node) piece {
	return func(d *value.Decoder, n *source.Node) piece {
		p := &codedPiece{decode: decode}
		p.text.Decode(d, n)
		if s, static := p.text.Static(); static {
			if _, err := decode(s); err != nil {
				d.Problem(n, "%s", err)
			}
		}
		return p
	}
}

func (p *codedPiece) fixed() bool { _, ok := p.text.Static(); return ok }
func (p *codedPiece) Append(env value.Env, b Blob) (Blob, error) {
	s, err := p.text.Marked(env)
	if err != nil {
		return b, err
	}
	raw, err := p.decode(s.Text)
	b.addDerived(raw, &value.Trace{Marks: s.Marks})
	return b, err
}

type repeatPiece struct {
	data  Payload
	times value.Int
}

func readRepeat(d *value.Decoder, n *source.Node) piece {
	p := new(repeatPiece)
	readMapping(d, n, "repeat", p.params())
	if p.data.Piece == nil {
		return nil
	}
	return p
}

func (p *repeatPiece) params() []*value.Param {
	return []*value.Param{
		{Key: "data", Value: &p.data, Required: true, Help: "what to repeat"},
		{Key: "times", Value: &p.times, Required: true, Help: "how many times"},
	}
}

// readMapping decodes the mapping that a payload form takes.
func readMapping(d *value.Decoder, n *source.Node, what string, params []*value.Param) {
	if n.Kind != source.Map {
		d.Problem(n, "%s of a payload is a mapping {%s}, not %s", what, strings.Join(value.KeyNames(params), ", "), n.Describe())
		return
	}
	d.Mapping(n, params, what)
}

func (p *repeatPiece) fixed() bool { return p.data.Static != nil && p.times.Fixed() }
func (p *repeatPiece) Append(env value.Env, b Blob) (Blob, error) {
	data, err := p.data.Blob(env)
	if err != nil {
		return b, err
	}
	times, err := p.times.Eval(env)
	if err != nil {
		return b, err
	}
	n := value.Product(int64(len(data.Bytes)), times)
	if err := value.MaxPayload.Check(value.Sum(int64(len(b.Bytes)), n)); err != nil || n == 0 {
		return b, err
	}
	count := int(times)
	for i := 0; i < count && len(data.Marks) > 0; i++ {
		b.Marks = append(b.Marks, event.Shifted(data.Marks, len(b.Bytes)+i*len(data.Bytes))...)
	}
	b.Bytes = append(b.Bytes, bytes.Repeat(data.Bytes, count)...)
	return b, nil
}

// padPiece fills data up to a size.
type padPiece struct {
	data piece
	what Payload // which data is a piece of; not given for zeros
	to   value.Size
	with Payload
}

func readZeros(d *value.Decoder, n *source.Node) piece {
	p := &padPiece{data: ListPiece(nil)}
	p.to.Decode(d, n)
	return p
}

func readPad(d *value.Decoder, n *source.Node) piece {
	p := new(padPiece)
	problems := d.Count()
	readMapping(d, n, "pad", p.params())
	if p.what.Piece == nil {
		return nil
	}
	p.data = p.what.Piece
	if d.Count() == problems && p.fixed() {
		if _, err := p.content(nil); err != nil {
			d.Problem(n, "%s", err)
		}
	}
	return p
}

func (p *padPiece) params() []*value.Param {
	return []*value.Param{
		{Key: "data", Value: &p.what, Required: true, Help: "what to fill up"},
		{Key: "to", Value: &p.to, Required: true, Help: "the size to reach"},
		{Key: "with", Value: &p.with, Help: "the byte to fill with"},
	}
}

func (p *padPiece) fixed() bool {
	return p.data.fixed() && p.to.Fixed() && (!p.with.Given() || p.with.Static != nil)
}

func (p *padPiece) Append(env value.Env, b Blob) (Blob, error) {
	start := len(b.Bytes)
	b, err := p.data.Append(env, b)
	if err != nil {
		return b, err
	}
	fill, missing, err := p.missing(env, int64(len(b.Bytes)-start))
	if err != nil {
		return b, err
	}
	if err := value.MaxPayload.Check(value.Sum(int64(len(b.Bytes)), missing)); err != nil {
		return b, err
	}
	if fill[0] == 0 {
		b.Bytes = append(b.Bytes, make([]byte, missing)...)
		return b, nil
	}
	b.Bytes = append(b.Bytes, bytes.Repeat(fill, int(missing))...)
	return b, nil
}

// missing is the byte to fill up with, and how often after n bytes of data.
func (p *padPiece) missing(env value.Env, n int64) ([]byte, int64, error) {
	to, err := p.to.Eval(env)
	if err != nil {
		return nil, 0, err
	}
	fill := []byte{0}
	if p.with.Given() {
		if fill, err = p.with.Bytes(env); err != nil {
			return nil, 0, err
		}
	}
	switch {
	case to < n:
		return nil, 0, fmt.Errorf("cannot pad %d bytes to %d: there are already more", n, to)
	case len(fill) != 1:
		return nil, 0, fmt.Errorf("pad fills with one byte, not %d", len(fill))
	}
	return fill, to - n, nil
}
