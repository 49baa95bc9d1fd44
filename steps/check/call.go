package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// Arguments are what a procedure is called with.
type Arguments struct {
	Names  []string
	Values []*value.Datum
}

// Decode reads a mapping of parameters to values.
func (v *Arguments) Decode(d *value.Decoder, n *source.Node) {
	var all value.Assignments
	all.Decode(d, n)
	v.Names, v.Values = all.Names, all.Values
	d.Announce(v)
}

// Read implements [step.Part]: a procedure may be given the stream of a
// program.
func (v *Arguments) Read(r *step.Reader, _ *step.Step) {
	for _, x := range v.Values {
		if s, plain := x.Word(); plain && step.IsStreamName(s) {
			r.Streams.Add(s)
		}
	}
}

// Schema accepts a mapping of names to anything.
func (v *Arguments) Schema() value.Schema { return new(value.Assignments).Schema() }

// Type names the type in the reference.
func (v *Arguments) Type() string { return "names and values" }

// Argument is what a parameter stands for.
func (c *Check) Argument(name string, x *value.Datum) *Symbol {
	text := x.Scalar()
	if text == nil {
		return &Symbol{Name: name, Used: true}
	}
	if !text.Given() { // it could not be read
		return &Symbol{Name: name, Anything: true, Used: true}
	}
	s, known := c.Text(text)
	if sym := c.Symbols[s]; known && sym != nil {
		sym.Used = true
		return sym
	}
	sym := &Symbol{Name: name, Used: true}
	if known && c.MayBeThere(s) {
		sym.Anything = true
	} else if known {
		sym.text = value.Format(value.Scalar(&source.Node{Text: s, Quoted: text.Node.Quoted}))
		sym.given = &argument{node: text.Node, names: c.Symbols, called: c.called}
	}
	return sym
}

// An argument is a text that a call gives to a parameter.
type argument struct {
	node     *source.Node
	names    map[string]*Symbol // that the caller knows
	called   source.Pos
	reported bool
}

// misnamed reports, once, a parameter that must be the name of something and to
// which the call gives another text: the mistake is in the call. It returns
// false where that is not so.
func (c *Check) misnamed(sym *Symbol, what string, is func(*Symbol) bool) bool {
	arg := sym.given
	if arg == nil || sym.text == "" {
		return false
	}
	if arg.reported {
		return true
	}
	arg.reported = true
	p := c.Problem(arg.node, "there is no %s %q here, and the parameter %s must be one", what, sym.text, sym.Name)
	p.Called = arg.called
	var known []string
	for name, other := range arg.names {
		if is(other) {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	if p.Hint = source.DidYouMean(sym.text, known); p.Hint == "" {
		p.Hint = "name one with as: on the step that makes it"
	}
	return true
}

// Call checks a procedure's body with its parameters in place, and returns what
// it hands back.
func (c *Check) Call(proc *step.Procedure, params map[string]*Symbol) *Symbol {
	if proc.Private() {
		return c.callPrivate(proc, params)
	}
	saved := make(map[string]*Symbol)
	for name, sym := range params {
		saved[name] = c.Symbols[name]
		c.Symbols[name] = sym
	}
	c.defaults(proc)
	c.Body(proc.Body, c.Step == nil || c.MustSucceed())
	for name, sym := range saved {
		if sym == nil {
			delete(c.Symbols, name)
			continue
		}
		c.Symbols[name] = sym
	}
	return nil
}

// callPrivate checks a procedure that keeps its names to itself.
func (c *Check) callPrivate(proc *step.Procedure, params map[string]*Symbol) *Symbol {
	outer := *c
	scope := make(map[string]*Symbol)
	if lib := proc.Library; lib != nil {
		c.scenario = namesOf(lib)
		c.open, c.loops = nil, nil
		if c.Step != nil && !c.called.IsValid() {
			c.called = c.Step.Node.Pos
		}
	} else if c.spend(len(c.Symbols)) {
		maps.Copy(scope, c.Symbols)
	}
	before := maps.Clone(scope)
	maps.Copy(scope, params)
	c.Symbols = scope
	c.defaults(proc)
	c.Body(proc.Body, c.Step == nil || c.MustSucceed())
	returned := scope[proc.Returns]
	for name, sym := range scope {
		if !c.over && sym != before[name] && sym != params[name] && sym != returned {
			c.neverUsed(sym)
		}
	}
	c.Symbols, c.scenario, c.open, c.loops, c.called = outer.Symbols, outer.scenario, outer.open, outer.loops, outer.called
	return returned
}

// defaults checks the expressions in the defaults of a procedure's parameters.
func (c *Check) defaults(proc *step.Procedure) {
	for _, e := range proc.Defaults {
		c.Expression(e)
	}
}

// Default is what a parameter stands for that the caller leaves out.
func Default(q step.Parameter) *Symbol {
	sym := &Symbol{Name: q.Name, Used: true}
	if x := q.Default.Scalar(); x != nil {
		if s, static := x.Static(); static {
			sym.text = value.Format(value.Scalar(&source.Node{Text: s, Quoted: x.Node.Quoted}))
		}
	}
	return sym
}

// HandBack notes that the do step's `as` name is what the procedure returned.
func (c *Check) HandBack(proc *step.Procedure, returned *Symbol) {
	for _, x := range c.Step.As.List {
		sym := &Symbol{Anything: true, Used: true}
		if returned != nil {
			now := *returned
			now.Used = now.Anything || now.Sock != nil || now.Program || now.Peer != nil || now.Branch != nil
			sym = &now
		}
		c.Give(x, sym)
	}
	if proc.Returns != "" {
		return
	}
	hint := fmt.Sprintf("write returns: NAME in the procedure %s, or leave this out", proc.Name)
	if proc.Library != nil {
		hint = "leave this out"
	}
	if x := &c.Step.As; x.Given() && c.MustSucceed() {
		c.Problem(x.Node, "the procedure %s returns nothing that as could name", proc.Name).Hint = hint
	}
	if x := &c.Step.Expect; x.Given() && !x.Error.Given() && !x.Took.Given() {
		c.Problem(x.Node, "the procedure %s returns nothing that expect could compare", proc.Name).Hint = hint
	}
}

// namesOf are the names that the procedures of a library see outside
// themselves.
func namesOf(l *step.Library) *ScenarioNames {
	n := &ScenarioNames{Vars: make(map[string]*source.Node), usedVars: l.Used, Actors: make(map[string]*ActorNames)}
	for _, name := range l.Vars {
		n.Vars[name] = new(source.Node)
	}
	return n
}

// Alone checks the procedures of a library that nobody calls yet; partly is as
// for [Actors].
func Alone(r *step.Reader, partly bool) source.Problems {
	var problems source.Problems
	for _, p := range r.Procedures() {
		c := &Check{scenario: namesOf(r.Reads), Uses: new(Uses), problems: &problems, Symbols: make(map[string]*Symbol), partly: partly}
		params := make(map[string]*Symbol)
		for _, q := range p.Params {
			params[q.Name] = &Symbol{Name: q.Name, Anything: true, Used: true}
		}
		if p.Body != nil {
			c.Call(p, params)
		}
	}
	return problems
}
