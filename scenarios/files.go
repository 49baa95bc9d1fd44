package scenarios

import (
	"path/filepath"

	"github.com/sockscript/sockscript/scenarios/source"
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
		f.Exprs = d.Outside(&f.Data, e.Value)
		v.list = append(v.list, f)
	}
}

func (v *files) Schema() value.Schema {
	return value.Schema{"type": "object", "additionalProperties": new(value.Payload).Schema()}
}
func (v *files) Type() string { return "contents by name" }
