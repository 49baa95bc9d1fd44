package scenarios

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// document holds a scenario's top-level keys while they are decoded. Its
// params are the one place where those keys are declared: the decoder and the
// schema read them.
type document struct {
	name        value.Filled
	description value.Plain
	tags        words
	requires    requirements
	timeout     value.Duration
	stepTimeout value.Duration
	vars        variables
	cases       table
	columns     map[string]*source.Node // the variables that rows set
	known       value.Filled
	include     includeList
	files       files
	network     network.Plan
	wire        wire.Section
	capture     network.Capture
	procedures  step.Procedures
	actors      actors
	sequence    sequence
	compiled    value.Compiled
}

func (doc *document) params() []*value.Param {
	return []*value.Param{
		{Key: "name", Value: &doc.name, Help: "the scenario's name; default: the file's without its ending"},
		{Key: "description", Value: &doc.description, Help: "what to look at and why it is so"},
		{Key: "tags", Value: &doc.tags, Help: "words by which scenarios can be chosen"},
		{Key: "requires", Value: &doc.requires, Help: "what must be there; otherwise the scenario is skipped"},
		{Key: "timeout", Value: &doc.timeout, Help: "the longest time that the whole run may take; default: 30s"},
		{Key: "step_timeout", Value: &doc.stepTimeout, Help: "the longest time that each step may take; default: 5s"},
		{Key: "vars", Value: &doc.vars, Help: "values by name, which -D name=value overrides; an expression in one is evaluated when the scenario starts"},
		{Key: "cases", Value: &doc.cases, Help: "a table: rows of variables by name, or a list of rows, which are 1, 2, 3 or bear the value of their name. The scenario runs once for each row, as SCENARIO/ROW, with its values before those of vars; a variable that a row lacks is nil in it"},
		{Key: "known_failure", Value: &doc.known, Help: "why the scenario is expected to fail: then it is reported as known, and if it passes, that is a failure"},
		{Key: "include", Value: doc.include, Help: "files whose procedures and vars the scenario uses: one or a list. A text with a / or an ending is a file, relative to this one; a word is a library that ships with sockscript; {as: NAME, from: …} gives it another name"},
		{Key: "files", Value: &doc.files, Help: "small files by name, written into ${tmp} before the actors start; {raw: TEXT} is a text in which ${ means nothing"},
		{Key: "network", Value: &doc.network, Help: network.Help},
		{Key: "wire", Value: &doc.wire, Help: "what must have crossed the network: a list, which may be empty. The transcript then ends with the lines of the wire"},
		{Key: "capture", Value: &doc.capture, Help: network.CaptureHelp},
		{Key: "procedures", Value: &doc.procedures, Help: "named lists of steps that do: runs"},
		{Key: "actors", Value: &doc.actors, Help: "the actors by name, each with its steps; they run at the same time"},
		{Key: "sequence", Value: &doc.sequence, Help: "turns of several actors, one after the other: each item is an actor with its steps"},
	}
}

// decode reads and checks a scenario.
func (s *Scenario) decode(n *source.Node, o Options) (*document, source.Problems) {
	doc, problems := s.read(n, o)
	if len(s.Actors) == 0 {
		return doc, problems
	}
	if p := s.tooMany(); p != nil {
		return doc, append(problems, p)
	}
	return doc, append(problems, s.check(doc, problems.HasErrors())...)
}

// read reads a scenario without the check.
func (s *Scenario) read(n *source.Node, o Options) (*document, source.Problems) {
	if n.Kind != source.Map {
		p := n.Problem("a scenario is a mapping with the key actors, not %s", n.Describe())
		return nil, source.Problems{p}
	}
	doc := new(document)
	l := newLoader(n, o)
	s.Included = l.include(n.Get("include"))
	doc.columns = columnsOf(n.Get("cases"))
	turned := step.SequenceActors(o.Kinds, n.Get("sequence"))
	actors := slices.Concat(n.Get("actors").Keys(), turned)
	vars := slices.AppendSeq(n.Get("vars").Keys(), maps.Keys(doc.columns))
	l.clashes(s.Included, actors, vars)
	r := step.NewReader(o.Kinds, actors, append(vars, namesOfIncluded(s.Included)...))
	r.Libraries, r.Hosts = library.Includes(), network.InterfacesIn(n.Get("network"))
	for _, inc := range s.Included {
		file, problems := inc.decode(r)
		r.Include(inc.Name, file)
		l.problems = append(l.problems, problems...)
	}
	doc.procedures.Reader, doc.actors.reader, doc.sequence.reader = r, r, r
	doc.actors.turned = turned
	r.Mapping(inOrder(n), doc.params(), "a scenario")
	doc.network.Clashes(r.Decoder, append(vars, namesOfIncluded(s.Included)...))
	if !n.Partly && n.Get("actors") == nil && n.Get("sequence") == nil {
		r.Problem(n, "a scenario needs actors").Hint = "write actors, each with its steps, or a sequence of their turns"
	}
	s.fill(doc, r)
	doc.compiled = r.Compiled()
	problems := append(l.problems, r.Problems()...)
	if !problems.HasErrors() {
		problems = append(problems, r.Uncalled()...)
	}
	return doc, problems
}

// inOrder puts the actors and the sequence last: their steps call procedures,
// which must be known by then.
func inOrder(n *source.Node) *source.Node {
	last := []string{"actors", "sequence"}
	slices.SortStableFunc(n.Entries, func(a, b source.Entry) int {
		return cmp.Compare(slices.Index(last, a.Key.Text), slices.Index(last, b.Key.Text))
	})
	return n
}

