package value

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Written marks values that must be known before anything runs, so that no
// expression can be in their place: lists of steps, names of procedures.
type Written interface{ Written() }

// A Late is the value of one key that holds an expression where its type takes
// none: a flag, an errno, true or false. It is decoded when its step runs, as
// if what the expression gives stood in the file.
type Late struct {
	Key   string // as the file has it; below expect with the prefix "expect."
	node  *source.Node
	exprs map[*source.Node]*Expr

	actors map[string]bool // what the decoder knew, for the value's other expressions
	vars   map[string]bool
	own    *NameSet
}

// Field decodes the value of a step's key. What is wrong only because an
// expression was written for a value is left to the run.
func (d *Decoder) Field(key string, v Value, n *source.Node) {
	before := len(d.problems)
	v.Decode(d, n)
	if _, written := v.(Written); written || len(d.problems) == before {
		return
	}
	holes := make(map[source.Pos]*source.Node)
	holesIn(n, holes)
	late := &Late{Key: key, node: n, exprs: make(map[*source.Node]*Expr), actors: d.actors, vars: d.vars, own: d.Own}
	found := append(source.Problems(nil), d.problems[before:]...)
	d.problems = d.problems[:before]
	for _, p := range found {
		hole := holes[p.Pos]
		if hole == nil {
			d.problems = append(d.problems, p)
			continue
		}
		if late.exprs[hole] == nil {
			src, _ := wholeExpression(hole.Text)
			e := new(Expr)
			d.compile(e, hole, src, 2)
			late.exprs[hole] = e
		}
	}
	if len(late.exprs) > 0 {
		d.late = append(d.late, late)
	}
}

// TakeLate returns the values that were left to the run since the last time.
func (d *Decoder) TakeLate() []*Late {
	late := d.late
	d.late = nil
	return late
}

// holesIn finds the places in n that one expression fills.
func holesIn(n *source.Node, at map[source.Pos]*source.Node) {
	if n.Kind == source.Scalar {
		if _, ok := wholeExpression(n.Text); ok {
			at[n.Pos] = n
		}
		return
	}
	for _, item := range n.Items {
		holesIn(item, at)
	}
	for _, e := range n.Entries {
		holesIn(e.Value, at)
	}
}

// Decode runs the expressions, and decodes the value with what they give.
func (l *Late) Decode(env Env, into Value) error {
	given := make(map[*source.Node]*source.Node)
	var last *Expr
	for hole, e := range l.exprs {
		v, err := e.Eval(env)
		if err != nil {
			return err
		}
		if v == nil {
			return e.Errorf("gives nil, which is not a value")
		}
		given[hole], last = nodeOf(v, hole), e
	}
	d := &Decoder{actors: l.actors, vars: l.vars, Own: l.own}
	into.Decode(d, filled(l.node, given))
	if len(d.problems) == 0 {
		return nil
	}
	p := d.problems[0]
	for hole, e := range l.exprs {
		if hole.Pos == p.Pos {
			last = e
		}
	}
	return last.Errorf("%s%s", p.Msg, Prefixed("; ", p.Hint))
}

// filled is n with the given nodes in their places.
func filled(n *source.Node, given map[*source.Node]*source.Node) *source.Node {
	if g := given[n]; g != nil {
		return g
	}
	if n.Kind == source.Scalar {
		return n
	}
	whole := *n
	whole.Items, whole.Entries = nil, nil
	for _, item := range n.Items {
		whole.Items = append(whole.Items, filled(item, given))
	}
	for _, e := range n.Entries {
		whole.Entries = append(whole.Entries, source.Entry{Key: e.Key, Value: filled(e.Value, given)})
	}
	return &whole
}

// structured reports whether a value is a list or a mapping, which is decoded
// as if it stood in the place of the expression that gave it.
func structured(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// DecodeGiven decodes a list or mapping that an expression gave. At is where
// the expression stands.
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
