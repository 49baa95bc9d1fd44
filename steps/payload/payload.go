// Package payload is bytes as a scenario writes them: the forms of what is
// sent, and what received bytes are compared with, contain, match or are laid
// out as.
package payload

import (
	"sync"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// Payload is bytes to send or to expect: a text, a mapping with one form, or a
// list of these, joined.
type Payload struct {
	Node   *source.Node
	Piece  piece
	Static func() (Blob, error)    // nil where an expression takes part
	whole  func() (Content, error) // likewise
}

// A Blob is the bytes of a payload, with those that the file does not spell
// out.
type Blob struct {
	Bytes []byte
	Marks []event.Mark
}

func (b *Blob) addText(m event.Marked) {
	b.Marks = append(b.Marks, event.Shifted(m.Marks, len(b.Bytes))...)
	b.Bytes = append(b.Bytes, m.Text...)
}

// Value is the bytes as a value of expressions, with its trace.
func (b Blob) Value() any { return value.WithTrace(string(b.Bytes), value.MarksOf(b.Marks)) }

// addDerived adds bytes that were computed from a value with a trace.
func (b *Blob) addDerived(data []byte, t *value.Trace) {
	if from := t.Origins(nil); len(from) > 0 {
		b.Marks = append(b.Marks, event.Mark{From: len(b.Bytes), To: len(b.Bytes) + len(data), Origins: from})
	}
	b.Bytes = append(b.Bytes, data...)
}

// A piece is one form of a payload.
type piece interface {
	// Append adds the piece's bytes to b.
	Append(env value.Env, b Blob) (Blob, error)
	// fixed reports whether the bytes are the same at each run.
	fixed() bool
}

// Given reports whether the payload was written at all.
func (p *Payload) Given() bool { return p.Node != nil }

// Decode reads a payload.
func (p *Payload) Decode(d *value.Decoder, n *source.Node) {
	p.Node = n
	p.Piece = readPiece(d, n)
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
func (p *Payload) Bytes(env value.Env) ([]byte, error) {
	b, err := p.Blob(env)
	return b.Bytes, err
}

// Blob is Bytes, with what of them the file does not spell out.
func (p *Payload) Blob(env value.Env) (Blob, error) {
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
func (p *Payload) Schema() value.Schema { return value.Schema{"$ref": "#/$defs/payload"} }

func readPiece(d *value.Decoder, n *source.Node) piece {
	switch n.Kind {
	case source.Scalar:
		return readText(d, n)
	case source.List:
		var list ListPiece
		for _, item := range n.Items {
			if p := readPiece(d, item); p != nil {
				list = append(list, p)
			}
		}
		return list
	}
	if len(n.Entries) == 0 {
		d.Problem(n, "an empty mapping is not a payload").Hint = "write one of " + value.JoinOr(payloadKeys())
		return nil
	}
	if len(n.Entries) != 1 {
		d.Problem(n, "a payload mapping has one key, not %d", len(n.Entries)).Hint = "join several with a list: [{…}, {…}]"
		return nil
	}
	return readForm(d, n.Entries[0].Key, n.Entries[0].Value)
}

// readForm reads the value of a mapping's one key.
func readForm(d *value.Decoder, key, of *source.Node) piece {
	for _, f := range payloadForms() {
		if f.key == key.Text {
			return f.decode(d, of)
		}
	}
	p := d.Problem(key, "unknown payload form %q", key.Text)
	if p.Hint = source.DidYouMean(key.Text, payloadKeys()); p.Hint == "" {
		p.Hint = "a payload is a text, or a mapping with one of " + value.JoinOr(payloadKeys())
	}
	return nil
}

// A payloadForm is a row of the table of payload forms: a key of the mapping
// that a payload can be, with what is behind it. All its fields must be
// written.
type payloadForm struct {
	key    string
	help   string
	schema func() value.Schema
	decode func(d *value.Decoder, n *source.Node) piece // nil where it has reported a problem
	needs  value.Access                                 // what it needs of the outside; "" for nothing
}

// payloadForms lists the forms.
func payloadForms() []payloadForm {
	forms := []payloadForm{
		{"text", "a text", textSchema, readText, ""},
		{"hex", "bytes in hexadecimal; blanks are ignored", textSchema, coded(value.DecodeHex), ""},
		{"base64", "bytes in base64 (RFC 4648)", textSchema, coded(value.DecodeBase64), ""},
		{value.FileForm, "the content of a file; a relative path starts at the folder of the scenario file", textSchema, readFile, value.ReadFile},
		{"crlf", "a text whose lines end with CR LF, for block scalars: `crlf: |`", textSchema, readCRLF, ""},
		{"zeros", "this many zero bytes", new(value.Size).Schema, readZeros, ""},
		{"random", "{size, seed}: bytes that look random and are the same for the same seed", formSchema(new(randomPiece).params), readRandom, ""},
		{"repeat", "{data, times}: the data, repeated", formSchema(new(repeatPiece).params), readRepeat, ""},
		{"pad", "{data, to, with}: the data, filled up to a size with a byte (default: zero)", formSchema(new(padPiece).params), readPad, ""},
		{"slice", "{data, from, to}: a part of the data: from counts from 0, to is not included, negative numbers count from the end", formSchema(new(slicePiece).params), readSlice, ""},
		{"prefixed", "{by, data, add}: the length of the data, then the data; by is a form of integers, varint, or {decimal: TEXT}, which is digits up to the text; add is added to the length that is written", formSchema(new(prefixedPiece).params), readPrefixed, ""},
		{"checksum", "{data, at, pseudo: {from, to, protocol}}: the data with its Internet checksum (RFC 1071) put at an offset; pseudo adds the pseudo-header of TCP and UDP", formSchema(new(checksumPiece).params), readChecksum, ""},
	}
	for _, f := range value.IntegerForms {
		forms = append(forms, payloadForm{f.Name, f.Help(), f.Schema, func(d *value.Decoder, n *source.Node) piece { return readIntegers(f, d, n) }, ""})
	}
	return forms
}

func payloadKeys() []string {
	var keys []string
	for _, f := range payloadForms() {
		keys = append(keys, f.key)
	}
	return keys
}

// Takes implements [value.Mapper].
func (p *Payload) Takes(key string) bool { return IsForm(key) }

// IsForm reports whether a mapping with this key is a payload.
func IsForm(key string) bool {
	for _, f := range payloadForms() {
		if f.key == key {
			return true
		}
	}
	return false
}

// Forms lists the forms of a payload with their help.
func Forms() []value.DocRow {
	var list []value.DocRow
	for _, f := range payloadForms() {
		list = append(list, value.DocRow{Key: f.key, Help: f.help, Needs: f.needs})
	}
	return list
}

// Schema is the schema's definition that all payloads refer to.
func Schema() value.Schema {
	forms := value.Schema{}
	for _, f := range payloadForms() {
		schema := f.schema()
		schema["description"] = f.help
		forms[f.key] = schema
	}
	mapping := value.Object(forms)
	// Beside the keys, this would keep an editor from proposing them.
	mapping["allOf"] = []value.Schema{{"minProperties": 1, "maxProperties": 1}}
	// In a list, null is a text as any word is.
	item := value.Schema{"anyOf": []value.Schema{payloadSchema(), {"type": "null"}}}
	text := value.Schema{"type": value.Without(textSchema()["type"].([]string), "null")}
	return value.Schema{"anyOf": []value.Schema{text, mapping, {"type": "array", "items": item}}}
}

func textSchema() value.Schema { return new(value.Text).Schema() }

func payloadSchema() value.Schema { return new(Payload).Schema() }

// formSchema describes the mapping that a form takes.
func formSchema(params func() []*value.Param) func() value.Schema {
	return func() value.Schema { return value.ObjectOf(params()) }
}
