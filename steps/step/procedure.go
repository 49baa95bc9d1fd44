package step

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// Argument is what a parameter stands for.
func (c *Check) Argument(name string, x *value.Text) *Symbol {
	if !x.Given() { // it could not be read
		return &Symbol{Name: name, Anything: true, Used: true}
	}
	s, known := c.Text(x)
	if sym := c.Symbols[s]; known && sym != nil {
		sym.Used = true
		return sym
	}
	sym := &Symbol{Name: name, Used: true}
	if known && c.MayBeThere(s) {
		sym.Anything = true
	} else if known {
		sym.text = value.Format(value.Scalar(&source.Node{Text: s, Quoted: x.Node.Quoted}))
	}
	return sym
}

// Call checks a procedure's body with its parameters in place.
func (c *Check) Call(proc *Procedure, params map[string]*Symbol) {
	saved := make(map[string]*Symbol)
	for name, sym := range params {
		saved[name] = c.Symbols[name]
		c.Symbols[name] = sym
	}
	c.Body(proc.Body, true)
	for name, sym := range saved {
		if sym == nil {
			delete(c.Symbols, name)
			continue
		}
		c.Symbols[name] = sym
	}
}

// Arguments are what a procedure is called with.
type Arguments struct{ value.Bindings }

// Decode reads a mapping of parameters to texts.
func (v *Arguments) Decode(d *value.Decoder, n *source.Node) {
	v.Bindings.Decode(d, n)
	d.Announce(v)
}

// Read implements [Part]: a procedure may be given the stream of a program.
func (v *Arguments) Read(r *Reader, _ *Step) {
	for _, x := range v.Values {
		if s, static := x.Static(); static && isStreamName(s) {
			r.Streams.add(s)
		}
	}
}

// A Procedure is a named list of steps with parameters.
type Procedure struct {
	Name   string
	Params []string
	node   *source.Node
	value  *source.Node // its steps, or the mapping that holds them
	Body   *Block
	gives  *value.NameSet // the names that its steps give; nil until somebody asks
	called bool           // by any step of the file
	busy   bool           // while its own steps are searched for calls of itself
	sound  bool           // they have been searched
}

// Takes reports whether the procedure has a parameter of this name.
func (p *Procedure) Takes(name string) bool {
	for _, q := range p.Params {
		if q == name {
			return true
		}
	}
	return false
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
	var names []string
	for name := range reader.procs {
		names = append(names, name)
	}
	p := reader.Problem(n, "unknown procedure %s", value.Shown(n))
	if p.Hint = source.DidYouMean(n.Text, slices.Sorted(slices.Values(names))); p.Hint == "" {
		p.Hint = "define it under procedures:"
	}
}

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
			d.Problem(e.Key, "%s is not a name for a procedure", value.Quote(e.Key.Text))
		}
		procs[e.Key.Text] = &Procedure{Name: e.Key.Text, node: e.Key, value: e.Value}
	}
	for _, e := range n.Entries {
		procs[e.Key.Text].read(v.Reader, e.Value)
	}
	for _, e := range n.Entries {
		procs[e.Key.Text].findLoop(d)
	}
}

// Uncalled warns of procedures that no step calls: nothing checks their steps.
func (r *Reader) Uncalled() source.Problems {
	var problems source.Problems
	for _, p := range r.procs {
		if !p.called {
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
	var params value.Names
	body := procedureBody{reader: r, params: n.Get("params")}
	r.Mapping(n, procedureParams(&params, &body), "procedure "+p.Name)
	p.Params, p.Body = params.Static(), body.block
}

func procedureParams(params *value.Names, body *procedureBody) []*value.Param {
	return []*value.Param{
		{Key: "params", Value: params, Help: "the names of its parameters"},
		{Key: "steps", Value: body, Required: true, Help: "what it does"},
	}
}

// procedureBody reads the steps of a procedure, to whose own names its
// parameters belong.
type procedureBody struct {
	reader *Reader
	params *source.Node
	block  *Block
}

func (b *procedureBody) Decode(_ *value.Decoder, n *source.Node) {
	names := value.NewNameSet()
	if b.params != nil {
		new(value.Names).NamesIn(b.params, names.Add)
	}
	b.reader.namesOfSteps(n, names)
	b.block = b.reader.namedList(n, names)
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
	walkOwn(p.Body, func(s *Step) {
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
	for _, p := range procedureParams(new(value.Names), new(procedureBody)) {
		long[p.Key] = value.Described(p)
	}
	return value.Schema{
		"type": "object", "minProperties": 1,
		"additionalProperties": value.Schema{"anyOf": []value.Schema{new(Block).Schema(), value.Object(long, "steps")}},
	}
}

// Type names the type in the reference.
func (v *Procedures) Type() string { return "procedures by name" }
