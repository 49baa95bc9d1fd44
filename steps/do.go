package steps

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

var doKind = Kind{
	Name:    "do",
	Summary: "run a procedure",
	Text: `A procedure is a list of steps under procedures: in the file, with params: when
it takes parameters. A parameter stands for a handle of the caller where with
gives the name of one, else for the value. What the procedure's steps name
belongs to the actor.`,
	Example: `procedures:
  greet:
    params: [from, to, text]
    steps:
      - send: from
        data: ${text}
      - recv: to
        expect: ${text}
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - do: greet
      with: {from: a, to: b, text: hello}
    - do: greet
      with: {from: b, to: a, text: welcome}
`,
	New: func() Action { return new(doAction) },
}

type doAction struct {
	proc ProcedureRef
	with arguments
}

func (a *doAction) Params(p *Params) {
	p.Value(&a.proc, "the procedure")
	p.Key("with", &a.with, "the parameters: a mapping of names to handles or values")
}

func (a *doAction) unhurried() {}

func (a *doAction) Run(t *Task) error {
	t.announce()
	frame := make(map[string]any, len(a.with.Names))
	for i, name := range a.with.Names {
		v, err := a.argument(t, a.with.Values[i])
		if err != nil {
			return err
		}
		frame[name] = v
	}
	outer := t.frame
	t.frame = frame
	err := t.within(a.proc.proc.body)
	t.frame = outer
	return err
}

// argument is the handle or value that a parameter stands for.
func (a *doAction) argument(t *Task, x *Text) (any, error) {
	if s, static := x.Static(); static && !x.node.Quoted {
		if v, ok := t.named(s); ok {
			return v, nil
		}
		if program, stream, ok := strings.Cut(s, "."); ok && isStream(stream) {
			return t.stream(program, stream)
		}
	}
	return x.Typed(t)
}

func (a *doAction) Check(c *Check) {
	proc := a.proc.proc
	if proc == nil || proc.body == nil {
		return
	}
	params := make(map[string]*Symbol)
	for i, name := range a.with.Names {
		if !proc.takes(name) {
			p := c.problem(a.with.Values[i].node, "procedure %s has no parameter %q", proc.name, name)
			p.Hint = source.DidYouMean(name, proc.params)
			continue
		}
		params[name] = c.argument(name, a.with.Values[i])
		for _, stream := range streamNames {
			s, _ := c.text(a.with.Values[i])
			if own := c.symbols[s+"."+stream]; own != nil && params[name].program {
				params[name+"."+stream] = own
			}
		}
	}
	for _, name := range proc.params {
		if params[name] == nil {
			c.problem(c.step.Node, "procedure %s needs the parameter %s", proc.name, name).Hint = fmt.Sprintf("write with: {%s: …}", name)
			params[name] = &Symbol{Name: name, anything: true, used: true}
		}
	}
	c.call(proc, params)
}

// argument is what a parameter stands for.
func (c *Check) argument(name string, x *Text) *Symbol {
	s, known := c.text(x)
	if sym := c.symbols[s]; known && sym != nil {
		sym.used = true
		return sym
	}
	sym := &Symbol{Name: name, used: true}
	if known && c.mayBeThere(s) {
		sym.anything = true
	} else if known {
		sym.text = FormatValue(ScalarValue(&source.Node{Text: s, Quoted: x.node.Quoted}))
	}
	return sym
}

// call checks a procedure's body with its parameters in place.
func (c *Check) call(proc *Procedure, params map[string]*Symbol) {
	saved := make(map[string]*Symbol)
	for name, sym := range params {
		saved[name] = c.symbols[name]
		c.symbols[name] = sym
	}
	c.body(proc.body, true)
	for name, sym := range saved {
		if sym == nil {
			delete(c.symbols, name)
			continue
		}
		c.symbols[name] = sym
	}
}

// arguments are what a procedure is called with.
type arguments struct{ Bindings }

// Decode reads a mapping of parameters to texts.
func (v *arguments) Decode(d *Decoder, n *source.Node) {
	v.Bindings.Decode(d, n)
	d.Announce(v)
}

// Read implements [Part]: a procedure may be given the stream of a program.
func (v *arguments) Read(r *Reader, _ *Step) {
	for _, x := range v.Values {
		if s, static := x.Static(); static && isStreamName(s) {
			r.streams.add(s)
		}
	}
}

