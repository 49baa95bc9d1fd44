package value

import (
	"sync"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// Payload is bytes to send or to expect: a text, a mapping with one form, or a
// list of these, joined.
type Payload struct {
	Node   *source.Node
	Piece  piece
	Static func() (Blob, error)    // nil where an expression takes part
	whole  func() (Content, error) // likewise
}

// A Blob is the bytes of a payload, with those that the file does not spell out.
type Blob struct {
	Bytes []byte
	Marks []event.Mark
}

func (b *Blob) addText(m event.Marked) {
	b.Marks = append(b.Marks, event.Shifted(m.Marks, len(b.Bytes))...)
	b.Bytes = append(b.Bytes, m.Text...)
}

// addDerived adds bytes that were computed from a value with a trace.
func (b *Blob) addDerived(data []byte, t *Trace) {
	if from := t.Origins(nil); len(from) > 0 {
		b.Marks = append(b.Marks, event.Mark{From: len(b.Bytes), To: len(b.Bytes) + len(data), Origins: from})
	}
	b.Bytes = append(b.Bytes, data...)
}

// A piece is one form of a payload.
type piece interface {
	// Append adds the piece's bytes to b.
	Append(env Env, b Blob) (Blob, error)
	// fixed reports whether the bytes are the same at each run.
	fixed() bool
}

// Given reports whether the payload was written at all.
func (p *Payload) Given() bool { return p.Node != nil }

// Decode reads a payload.
func (p *Payload) Decode(d *Decoder, n *source.Node) {
	p.Node = n
	p.Piece = d.piece(n)
	if p.Piece != nil && p.Piece.fixed() {
		p.whole = sync.OnceValues(func() (Content, error) {
			c, err := contentOf(p.Piece, nil)
			c.Digest() // one for all runs
			return c, err
		})
		small := sync.OnceValues(func() (Blob, error) { return p.Piece.Append(nil, Blob{}) })
		p.Static = func() (Blob, error) {
			if c, err := p.whole(); err != nil || c.Size > StreamAbove {
				return p.Piece.Append(nil, Blob{}) // too many bytes to be kept by the step
			}
			return small()
		}
	}
}

// Bytes are the payload's bytes; the caller must not change them.
func (p *Payload) Bytes(env Env) ([]byte, error) {
	b, err := p.Blob(env)
	return b.Bytes, err
}

// Blob is Bytes, with what of them the file does not spell out.
func (p *Payload) Blob(env Env) (Blob, error) {
	if p.Static != nil {
		return p.Static()
	}
	return p.Piece.Append(env, Blob{})
}

// Fixed are the bytes where no expression takes part in them.
func (p *Payload) Fixed() ([]byte, bool) {
	if p.Static == nil {
		return nil, false
	}
	b, err := p.Static()
	return b.Bytes, err == nil
}

// Empty reports whether the payload is known to hold nothing.
func (p *Payload) Empty() bool {
	if p.whole == nil {
		return false
	}
	c, err := p.whole()
	return err == nil && c.Size == 0
}

// Type names the type in the reference.
func (p *Payload) Type() string { return "payload" }

// Schema accepts every form.
func (p *Payload) Schema() Schema { return Schema{"$ref": "#/$defs/payload"} }

func (d *Decoder) piece(n *source.Node) piece {
	switch n.Kind {
	case source.Scalar:
		return d.textPiece(n)
	case source.List:
		var list ListPiece
		for _, item := range n.Items {
			if p := d.piece(item); p != nil {
				list = append(list, p)
			}
		}
		return list
	}
	if len(n.Entries) == 0 {
		d.Problem(n, "an empty mapping is not a payload").Hint = "write one of " + JoinOr(payloadKeys())
		return nil
	}
	if len(n.Entries) != 1 {
		d.Problem(n, "a payload mapping has one key, not %d", len(n.Entries)).Hint = "join several with a list: [{…}, {…}]"
		return nil
	}
	return d.form(n.Entries[0].Key, n.Entries[0].Value)
}

// form reads the value of a mapping's one key.
func (d *Decoder) form(key, value *source.Node) piece {
	for _, f := range payloadForms() {
		if f.key == key.Text {
			return f.decode(d, value)
		}
	}
	p := d.Problem(key, "unknown payload form %q", key.Text)
	if p.Hint = source.DidYouMean(key.Text, payloadKeys()); p.Hint == "" {
		p.Hint = "a payload is a text, or a mapping with one of " + JoinOr(payloadKeys())
	}
	return nil
}
