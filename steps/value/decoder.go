package value

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Decoder reads typed values from a file's tree. It collects what is wrong
// with them, knows the names that their expressions may mean, and keeps what it
// has compiled.
type Decoder struct {
	actors   map[string]bool
	vars     map[string]bool
	Hosts    map[string][]string // of the network, with their interfaces
	Own      *NameSet            // names that the actor under way makes
	problems source.Problems

	made      *Compiled // so far; nil where that is not counted
	exprs     []*Expr   // compiled since they were last taken
	announced []any     // since it was last taken
	late      []*Late   // left to the run since it was last taken
	needs     *[]Need   // noted so far; nil where nobody asks
}

// NewDecoder returns a decoder for a scenario with the given actors and
// variables: expressions must know them while they are compiled.
func NewDecoder(actors, vars []string) *Decoder {
	d := &Decoder{actors: make(map[string]bool), vars: make(map[string]bool), made: new(Compiled), needs: new([]Need)}
	for _, a := range actors {
		d.actors[a] = true
	}
	for _, v := range vars {
		d.vars[v] = true
	}
	return d
}

// Problems are all that was found wrong so far.
func (d *Decoder) Problems() source.Problems { return d.problems }

// Count is how many problems were found so far.
func (d *Decoder) Count() int { return len(d.problems) }

// Compiled is what was compiled so far.
func (d *Decoder) Compiled() Compiled { return *d.made }

// CountWith counts what is compiled, and notes what is needed, together with
// what another decoder compiles and notes.
func (d *Decoder) CountWith(other *Decoder) { d.made, d.needs = other.made, other.needs }

// Exprs is how many expressions were read so far.
func (d *Decoder) Exprs() int { return len(d.exprs) }

// ExprsSince are those that were read after the first n.
func (d *Decoder) ExprsSince(n int) []*Expr { return slices.Clone(d.exprs[n:]) }

// Problem notes what is wrong at n.
func (d *Decoder) Problem(n *source.Node, format string, args ...any) *source.Problem {
	p := n.Problem(format, args...)
	d.problems = append(d.problems, p)
	return p
}

// Outside decodes a value that is in no actor, such as the number of its
// replicas, and returns the expressions in it.
func (d *Decoder) Outside(v Value, n *source.Node) []*Expr {
	d.Own = nil
	v.Decode(d, n)
	exprs, _ := d.Take()
	return exprs
}

// Tries decodes a value that may be meant otherwise, and reports whether
// nothing was wrong with it. It leaves no trace in d.
func (d *Decoder) Tries(v Value, n *source.Node) bool {
	trial := &Decoder{actors: d.actors, Own: d.Own, vars: d.vars, Hosts: d.Hosts}
	if d.made != nil {
		made := *d.made
		trial.made = &made
	}
	v.Decode(trial, n)
	return len(trial.problems) == 0
}

// Announce keeps a value for whoever reads more than values, as the reader of
// steps does.
func (d *Decoder) Announce(v any) { d.announced = append(d.announced, v) }

// Take returns what was compiled and announced since the last time.
func (d *Decoder) Take() ([]*Expr, []any) {
	exprs, announced := d.exprs, d.announced
	d.exprs, d.announced = nil, nil
	return exprs, announced
}

// IsActor reports whether a name stands for another actor: the actor's own
// names come first.
func (d *Decoder) IsActor(name string) bool { return d.actors[name] && !d.Own.Has(name) }

// knows reports whether a name stands, or may stand, for something in an
// expression.
func (d *Decoder) knows(name string) bool {
	return d.Own.May(name) || d.vars[name] || d.actors[name] || d.Hosts[name] != nil
}

// A Namer is a value that gives names. The names that an actor's steps give are
// known before any expression of it is compiled.
type Namer interface {
	// NamesIn adds the names that the value gives where it is decoded from n.
	NamesIn(n *source.Node, add func(name string))
}

// NamesIn adds the names that values give which are bound to the keys of n.
func NamesIn(n *source.Node, params []*Param, add func(string)) {
	for _, e := range n.Entries {
		if p := FindParam(params, e.Key.Text); p != nil {
			if v, ok := p.Value.(Namer); ok {
				v.NamesIn(e.Value, add)
			}
		}
	}
}

// Mapping decodes the entries of n into the parameters that they name; what is
// for messages.
func (d *Decoder) Mapping(n *source.Node, params []*Param, what string) {
	d.mapping(n, params, what, func(p *Param, n *source.Node) { p.Value.Decode(d, n) })
}

// Fields is Mapping for the keys of a step, whose values the run may decode.
// Under is before the keys in [Late.Key].
func (d *Decoder) Fields(under string, n *source.Node, params []*Param, what string) {
	d.mapping(n, params, what, func(p *Param, n *source.Node) { d.Field(under+p.Key, p.Value, n) })
}

func (d *Decoder) mapping(n *source.Node, params []*Param, what string, decode func(*Param, *source.Node)) {
	for _, e := range n.Entries {
		p := FindParam(params, e.Key.Text)
		if p == nil {
			d.Problem(e.Key, "unknown key %q in %s", e.Key.Text, what).Hint = unknownKeyHint(e.Key.Text, params, what)
			continue
		}
		if e.Value.Null {
			none := d.Problem(e.Key, "%s has no value", e.Key.Text)
			if none.Hint = "write it after the colon"; !p.Required {
				none.Hint += ", or leave the key out"
			}
			continue
		}
		decode(p, e.Value)
	}
	for _, p := range params {
		if p.Required && !n.Partly && n.Get(p.Key) == nil {
			d.Problem(n, "%s needs %s", what, p.Key).Hint = p.Help
		}
	}
}

// unknownKeyHint says what may have been meant by a key that is not there.
func unknownKeyHint(key string, params []*Param, what string) string {
	for _, p := range params {
		if m, ok := p.Value.(Mapper); ok && m.Takes(key) {
			return fmt.Sprintf("write {%s: {%s: …}}", p.Key, key)
		}
	}
	if hint := source.DidYouMean(key, KeyNames(params)); hint != "" {
		return hint
	}
	return "it takes " + JoinOr(slices.Sorted(slices.Values(Without(KeyNames(params), what))))
}

// A Mapper is a value that can be written as a mapping with one key.
type Mapper interface{ Takes(key string) bool }

// Written marks values that must be known before anything runs, so that no
// expression can be in their place: lists of steps, names of procedures.
type Written interface{ Written() }

// A Late is the value of one key that holds an expression where its type takes
// none: a flag, an errno, true or false. It is decoded when its step runs, as
// if what the expression returns were in the file.
type Late struct {
	Key   string // as the file has it; below expect with the prefix "expect."
	node  *source.Node
	exprs map[*source.Node]*Expr

	actors map[string]bool // what the decoder knew, for the value's other expressions
	vars   map[string]bool
	hosts  map[string][]string
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
	late := &Late{Key: key, node: n, exprs: make(map[*source.Node]*Expr), actors: d.actors, vars: d.vars, hosts: d.Hosts, own: d.Own}
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
			return e.Errorf("it returns nil, which is not a value")
		}
		given[hole], last = nodeOf(v, hole), e
	}
	d := &Decoder{actors: l.actors, vars: l.vars, Hosts: l.hosts, Own: l.own}
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

// Structured reports whether a value is a list or a mapping, which is decoded
// as if it were in the place of the expression that returned it.
func Structured(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// DecodeGiven decodes a list or mapping that an expression returned. At is
// where the expression is.
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
