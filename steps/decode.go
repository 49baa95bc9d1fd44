package steps

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Decoder turns the step lists of one scenario into steps and collects all
// that is wrong with them.
type Decoder struct {
	actors   map[string]bool
	procs    map[string]*Procedure
	vars     map[string]bool
	streams  *streamUse
	own      map[string]bool // names that the actor under way makes
	problems source.Problems
	steps    []*Step

	step  *Step // the step under way
	exprs []*Expr
}

// NewDecoder makes a decoder for a scenario with the given actors and
// variables: expressions must know them while they are compiled.
func NewDecoder(actors, vars []string) *Decoder {
	d := &Decoder{actors: make(map[string]bool), procs: make(map[string]*Procedure), vars: make(map[string]bool), streams: newStreamUse()}
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

// Steps are all steps decoded so far, in the order of the file.
func (d *Decoder) Steps() []*Step { return d.steps }

// Actor decodes one actor's steps.
func (d *Decoder) Actor(n *source.Node) *Block {
	d.streams.nextActor()
	return d.stepList(n)
}

// stepList decodes the steps of an actor or of a procedure without parameters.
func (d *Decoder) stepList(n *source.Node) *Block {
	d.own = ownNames(n)
	b := &Block{names: d.own}
	b.Decode(d, n)
	return b
}

// Param decodes a value that stands outside the steps, such as an actor's count,
// and gives the expressions in it.
func (d *Decoder) Param(v Value, n *source.Node) []*Expr {
	d.own, d.step, d.exprs = nil, new(Step), nil
	v.Decode(d, n)
	exprs := d.exprs
	d.exprs = nil
	return exprs
}

// Problem notes what is wrong at n.
func (d *Decoder) Problem(n *source.Node, format string, args ...any) *source.Problem {
	p := n.Problem(format, args...)
	d.problems = append(d.problems, p)
	return p
}

// isActor reports whether a name stands for another actor: the actor's own
// names come first.
func (d *Decoder) isActor(name string) bool { return d.actors[name] && !d.own[name] }

// ownNames collects the names that an actor's steps make, wherever they stand.
func ownNames(n *source.Node) map[string]bool {
	names := make(map[string]bool)
	var walk func(*source.Node)
	walk = func(n *source.Node) {
		for _, item := range n.Items {
			walk(item)
		}
		for _, e := range n.Entries {
			switch e.Key.Text {
			case "as", "index", "each", "params", "SCM_RIGHTS":
				for _, item := range listed(e.Value) {
					names[item.Text] = true
				}
			case "matches":
				for _, name := range groupNames(e.Value.Text) {
					names[name] = true
				}
			case "let":
				for _, b := range e.Value.Entries {
					names[b.Key.Text] = true
				}
			}
			walk(e.Value)
		}
	}
	walk(n)
	return names
}

// Decode reads a list of steps.
func (b *Block) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.List {
		d.Problem(n, "expected a list of steps, got %s", n.Describe()).Hint = `write each step as "- KIND: VALUE"`
		return
	}
	outer := d.step
	if outer != nil {
		outer.blocks = append(outer.blocks, b)
	}
	for _, item := range n.Items {
		b.Steps = append(b.Steps, d.decodeStep(item))
	}
	d.step = outer
}

// Schema accepts a list of steps.
func (b *Block) Schema() Schema {
	return Schema{"type": "array", "items": Schema{"$ref": "#/$defs/step"}}
}

// Type names the type in the reference.
func (b *Block) Type() string { return "list of steps" }

func (d *Decoder) decodeStep(n *source.Node) *Step {
	kind, verb := d.verbOf(n)
	if kind == nil {
		return &Step{Node: n, Action: &brokenAction{node: n}}
	}
	exprs := d.exprs
	s := &Step{Kind: kind, Action: kind.New(), Node: verb.Key, Verb: verb.Value}
	s.Place = Place{
		ID: len(d.steps), Kind: kind.Name, Title: title(kind, verb.Value),
		Pos: verb.Key.Pos, Line: verb.Key.Line(),
	}
	d.steps = append(d.steps, s)
	d.step, d.exprs = s, nil
	params := paramsOf(s.Action)
	s.Place.Waits = findParam(params.Keys, "nowait") != nil
	d.keys(n, s, params)
	s.exprs, d.exprs = d.exprs, exprs
	return s
}

// brokenAction stands for a step that could not be decoded, so that the check
// goes on behind it: what it gives a name may be anything, and what it names may
// be in any state. A scenario with such a step never runs.
type brokenAction struct{ node *source.Node }

func (a *brokenAction) Params(*Params)  {}
func (a *brokenAction) Run(*Task) error { return errors.New("the step could not be decoded") }

func (a *brokenAction) Check(c *Check) {
	a.touch(c, a.node)
	for name := range ownNames(a.node) {
		c.symbols[name] = &Symbol{Name: name, anything: true, used: true}
	}
}

// touch makes what is known of the names in a part of the step uncertain.
func (a *brokenAction) touch(c *Check, n *source.Node) {
	if sym := c.symbols[n.Text]; n.Kind == source.Scalar && sym != nil {
		sym.uncertain, sym.used = true, true
	}
	for _, item := range n.Items {
		a.touch(c, item)
	}
	for _, e := range n.Entries {
		a.touch(c, e.Value)
	}
}

