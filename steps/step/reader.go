package step

import (
	"errors"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// A Reader turns the step lists of one scenario into steps. It is a decoder
// that knows kinds and procedures beside values.
type Reader struct {
	*value.Decoder
	kinds   Kinds
	procs   map[string]*Procedure
	Streams *StreamUse
	steps   *[]*Step
	Reads   *Library // of the file that is read; nil for a scenario's own
	// Libraries are the names of files that could be included, for hints.
	Libraries []string
	turns     *turns                   // while the items of a list are turns
	params    map[*Kind][]*value.Param // see paramsOfKind
	anyParams []*value.Param           // of all kinds
}

// NewReader returns a reader of steps of the given kinds, for a scenario with
// the given actors and variables.
func NewReader(kinds Kinds, actors, vars []string) *Reader {
	return &Reader{
		Decoder: value.NewDecoder(actors, vars), kinds: kinds,
		procs: make(map[string]*Procedure), Streams: newStreamUse(), steps: new([]*Step), params: make(map[*Kind][]*value.Param),
	}
}

// A Part is a value that belongs to the step it is decoded in: a list of steps,
// the name of a handle. It announces itself to the decoder, and is read when
// all keys of its step are decoded.
type Part interface {
	Read(r *Reader, s *Step)
}

// A Nest is a value that holds lists of steps.
type Nest interface {
	// Lists returns the nodes of the lists where the value is decoded from n.
	Lists(n *source.Node) []*source.Node
}

// Steps are all steps read so far, in the order of the file.
func (r *Reader) Steps() []*Step { return *r.steps }

// Actor reads one actor's steps.
func (r *Reader) Actor(n *source.Node) *Block {
	r.Streams.nextActor()
	return r.stepList(n)
}

// stepList reads the steps of an actor or of a procedure without parameters.
func (r *Reader) stepList(n *source.Node) *Block {
	names := value.NewNameSet()
	r.namesOfSteps(n, names)
	return r.namedList(n, names)
}

// namedList reads a whole list of steps that gives these names.
func (r *Reader) namedList(n *source.Node, names *value.NameSet) *Block {
	r.Own = names
	b := &Block{Given: names}
	b.Decode(r.Decoder, n)
	r.Take()
	b.read(r, n)
	return b
}

// namesOfSteps adds the names that a list of steps gives, in whatever step they
// stand.
func (r *Reader) namesOfSteps(n *source.Node, s *value.NameSet) {
	for _, item := range n.Items {
		r.namesOfStep(item, s)
	}
}

func (r *Reader) namesOfStep(n *source.Node, s *value.NameSet) {
	params := r.paramsIn(n)
	value.NamesIn(n, params, s.Add)
	for _, e := range n.Entries {
		p := value.FindParam(params, e.Key.Text)
		if p == nil {
			continue
		}
		switch v := p.Value.(type) {
		case Nest:
			for _, list := range v.Lists(e.Value) {
				r.namesOfSteps(list, s)
			}
		case Caller:
			r.namesOfProcedure(v.Calls(e.Value), s)
		}
	}
}

// paramsIn are the parameters of the kind that a step names; of every kind
// where it names none.
func (r *Reader) paramsIn(n *source.Node) []*value.Param {
	for _, e := range n.Entries {
		if k, ok := r.kinds.Lookup(e.Key.Text); ok {
			return r.paramsOfKind(k)
		}
	}
	return r.anyKind()
}

// paramsOfKind are the parameters of a kind. They only say how a value is
// written, so a scenario of many steps, with all that it includes, needs them
// once.
func (r *Reader) paramsOfKind(k *Kind) []*value.Param {
	params, made := r.params[k]
	if !made {
		params = paramsOf(k.New()).all(k, new(Step))
		r.params[k] = params
	}
	return params
}

// anyKind are the parameters of all kinds.
func (r *Reader) anyKind() []*value.Param {
	if r.anyParams == nil {
		for _, k := range r.kinds {
			r.anyParams = append(r.anyParams, r.paramsOfKind(k)...)
		}
	}
	return r.anyParams
}

// Decode checks that n is a list. Its steps are read when the step is decoded
// that the list is in.
func (b *Block) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.List {
		d.Problem(n, "expected a list of steps, got %s", n.Describe()).Hint = `write each step as "- KIND: VALUE"`
		return
	}
	b.node = n
	d.Announce(b)
}

