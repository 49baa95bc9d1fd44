package step

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Procedure is a named list of steps with parameters.
type Procedure struct {
	Name        string // as its own file has it
	Description string
	Params      []Parameter
	Returns     string // the name that it hands back; "" where it hands back nothing
	Body        *Block

	node     *source.Node
	value    *source.Node // its steps, or the mapping that holds them
	Library  *Library     // of the file that it is in; nil for the scenario's
	Defaults []*value.Expr
	gives    *value.NameSet // the names that its steps give; nil until somebody asks
	needs    []value.Need   // of its steps
	called   bool           // by any step of the file
	busy     bool           // while its own steps are searched for calls of itself
	sound    bool           // they have been searched
}

// A Parameter is one of a procedure's.
type Parameter struct {
	Name    string
	Default *value.Datum // nil where the caller must give it
}

// Takes reports whether the procedure has a parameter of this name.
func (p *Procedure) Takes(name string) bool { return slices.Contains(p.Names(), name) }

// Names are the names of the parameters.
func (p *Procedure) Names() []string {
	names := make([]string, len(p.Params))
	for i, q := range p.Params {
		names[i] = q.Name
	}
	return names
}

// Private reports whether the names that its steps give are its own, and not
// the actor's.
func (p *Procedure) Private() bool {
	return p.Library != nil || p.Returns != "" || p.value.Get("returns") != nil
}

// ProcedureRef is the name of a procedure.
type ProcedureRef struct {
	node *source.Node
	Proc *Procedure
}

// Written implements [value.Written].
func (r *ProcedureRef) Written() {}

// Decode reads the name of a procedure.
func (r *ProcedureRef) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "expected the name of a procedure, got %s", n.Describe())
		return
	}
	r.node = n
	d.Announce(r)
}

// Read implements [Part]: it finds the procedure of the file.
func (r *ProcedureRef) Read(reader *Reader, s *Step) {
	n := r.node
	if r.Proc = reader.procs[n.Text]; r.Proc != nil {
		s.calls, r.Proc.called = r, true
		return
	}
	p := value.Unknown(reader, n, "procedure")
	p.Hint = reader.meantProcedure(n.Text)
}

// meantProcedure says what may have been meant by a name that no procedure has.
func (r *Reader) meantProcedure(name string) string {
	names := slices.Sorted(maps.Keys(r.procs))
	if hint := source.DidYouMean(name, names); hint != "" {
		return hint
	}
	file, _, dotted := strings.Cut(name, ".")
	for _, known := range names {
		if !dotted && strings.HasSuffix(known, "."+name) {
			return fmt.Sprintf("did you mean %q?", known)
		}
	}
	if dotted && slices.Contains(r.Libraries, file) {
		return "write include: " + file
	}
	return "define it under procedures:, or include the file that holds it"
}

// Name is the name of the procedure as the step has it.
func (r *ProcedureRef) Name() string { return r.node.Text }

// Calls implements [Caller].
func (r *ProcedureRef) Calls(n *source.Node) string { return n.Text }

// Schema accepts a name.
func (r *ProcedureRef) Schema() value.Schema { return value.Schema{"type": "string"} }

// Type names the type in the reference.
func (r *ProcedureRef) Type() string { return "procedure" }

// Procedures is the value of the scenario's key procedures.
type Procedures struct{ Reader *Reader }

// Decode reads all procedures. Their names are known before any body is read,
// so that they may call each other in any order.
func (v *Procedures) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "procedures is a mapping of names to lists of steps, not %s", n.Describe())
		return
	}
	procs := v.Reader.procs
	for _, e := range n.Entries {
		if !value.IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name for a procedure", value.Quote(e.Key.Text)).Hint = value.NameHint
		}
		procs[e.Key.Text] = &Procedure{Name: e.Key.Text, node: e.Key, value: e.Value, Library: v.Reader.Reads}
	}
	for _, e := range n.Entries {
		p, noted := procs[e.Key.Text], len(v.Reader.Decoder.Needs())
		p.read(v.Reader, e.Value)
		p.needs = v.Reader.CutNeeds(noted)
	}
	for _, e := range n.Entries {
		procs[e.Key.Text].findLoop(d)
	}
}

// Uncalled warns of procedures that no step calls: nothing checks their steps.
func (r *Reader) Uncalled() source.Problems {
	var problems source.Problems
	for _, p := range r.procs {
		if !p.called && p.Library == r.Reads {
			w := p.node.Warning("the procedure %s is never called", p.Name)
			problems = append(problems, w.WithHint("leave it out, or call it with do: %s", p.Name))
		}
	}
	return problems
}

func (p *Procedure) read(r *Reader, n *source.Node) {
	if n.Kind != source.Map {
		p.Body = r.stepList(n)
		return
	}
	own := procedureFields{body: procedureBody{reader: r, params: n.Get("params")}}
	r.Own = own.body.namesOf(n.Get("steps"))
	r.Mapping(n, own.params(), "procedure "+p.Name)
	p.Description, p.Params, p.Body = own.description.Text, own.parameters.list, own.body.block
	p.Defaults = own.parameters.exprs
	if names := own.returns.Static(); len(names) == 1 {
		p.Returns = names[0]
		p.checkReturns(r, own.returns.Node)
	}
}