// A Procedure is a named list of steps with parameters.
type Procedure struct {
	name   string
	params []string
	node   *source.Node
	value  *source.Node // its steps, or the mapping that holds them
	body   *Block
	gives  *nameSet // the names that its steps give; nil until somebody asks
	called bool     // by any step of the file
	busy   bool     // while its own steps are searched for calls of itself
	sound  bool     // they have been searched
}

func (p *Procedure) takes(name string) bool {
	for _, q := range p.params {
		if q == name {
			return true
		}
	}
	return false
}

// ProcedureRef is the name of a procedure.
type ProcedureRef struct {
	node *source.Node
	proc *Procedure
}

// Decode reads the name of a procedure.
func (r *ProcedureRef) Decode(d *Decoder, n *source.Node) {
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
	if r.proc = reader.procs[n.Text]; r.proc != nil {
		s.calls, r.proc.called = r, true
		return
	}
	var names []string
	for name := range reader.procs {
		names = append(names, name)
	}
	p := reader.Problem(n, "unknown procedure %s", Shown(n))
	if p.Hint = source.DidYouMean(n.Text, sorted(names)); p.Hint == "" {
		p.Hint = "define it under procedures:"
	}
}

// Calls implements [Caller].
func (r *ProcedureRef) Calls(n *source.Node) string { return n.Text }

// Schema accepts a name.
func (r *ProcedureRef) Schema() Schema { return Schema{"type": "string"} }

// Type names the type in the reference.
func (r *ProcedureRef) Type() string { return "procedure" }

// Procedures is the value of the scenario's key procedures.
type Procedures struct{ Reader *Reader }

// Decode reads all procedures. Their names are known before any body is read,
// so that they may call each other in any order.
func (v *Procedures) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "procedures is a mapping of names to lists of steps, not %s", n.Describe())
		return
	}
	procs := v.Reader.procs
	for _, e := range n.Entries {
		if !IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name for a procedure", quoteShort(e.Key.Text))
		}
		procs[e.Key.Text] = &Procedure{name: e.Key.Text, node: e.Key, value: e.Value}
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
			w := p.node.Warning("the procedure %s is never called", p.name)
			problems = append(problems, w.WithHint("leave it out, or call it with do: %s", p.name))
		}
	}
	return problems
}

func (p *Procedure) read(r *Reader, n *source.Node) {
	if n.Kind != source.Map {
		p.body = r.stepList(n)
		return
	}
	var params Names
	body := procedureBody{reader: r, params: n.Get("params")}
	r.Mapping(n, procedureParams(&params, &body), "procedure "+p.name)
	p.params, p.body = params.Static(), body.block
}

func procedureParams(params *Names, body *procedureBody) []*Param {
	return []*Param{
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

func (b *procedureBody) Decode(_ *Decoder, n *source.Node) {
	names := newNameSet()
	if b.params != nil {
		new(Names).NamesIn(b.params, names.add)
	}
	b.reader.namesOfSteps(n, names)
	b.block = b.reader.namedList(n, names)
}
func (b *procedureBody) Schema() Schema { return new(Block).Schema() }
func (b *procedureBody) Type() string   { return "list of steps" }

// findLoop reports a procedure that calls itself: it would never end. The
// offending call is cut, so that later walks end.
func (p *Procedure) findLoop(d *Decoder) {
	if p.body == nil || p.sound {
		return
	}
	p.busy, p.sound = true, true
	walkOwn(p.body, func(s *Step) {
		if s.calls == nil {
			return
		}
		if s.calls.proc.busy {
			d.Problem(s.Node, "procedure %s calls itself", s.calls.proc.name).Hint = "use repeat for what is to be done again"
			s.calls.proc, s.calls = nil, nil
			return
		}
		s.calls.proc.findLoop(d)
	})
	p.busy = false
}

// Schema accepts a mapping of names to procedures.
func (v *Procedures) Schema() Schema {
	long := Schema{}
	for _, p := range procedureParams(new(Names), new(procedureBody)) {
		long[p.Key] = Described(p)
	}
	return Schema{
		"type": "object", "minProperties": 1,
		"additionalProperties": Schema{"anyOf": []Schema{new(Block).Schema(), Object(long, "steps")}},
	}
}

// Type names the type in the reference.
func (v *Procedures) Type() string { return "procedures by name" }
