package scenarios

import (
	"path/filepath"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/value"
)

// files is the value of the key files.
type files struct{ list []*File }

func (v *files) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "files is a mapping of names to contents, not %s", n.Describe())
		return
	}
	for _, e := range n.Entries {
		if !filepath.IsLocal(e.Key.Text) {
			d.Problem(e.Key, "the file %q would not be in the temporary folder", e.Key.Text).Hint = "write a relative path without .."
		}
		f := &File{Name: e.Key.Text, Node: e.Key}
		f.Exprs = d.Outside(&f.Data, raw(d, e.Value))
		v.list = append(v.list, f)
	}
}

// raw is the content of a file, of which {raw: TEXT} becomes a text whose
// expressions are none.
func raw(d *value.Decoder, n *source.Node) *source.Node {
	text := n.Get("raw")
	switch {
	case text == nil:
		return n
	case len(n.Entries) > 1:
		d.Problem(n, "raw cannot be beside other keys").Hint = "write {raw: TEXT}"
	case text.Kind != source.Scalar || text.Null:
		d.Problem(text, "expected the text of the file, got %s", text.Describe()).Hint = "write {raw: TEXT}"
	}
	plain := *text
	plain.Text = strings.ReplaceAll(text.Text, "${", "$${")
	return &plain
}

func (v *files) Schema() value.Schema {
	raw := value.Object(value.Schema{"raw": value.Schema{
		"type": []string{"string", "number", "boolean"}, "description": "a text in which ${ means nothing",
	}}, "raw")
	return value.Schema{"type": "object", "additionalProperties": value.Schema{"anyOf": []value.Schema{new(payload.Payload).Schema(), raw}}}
}
func (v *files) Type() string { return "contents by name" }