// keys decodes the keys of a step: the verb's value, the common keys, the
// kind's own.
func (d *Decoder) keys(n *source.Node, s *Step, params *Params) {
	p := *params.Verb
	p.Key = s.Kind.Name
	all := append([]*Param{&p}, params.Keys...)
	all = append(all, commonParams(s, params)...)
	d.Mapping(n, all, s.Kind.Name)
	switch most := max(params.Names, 1); {
	case s.As.Given() && params.Makes == "" && !s.Expect.Error.Given():
		d.Problem(s.As.node, "%s makes nothing that could be named", s.Kind.Name).Hint = "leave as: out"
	case s.As.Len() > most:
		p := d.Problem(s.As.node, "as takes %s here, not %d", map[int]string{1: "one name", 2: "two names", 3: "three names"}[most], s.As.Len())
		if p.Hint = "it names " + params.Makes; params.Makes == "" {
			p.Hint = "it names the errno"
		}
	}
	seen := make(map[string]bool)
	for _, x := range s.As.list {
		name, static := x.Static()
		if static && seen[name] {
			d.Problem(x.node, "as gives the name %s twice", name)
		}
		seen[name] = static
	}
}

// commonParams are the keys that go with every verb.
func commonParams(s *Step, params *Params) []*Param {
	return []*Param{
		{Key: "as", Value: &s.As, Help: "names what the step makes"},
		{Key: "expect", Value: &expectValue{s, params}, Help: "what the step must give"},
		{Key: "timeout", Value: &s.Timeout, Help: "the bound of this one step"},
		{Key: "when", Value: &s.When, Help: "an expression; false skips the step"},
		{Key: "note", Value: &s.Note, Help: "a line of text for the transcript"},
	}
}

// expectValue decodes a step's `expect` with the keys of its kind.
type expectValue struct {
	step   *Step
	params *Params
}

func (v *expectValue) Decode(d *Decoder, n *source.Node) {
	v.step.Expect.decode(d, n, v.step.Kind, v.params)
}
func (v *expectValue) Schema() Schema { return expectSchema(v.params) }
func (v *expectValue) Type() string   { return "expectation" }

// Mapping decodes the entries of n into the parameters that they name; what is
// for messages.
func (d *Decoder) Mapping(n *source.Node, params []*Param, what string) {
	for _, e := range n.Entries {
		p := findParam(params, e.Key.Text)
		if p == nil {
			d.Problem(e.Key, "unknown key %q in %s", e.Key.Text, what).Hint = unknownKeyHint(e.Key.Text, params, what)
			continue
		}
		if e.Value.Null {
			d.Problem(e.Key, "%s has no value", e.Key.Text)
			continue
		}
		p.Value.Decode(d, e.Value)
	}
	for _, p := range params {
		if p.Required && n.Get(p.Key) == nil {
			d.Problem(n, "%s needs %s", what, p.Key).Hint = p.Help
		}
	}
}

// unknownKeyHint says what may have been meant by a key that is not there.
func unknownKeyHint(key string, params []*Param, what string) string {
	if isPayloadForm(key) && findParam(params, "data") != nil {
		return fmt.Sprintf("write {data: {%s: …}}", key)
	}
	if hint := source.DidYouMean(key, keyNames(params)); hint != "" {
		return hint
	}
	return "it takes " + joinOr(sorted(without(keyNames(params), what)))
}

// verbOf finds the one key of a step that names a kind.
func (d *Decoder) verbOf(n *source.Node) (*Kind, source.Entry) {
	if n.Kind != source.Map {
		d.Problem(n, "a step is a mapping, not %s", n.Describe()).Hint = `write it as "- KIND: VALUE", as "- close: conn"`
		return nil, source.Entry{}
	}
	var kind *Kind
	var verb source.Entry
	for _, e := range n.Entries {
		k, ok := Lookup(e.Key.Text)
		if !ok {
			continue
		}
		if kind != nil {
			p := d.Problem(e.Key, "two verbs in one step: %s and %s", kind.Name, k.Name)
			p.Hint = "make two steps of it, each with its own dash"
			return nil, source.Entry{}
		}
		kind, verb = k, e
	}
	if kind == nil {
		d.noVerb(n)
	}
	return kind, verb
}

func (d *Decoder) noVerb(n *source.Node) {
	for _, e := range n.Entries {
		hint := source.DidYouMean(e.Key.Text, KindNames())
		if hint != "" && !isParameter(e.Key.Text) {
			d.Problem(e.Key, "unknown step kind %q", e.Key.Text).Hint = hint
			return
		}
	}
	if len(n.Entries) == 1 {
		d.Problem(n.Entries[0].Key, "unknown step kind %q", n.Entries[0].Key.Text).Hint = "the kinds are " + joinOr(KindNames())
		return
	}
	d.Problem(n, "no key of this step names a step kind").Hint = "the kinds are " + joinOr(KindNames())
}

// isParameter reports whether a key is one of any kind's, or one that goes with
// every kind: then it is not meant as a verb.
func isParameter(key string) bool {
	if findParam(commonParams(new(Step), new(Params)), key) != nil {
		return true
	}
	return slices.ContainsFunc(Kinds(), func(k *Kind) bool {
		return findParam(paramsOf(k.New()).Keys, key) != nil
	})
}

// title is how messages call a step: recv(conn).
func title(k *Kind, verb *source.Node) string {
	text := verb.Text
	if verb.Kind != source.Scalar {
		var words []string
		for _, item := range verb.Items {
			if item.Kind == source.Scalar {
				words = append(words, item.Text)
			}
		}
		if len(words) == 0 {
			return k.Name
		}
		text = strings.Join(words, ", ")
	}
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + "…"
	}
	return k.Name + "(" + text + ")"
}

func sorted(words []string) []string {
	sort.Strings(words)
	return words
}
