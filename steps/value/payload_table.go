package value

import (
	"encoding/binary"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A payloadForm is a row of the table of payload forms: a key of the mapping
// that a payload can be, with what stands behind it. All its fields must be
// written.
type payloadForm struct {
	key    string
	help   string
	schema func() Schema
	decode func(d *Decoder, n *source.Node) piece // nil where it has reported a problem
}

// payloadForms lists the forms.
func payloadForms() []payloadForm {
	return []payloadForm{
		{"text", "a text", textSchema, (*Decoder).textPiece},
		{"hex", "bytes in hexadecimal; blanks are ignored", textSchema, coded(decodeHex)},
		{"base64", "bytes in base64 (RFC 4648)", textSchema, coded(decodeBase64)},
		{"file", "the content of a file; a relative path starts at the folder of the scenario file", textSchema, (*Decoder).filePiece},
		{"zeros", "this many zero bytes", new(Size).Schema, (*Decoder).zerosPiece},
		{"random", "{size, seed}: bytes that look random and are the same for the same seed", randomSchema, (*Decoder).randomPiece},
		{"repeat", "{data, times}: the data, repeated", repeatSchema, (*Decoder).repeatPiece},
		{"pad", "{data, to, with}: the data, filled up to a size with a byte (default: zero)", padSchema, (*Decoder).padPiece},
		{"u8", "a byte, or a list of them", integersSchema, integers(1, binary.BigEndian)},
		{"u16be", "16-bit integers, big-endian: network order", integersSchema, integers(2, binary.BigEndian)},
		{"u16le", "16-bit integers, little-endian", integersSchema, integers(2, binary.LittleEndian)},
		{"u32be", "32-bit integers, big-endian: network order", integersSchema, integers(4, binary.BigEndian)},
		{"u32le", "32-bit integers, little-endian", integersSchema, integers(4, binary.LittleEndian)},
		{"u64be", "64-bit integers, big-endian: network order", integersSchema, integers(8, binary.BigEndian)},
		{"u64le", "64-bit integers, little-endian", integersSchema, integers(8, binary.LittleEndian)},
	}
}

func payloadKeys() []string {
	var keys []string
	for _, f := range payloadForms() {
		keys = append(keys, f.key)
	}
	return keys
}

// IsPayloadForm reports whether a mapping with this key is a payload.
func IsPayloadForm(key string) bool {
	for _, f := range payloadForms() {
		if f.key == key {
			return true
		}
	}
	return false
}

// PayloadForms lists the forms of a payload with their help.
func PayloadForms() []DocRow {
	var list []DocRow
	for _, f := range payloadForms() {
		list = append(list, DocRow{Key: f.key, Help: f.help})
	}
	return list
}

// PayloadSchema is the schema's definition that all payloads refer to.
func PayloadSchema() Schema {
	forms := Schema{}
	for _, f := range payloadForms() {
		value := f.schema()
		value["description"] = f.help
		forms[f.key] = value
	}
	mapping := Object(forms)
	mapping["minProperties"], mapping["maxProperties"] = 1, 1
	return Schema{"anyOf": []Schema{textSchema(), mapping, {"type": "array", "items": payloadSchema()}}}
}

func textSchema() Schema    { return new(Text).Schema() }
func payloadSchema() Schema { return new(Payload).Schema() }

func randomSchema() Schema {
	return Object(Schema{"size": new(Size).Schema(), "seed": new(Size).Schema()}, "size", "seed")
}

func repeatSchema() Schema {
	return Object(Schema{"data": payloadSchema(), "times": new(Int).Schema()}, "data", "times")
}

func padSchema() Schema {
	return Object(Schema{"data": payloadSchema(), "to": new(Size).Schema(), "with": payloadSchema()}, "data", "to")
}

func integersSchema() Schema {
	one := new(Int).Schema()
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one}}}
}