// Written implements [value.Written].
func (b *Block) Written() {}

// Lists implements [Nest].
func (b *Block) Lists(n *source.Node) []*source.Node { return []*source.Node{n} }

// Read implements [Part].
func (b *Block) Read(r *Reader, s *Step) {
	s.blocks = append(s.blocks, b)
	b.read(r, b.node)
}

func (b *Block) read(r *Reader, n *source.Node) {
	for _, item := range n.Items {
		if r.turns != nil {
			b.Steps = append(b.Steps, r.turn(item))
			continue
		}
		b.Steps = append(b.Steps, r.step(item))
	}
}

// Schema accepts a list of steps.
func (b *Block) Schema() value.Schema {
	return value.Schema{"type": "array", "items": value.Schema{"$ref": "#/$defs/step"}}
}

// Type names the type in the reference.
func (b *Block) Type() string { return "list of steps" }

// step reads one step.
func (r *Reader) step(n *source.Node) *Step {
	problems := r.Count()
	kind, verb := r.verbOf(n)
	if kind == nil {
		return r.broken(n)
	}
	s := &Step{Kind: kind, Action: kind.New(), Whole: n, Node: verb.Key, Verb: verb.Value}
	params := paramsOf(s.Action)
	s.Place = event.Place{
		ID: len(*r.steps), Kind: kind.Name, Title: title(kind, verb.Value),
		Pos: verb.Key.Pos, Line: verb.Key.Line(), Waits: params.MayWait, Shares: kind.Shares,
	}
	*r.steps = append(*r.steps, s)
	s.Gives, s.on = value.NewNameSet(), params.on
	value.NamesIn(n, params.all(kind, s), s.Gives.Add)
	r.keys(n, s, params)
	exprs, announced := r.Take()
	s.Exprs = exprs
	for _, v := range announced {
		v.(Part).Read(r, s)
	}
	if r.Count() == problems {
		r.needsOf(s)
	}
	return s
}

// broken is the step that stands for one which could not be decoded.
func (r *Reader) broken(n *source.Node) *Step {
	a := &Broken{Node: n, Names: value.NewNameSet()}
	r.namesOfStep(n, a.Names)
	return &Step{Whole: n, Node: n, Action: a}
}

// Broken stands for a step that could not be decoded, so that the check
// goes on behind it: what it gives a name may be anything, and what it names
// may be in any state. A scenario with such a step never runs.
type Broken struct {
	Node  *source.Node
	Names *value.NameSet
}

// Params implements [Action].
func (a *Broken) Params(*Params) {}

// Run implements [Action].
func (a *Broken) Run(*Task) error { return errors.New("the step could not be decoded") }

// keys decodes the keys of a step: the verb's value, the common keys, the
// kind's own.
func (r *Reader) keys(n *source.Node, s *Step, params *Params) {
	r.Fields("", n, params.all(s.Kind, s), s.Kind.Name)
	s.Late = r.TakeLate()
	r.checkMask(n, s, params)
	switch most := max(params.Names, 1); {
	case s.As.Given() && params.Makes == "" && !s.Expect.Error.Given():
		r.Problem(s.As.Node, "%s does not make anything, so as cannot name it", s.Kind.Name).Hint = "leave as: out"
	case s.As.Len() > most:
		p := r.Problem(s.As.Node, "as takes %s here, not %d", map[int]string{1: "one name", 2: "two names", 3: "three names"}[most], s.As.Len())
		if p.Hint = "it names " + params.Makes; params.Makes == "" {
			p.Hint = "it names the errno"
		}
	}
	seen := make(map[string]bool)
	for _, x := range s.As.List {
		name, static := x.Static()
		if static && seen[name] {
			r.Problem(x.Node, "as has the name %s twice", name)
		}
		seen[name] = static
	}
}

