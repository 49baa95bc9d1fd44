package value

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

type textPiece struct{ text *Text }

func (d *Decoder) textPiece(n *source.Node) piece {
	x := new(Text)
	x.Decode(d, n)
	return textPiece{x}
}

func (p textPiece) fixed() bool { _, ok := p.text.Static(); return ok }
func (p textPiece) Append(env Env, b Blob) (Blob, error) {
	v, trace, err := p.text.Traced(env)
	if err != nil || !structured(v) {
		b.addText(FormatTraced(v, trace))
		return b, err
	}
	given := new(Payload)
	if err := DecodeGiven(given, v, p.text.Node); err != nil {
		return b, fmt.Errorf("%s is not a payload: %w", Quote(p.text.Node.Text), err)
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

func (p ListPiece) Append(env Env, b Blob) (Blob, error) {
	var err error
	for _, q := range p {
		if b, err = q.Append(env, b); err != nil {
			return b, err
		}
		if err := maxPayload.Check(int64(len(b.Bytes))); err != nil {
			return b, err
		}
	}
	return b, nil
}

// codedPiece is bytes in a textual coding.
type codedPiece struct {
	text   Text
	decode func(string) ([]byte, error)
}

func coded(decode func(string) ([]byte, error)) func(*Decoder, *source.Node) piece {
	return func(d *Decoder, n *source.Node) piece {
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
func (p *codedPiece) Append(env Env, b Blob) (Blob, error) {
	s, err := p.text.Marked(env)
	if err != nil {
		return b, err
	}
	raw, err := p.decode(s.Text)
	b.addDerived(raw, &Trace{Marks: s.Marks})
	return b, err
}

func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%s is not base64: %s", Quote(s), err)
	}
	return b, nil
}

func decodeHex(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, fmt.Errorf("%s is not hexadecimal: %s", Quote(s), strings.TrimPrefix(err.Error(), "encoding/hex: "))
	}
	return b, nil
}

type repeatPiece struct {
	data  Payload
	times Int
}

func (d *Decoder) repeatPiece(n *source.Node) piece {
	p := new(repeatPiece)
	d.payloadMapping(n, "repeat", p.params())
	if p.data.Piece == nil {
		return nil
	}
	return p
}

func (p *repeatPiece) params() []*Param {
	return []*Param{
		{Key: "data", Value: &p.data, Required: true, Help: "what to repeat"},
		{Key: "times", Value: &p.times, Required: true, Help: "how many times"},
	}
}

// payloadMapping decodes the mapping that a payload form takes.
func (d *Decoder) payloadMapping(n *source.Node, what string, params []*Param) {
	if n.Kind != source.Map {
		d.Problem(n, "%s of a payload is a mapping {%s}, not %s", what, strings.Join(keyNames(params), ", "), n.Describe())
		return
	}
	d.Mapping(n, params, what)
}

func (p *repeatPiece) fixed() bool { return p.data.Static != nil && p.times.fixed() }
func (p *repeatPiece) Append(env Env, b Blob) (Blob, error) {
	data, err := p.data.Blob(env)
	if err != nil {
		return b, err
	}
	times, err := p.times.Eval(env)
	if err != nil {
		return b, err
	}
	n := Product(int64(len(data.Bytes)), times)
	if err := maxPayload.Check(sum64(int64(len(b.Bytes)), n)); err != nil || n == 0 {
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
	to   Size
	with Payload
}

func (d *Decoder) zerosPiece(n *source.Node) piece {
	p := &padPiece{data: ListPiece(nil)}
	p.to.Decode(d, n)
	return p
}

func (d *Decoder) padPiece(n *source.Node) piece {
	p := new(padPiece)
	problems := len(d.problems)
	d.payloadMapping(n, "pad", p.params())
	if p.what.Piece == nil {
		return nil
	}
	p.data = p.what.Piece
	if len(d.problems) == problems && p.fixed() {
		if _, err := p.content(nil); err != nil {
			d.Problem(n, "%s", err)
		}
	}
	return p
}

func (p *padPiece) params() []*Param {
	return []*Param{
		{Key: "data", Value: &p.what, Required: true, Help: "what to fill up"},
		{Key: "to", Value: &p.to, Required: true, Help: "the size to reach"},
		{Key: "with", Value: &p.with, Help: "the byte to fill with"},
	}
}

func (p *padPiece) fixed() bool {
	return p.data.fixed() && p.to.fixed() && (!p.with.Given() || p.with.Static != nil)
}

func (p *padPiece) Append(env Env, b Blob) (Blob, error) {
	start := len(b.Bytes)
	b, err := p.data.Append(env, b)
	if err != nil {
		return b, err
	}
	fill, missing, err := p.missing(env, int64(len(b.Bytes)-start))
	if err != nil {
		return b, err
	}
	if err := maxPayload.Check(sum64(int64(len(b.Bytes)), missing)); err != nil {
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
func (p *padPiece) missing(env Env, n int64) ([]byte, int64, error) {
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
