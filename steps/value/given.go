package value

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Structured reports whether a value is a list or a mapping, which is decoded as
// if it stood in the place of the expression that gave it.
func Structured(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// DecodeGiven decodes a list or mapping that an expression gave. At is where the
// expression stands.
func DecodeGiven(into Value, v any, at *source.Node) error {
	d := NewDecoder(nil, nil)
	into.Decode(d, nodeOf(v, at))
	if len(d.problems) == 0 {
		return nil
	}
	p := d.problems[0]
	return errors.New(p.Msg + Prefixed("; ", p.Hint))
}

// nodeOf is a value as YAML would have it. Its texts hold no expressions.
func nodeOf(v any, at *source.Node) *source.Node {
	n := &source.Node{Pos: at.Pos, File: at.File}
	switch v := v.(type) {
	case []any:
		n.Kind = source.List
		for _, item := range v {
			n.Items = append(n.Items, nodeOf(item, at))
		}
	case map[string]any:
		n.Kind = source.Map
		for _, key := range slices.Sorted(maps.Keys(v)) {
			n.Entries = append(n.Entries, source.Entry{Key: nodeOf(key, at), Value: nodeOf(v[key], at)})
		}
	default:
		n.Kind = source.Scalar
		n.Text = strings.ReplaceAll(Format(v), "${", "$${")
		_, n.Quoted = v.(string)
	}
	return n
}