// all are the parameters of a step: the verb's value, the kind's own keys, and
// those that go with every verb.
func (p *Params) all(k *Kind, s *Step) []*value.Param {
	var all []*value.Param
	if p.Verb != nil {
		verb := *p.Verb
		verb.Key = k.Name
		all = append(all, &verb)
	}
	return slices.Concat(all, p.Keys, commonParams(s, p))
}

// commonParams are the keys that go with every verb.
func commonParams(s *Step, params *Params) []*value.Param {
	return []*value.Param{
		{Key: "as", Value: &s.As, Help: "names what the step makes"},
		{Key: "expect", Value: &expectValue{s, params}, Help: "what must come back"},
		{Key: "timeout", Value: &s.Timeout, Help: "the longest time that this step may take"},
		{Key: "when", Value: &s.When, Help: "an expression; false skips the step"},
		{Key: "note", Value: &s.Note, Help: "a line of text for the transcript"},
		{Key: "mask", Value: &s.Mask, Help: "what the step makes varies from run to run: a name is shown in its place, here and wherever it goes"},
		{Key: "quiet", Value: &s.Quiet, Help: "the step, and all the steps in it, is done and checked, but not printed"},
	}
}

// expectValue decodes a step's `expect` with the keys of its kind.
type expectValue struct {
	step   *Step
	params *Params
}

func (v *expectValue) Decode(d *value.Decoder, n *source.Node) {
	v.step.Expect.decode(d, n, v.step.Kind, v.params)
}

// NamesIn implements [value.Namer].
func (v *expectValue) NamesIn(n *source.Node, add func(string)) {
	value.NamesIn(n, v.params.Expect, add)
	for _, p := range []*value.Param{v.params.Others, v.params.Short} {
		if p == nil {
			continue
		}
		if short, ok := p.Value.(value.Namer); ok {
			short.NamesIn(n, add)
		}
	}
}
func (v *expectValue) Schema() value.Schema { return expectSchema(v.params) }
func (v *expectValue) Type() string         { return "expectation" }

// verbOf finds the one key of a step that names a kind.
func (r *Reader) verbOf(n *source.Node) (*Kind, source.Entry) {
	if n.Kind != source.Map {
		r.Problem(n, "a step is a mapping, not %s", n.Describe()).Hint = `write it as "- KIND: VALUE", such as "- close: conn"`
		return nil, source.Entry{}
	}
	var kind *Kind
	var verb source.Entry
	for _, e := range n.Entries {
		k, ok := r.kinds.Lookup(e.Key.Text)
		if !ok {
			continue
		}
		if kind != nil {
			p := r.Problem(e.Key, "two verbs in one step: %s and %s", kind.Name, k.Name)
			p.Hint = "write two steps, each with its own dash"
			return nil, source.Entry{}
		}
		kind, verb = k, e
	}
	if kind == nil && !n.Partly {
		r.noVerb(n)
	}
	return kind, verb
}

func (r *Reader) noVerb(n *source.Node) {
	for _, e := range n.Entries {
		hint := source.DidYouMean(e.Key.Text, r.kinds.Names())
		if hint != "" && !r.isParameter(e.Key.Text) {
			r.Problem(e.Key, "unknown step kind %q", e.Key.Text).Hint = hint
			return
		}
	}
	if len(n.Entries) == 1 {
		r.Problem(n.Entries[0].Key, "unknown step kind %q", n.Entries[0].Key.Text).Hint = "the kinds are " + value.JoinOr(r.kinds.Names())
		return
	}
	r.Problem(n, "no key of this step names a step kind").Hint = "the kinds are " + value.JoinOr(r.kinds.Names())
}

// isParameter reports whether a key is one of any kind's, or one that goes with
// every kind: then it is not meant as a verb.
func (r *Reader) isParameter(key string) bool { return value.FindParam(r.anyKind(), key) != nil }

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