func (s *Scenario) fill(doc *document, r *step.Reader) {
	if doc.name.Text != "" {
		s.Name = doc.name.Text
	}
	s.Description, s.Tags = doc.description.Text, doc.tags.list
	s.Requires, s.Vars = doc.requires.list, doc.vars.values
	s.Actors, s.Sequence = doc.cast(), doc.sequence.body()
	s.KnownFailure = doc.known.Text
	s.Steps = r.Steps()
	s.Files, s.Network, s.Wire, s.Capture = doc.files.list, doc.network, doc.wire, doc.capture
	s.place(r.Decoder)
	s.nameLinks()
	s.Network.CheckSnooping(r.Decoder)
	s.Timeout = fixed(&doc.timeout, DefaultTimeout, r.Decoder)
	s.StepTimeout = fixed(&doc.stepTimeout, DefaultStepTimeout, r.Decoder)
	var bodies []*step.Block
	if s.Sequence != nil {
		bodies = append(bodies, s.Sequence)
	}
	for _, a := range s.Actors {
		bodies = append(bodies, a.Body)
	}
	s.Shared = check.SharedNames(bodies)
	s.needs = append(r.Needs(bodies), includeNeeds(s.Included)...)
}

// fixed is a duration that must not hold an expression.
func fixed(v *value.Duration, otherwise time.Duration, d *value.Decoder) time.Duration {
	if !v.Given() {
		return otherwise
	}
	x, static := v.Static()
	if !static {
		d.Problem(v.Node, "this duration cannot hold an expression").Hint = "write it out, as 30s"
	}
	return time.Duration(x)
}

// check finds what is wrong with a scenario beside what is not well formed;
// partly says that there is such a part.
func (s *Scenario) check(doc *document, partly bool) source.Problems {
	var problems source.Problems
	var checked []check.Actor
	var outside []*value.Expr
	for _, a := range s.Actors {
		c := check.Actor{Name: a.Name, Body: a.Body, Count: &a.Count, Background: a.Background, Host: a.Host, Process: a.Process}
		if a.Turns {
			c.Sequence = s.Sequence
		}
		checked = append(checked, c)
		for _, e := range slices.Concat(a.Count.Exprs(), a.Timeout.Exprs()) {
			problems = append(problems, noReferences(e, a.Node, "count and timeout of "+a.Name)...)
			outside = append(outside, e)
		}
	}
	if !slices.ContainsFunc(s.Actors, func(a *Actor) bool { return !a.Background }) {
		p := s.Actors[0].Node.Problem("every actor is in the background, so nobody is left to end the run")
		problems = append(problems, p.WithHint("leave background out at one of them"))
	}
	sorted, circles := doc.vars.inOrder()
	s.Computed = sorted
	problems = append(problems, circles...)
	cells, bad := doc.checkRows()
	outside, problems = append(outside, cells...), append(problems, bad...)
	for _, v := range s.Computed {
		for _, e := range v.Exprs {
			problems = append(problems, noReferences(e, v.Node, "the variable "+v.Name)...)
			outside = append(outside, e)
		}
	}
	for _, f := range s.Files {
		for _, e := range f.Exprs {
			problems = append(problems, noReferences(e, f.Node, "the file "+f.Name)...)
			outside = append(outside, e)
		}
	}
	problems = append(problems, s.Network.CheckSteps(checked)...)
	problems = append(problems, s.Wire.Check(s.wirePlace())...)
	problems = append(problems, s.Network.CheckCapture(&s.Capture)...)
	return append(problems, check.Actors(checked, doc.variables(), namesOfIncluded(s.Included), outside, s.Network.Topology(), partly)...)
}

// variables are those of vars and of the rows, with their places. The name of a
// row need not be used.
func (doc *document) variables() map[string]*source.Node {
	all := maps.Clone(doc.columns)
	if name := all["name"]; name != nil {
		all["name"] = nil
	}
	maps.Copy(all, doc.vars.nodes)
	return all
}

// wirePlace is what the section wire is checked against.
func (s *Scenario) wirePlace() wire.Place {
	p := wire.Place{Own: s.Network.Own(), LoDown: s.Network.LoDown, Topology: s.Network.Topology()}
	bodies := make(map[string]*step.Block)
	for _, a := range s.Actors {
		p.Actors = append(p.Actors, a.Name)
		bodies[a.Name] = a.Body
	}
	p.MayName = func(actor, name string) bool { return bodies[actor].MayName(name) }
	p.Names = func(actor string) []string { return bodies[actor].Names() }
	return p
}

// noReferences reports what an expression that is settled before any actor
// runs wants to know of them.
func noReferences(e *value.Expr, n *source.Node, what string) source.Problems {
	var problems source.Problems
	for _, r := range e.References() {
		p := n.Problem("%s cannot wait for %s.%s", what, r.Actor, r.Name)
		p.MoveTo(n, e.Pos())
		problems = append(problems, p.WithHint("its value is needed before any actor runs; use vars"))
	}
	return problems
}

// tooMany reports the actor with which they are too many.
func (s *Scenario) tooMany() *source.Problem {
	sum := 0
	for _, a := range s.Actors {
		n := a.replicas()
		if value.CheckReplicas(n) != nil {
			return nil // the decoder has said so
		}
		sum += n
		if err := value.CheckReplicas(sum); err != nil {
			return a.Node.Problem("%s", err)
		}
	}
	return nil
}

// replicas is how many replicas run at least, as far as the file says.
func (a *Actor) replicas() int {
	if n, static := a.Count.Static(); a.Count.Given() && static {
		return int(n)
	}
	return 1
}