// checkReturns reports a name to hand back that no step makes.
func (p *Procedure) checkReturns(r *Reader, n *source.Node) {
	switch made := p.Body; {
	case p.Takes(p.Returns):
		r.Problem(n, "%s is a parameter of procedure %s, which the caller has already", p.Returns, p.Name).Hint = "return a name that the steps make with as: or let:"
	case made != nil && !made.Given.May(p.Returns):
		q := r.Problem(n, "no step of procedure %s makes %s", p.Name, value.Quote(p.Returns))
		if q.Hint = source.DidYouMean(p.Returns, made.Given.All()); q.Hint == "" {
			q.Hint = "return a name that the steps make with as: or let:"
		}
	}
}

// procedureFields are the keys of a procedure that is written as a mapping.
type procedureFields struct {
	description value.Plain
	parameters  parameters
	returns     value.SingleName
	body        procedureBody
}

func (f *procedureFields) params() []*value.Param {
	return []*value.Param{
		{Key: "description", Value: &f.description, Help: "a text for people: what it does, and what its parameters are"},
		{Key: "params", Value: &f.parameters, Help: "the names of its parameters: a list, or a mapping of names to defaults; a parameter without a default must be given"},
		{Key: "returns", Value: &f.returns, Help: "the name that it hands back to as: of the do step; all other names that its steps make are then its own"},
		{Key: "steps", Value: &f.body, Required: true, Help: "what it does"},
	}
}

// ProcedureKeys documents the keys of a procedure that is written as a mapping.
func ProcedureKeys() []value.DocRow { return value.DocRows(new(procedureFields).params()) }

// parameters are names, or a mapping of names to defaults.
type parameters struct {
	list  []Parameter
	exprs []*value.Expr
}

func (v *parameters) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		var names value.Names
		names.Decode(d, n)
		for _, name := range names.Static() {
			v.list = append(v.list, Parameter{Name: name})
		}
		return
	}
	for _, e := range n.Entries {
		if !value.IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name", value.Quote(e.Key.Text)).Hint = value.NameHint
		}
		p := Parameter{Name: e.Key.Text}
		if !e.Value.Null {
			p.Default = new(value.Datum)
			p.Default.Decode(d, e.Value)
		}
		v.list = append(v.list, p)
	}
	v.exprs, _ = d.Take()
}

// NamesIn implements [value.Namer].
func (v *parameters) NamesIn(n *source.Node, add func(string)) {
	if n.Kind != source.Map {
		new(value.Names).NamesIn(n, add)
		return
	}
	for _, e := range n.Entries {
		add(e.Key.Text)
	}
}

func (v *parameters) Schema() value.Schema {
	names := new(value.Names).Schema()
	defaults := value.Schema{"type": "object", "propertyNames": value.Schema{"pattern": value.NamePattern}}
	return value.Schema{"anyOf": []value.Schema{names, defaults}}
}

func (v *parameters) Type() string { return "names" }

// procedureBody reads the steps of a procedure, to whose own names its
// parameters belong.
type procedureBody struct {
	reader *Reader
	params *source.Node
	block  *Block
}

func (b *procedureBody) Decode(_ *value.Decoder, n *source.Node) {
	b.block = b.reader.namedList(n, b.namesOf(n))
}

// namesOf are the names that the steps in n may use.
func (b *procedureBody) namesOf(n *source.Node) *value.NameSet {
	names := value.NewNameSet()
	if b.params != nil {
		new(parameters).NamesIn(b.params, names.Add)
	}
	if n != nil {
		b.reader.namesOfSteps(n, names)
	}
	return names
}

func (b *procedureBody) Schema() value.Schema { return new(Block).Schema() }

func (b *procedureBody) Type() string { return "list of steps" }

// findLoop reports a procedure that calls itself: it would never end. The
// offending call is cut, so that later walks end.
func (p *Procedure) findLoop(d *value.Decoder) {
	if p.Body == nil || p.sound {
		return
	}
	p.busy, p.sound = true, true
	WalkOwn(p.Body, func(s *Step) {
		if s.calls == nil {
			return
		}
		if s.calls.Proc.busy {
			d.Problem(s.Node, "procedure %s calls itself", s.calls.Proc.Name).Hint = "use repeat to run steps again"
			s.calls.Proc, s.calls = nil, nil
			return
		}
		s.calls.Proc.findLoop(d)
	})
	p.busy = false
}

// Schema accepts a mapping of names to procedures.
func (v *Procedures) Schema() value.Schema {
	long := value.Schema{}
	for _, p := range new(procedureFields).params() {
		long[p.Key] = value.Described(p)
	}
	return value.Schema{
		"type": "object", "minProperties": 1,
		"additionalProperties": value.Schema{"anyOf": []value.Schema{new(Block).Schema(), value.Object(long, "steps")}},
	}
}

// Type names the type in the reference.
func (v *Procedures) Type() string { return "procedures by name" }
