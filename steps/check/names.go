package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A Actor is an actor as CheckActors needs it.
type Actor struct {
	Name  string
	Body  *step.Block
	Count *value.Int // nil without replicas
	// Sequence is where the actor has its turns; nil where it has steps. Body
	// then holds the steps of all turns.
	Sequence *step.Block
	// Background says that the actor is ended when the others have ended.
	Background bool
	Process    bool   // its steps are those of a process
	Host       string // that it is on; "" in a network without hosts
}

// Actors checks all actors of a scenario: the names they use, the states
// of their handles, and what they signal and wait for. vars are the scenario's
// variables with their places, nil where a variable need not be used; included
// are the names under which those of included files are known; outside are
// expressions beside the steps; net is what the file says of the network.
// Where the file could be decoded only partly, nothing is said of names that
// nobody reads: what could not be decoded may read them.
func Actors(actors []Actor, vars map[string]*source.Node, included []string, outside []*value.Expr, net *step.Topology, partly bool) source.Problems {
	var problems source.Problems
	all := make(map[string]*source.Node)
	for name := range vars {
		all[name] = new(source.Node)
	}
	for _, name := range included {
		all[name] = new(source.Node)
	}
	names := &ScenarioNames{Vars: all, usedVars: make(map[string]bool), Actors: make(map[string]*ActorNames), Topology: net}
	for _, a := range actors {
		names.Actors[a.Name] = actorNames(a)
	}
	u := new(Uses)
	unfinished := false // an actor has more steps than are checked
	readAcross := make(map[string]bool)
	bodies := bodiesOf(actors)
	for _, body := range bodies {
		walkExprs(body, func(e *value.Expr) {
			for _, r := range e.Refs {
				readAcross[r.Actor+"."+r.Name] = true
			}
		})
	}
	for _, a := range actors {
		c := &Check{
			scenario: names, Actor: a.Name, Host: a.Host, Uses: u, problems: &problems,
			Symbols: make(map[string]*Symbol), endless: a.Background, process: a.Process, partly: partly,
		}
		c.actor(a)
		if c.over {
			unfinished = true
			continue
		}
		c.unused(readAcross)
	}
	sequenced := slices.IndexFunc(actors, func(a Actor) bool { return a.Sequence != nil })
	if sequenced >= 0 {
		c := &Check{scenario: names, Uses: u, problems: &problems, Symbols: map[string]*Symbol{}}
		c.block(actors[sequenced].Sequence)
	}
	for _, e := range outside {
		c := &Check{scenario: names, problems: &problems, Symbols: map[string]*Symbol{}}
		c.Expression(e)
	}
	if unfinished {
		return problems
	}
	u.check(&problems, names)
	for name, node := range vars {
		if !partly && !names.usedVars[name] && node != nil {
			w := node.Warning("the variable %s is never used", name)
			if w.Hint = source.DidYouMean(name, value.Without(slices.Sorted(maps.Keys(all)), name)); w.Hint == "" {
				w.Hint = "leave it out, or use it"
			}
			problems = append(problems, w)
		}
	}
	return problems
}

// bodiesOf are all steps of the actors; those of turns are in their sequence.
func bodiesOf(actors []Actor) []*step.Block {
	var bodies []*step.Block
	for _, a := range actors {
		body := a.Body
		if a.Sequence != nil {
			body = a.Sequence
		}
		if !slices.Contains(bodies, body) {
			bodies = append(bodies, body)
		}
	}
	return bodies
}

func actorNames(a Actor) *ActorNames {
	n := &ActorNames{Names: a.Body.Given, Things: madeThings(a.Body), Count: 1, Process: a.Process}
	if a.Count != nil && a.Count.Given() {
		count, _ := a.Count.Static()
		n.Count, n.Replicas = int(count), true
	}
	return n
}

func walkExprs(b *step.Block, visit func(*value.Expr)) {
	step.WalkSteps(b, func(s *step.Step) {
		for _, e := range s.Exprs {
			visit(e)
		}
	})
}

// SharedNames are the names of each actor that other actors read.
func SharedNames(bodies []*step.Block) map[string]map[string]bool {
	shared := make(map[string]map[string]bool)
	share := func(actor, name string) {
		if shared[actor] == nil {
			shared[actor] = make(map[string]bool)
		}
		shared[actor][name] = true
	}
	for _, b := range bodies {
		walkExprs(b, func(e *value.Expr) {
			for _, r := range e.Refs {
				share(r.Actor, r.Name)
			}
		})
		step.WalkSteps(b, func(s *step.Step) {
			if w, ok := s.Action.(step.Watcher); ok {
				share(w.Watches())
			}
		})
	}
	return shared
}

// Expression checks that all names an expression reads exist.
func (c *Check) Expression(e *value.Expr) {
	if c.between {
		return
	}
	for _, name := range e.Names {
		c.ownName(e, name)
	}
	for i := range e.Refs {
		c.reference(e, &e.Refs[i])
	}
	for _, r := range e.Hidden {
		c.hidden(e, r)
	}
}

// hidden reports a name of another actor that cannot be reached, because a
// handle of this one bears that actor's name.
func (c *Check) hidden(e *value.Expr, r value.Reference) {
	sym := c.Symbols[r.Actor]
	if sym == nil || sym.Sock == nil || sym.Anything || sym.uncertain || slices.Contains(value.EndpointFields, r.Name) {
		return
	}
	p := c.Problem(e.Node, "%s is a handle of this actor here, which has no %s; it hides the actor %s", r.Actor, r.Name, r.Actor)
	p.MoveTo(e.Node, e.Pos()).Hint = fmt.Sprintf("give the handle another name, so that %s.%s is the other actor's", r.Actor, r.Name)
}

func (c *Check) ownName(e *value.Expr, name string) {
	if sym, ok := c.Symbols[name]; ok {
		sym.Used = true
		switch {
		case e.Whole[name] && sym.Program:
			c.notValue(e, name, value.AProgram)
		case e.Whole[name] && sym.Peer != nil:
			c.notValue(e, name, value.APeer)
		case e.Whole[name] && sym.Branch != nil:
			c.notValue(e, name, value.ABranch)
		}
		return
	}
	if _, _, iface := value.InterfaceName(name); iface {
		return // it is there
	}
	if c.scenario.Vars[name] != nil {
		c.scenario.usedVars[name] = true
		return
	}
	for _, b := range value.BuiltinNames {
		if name == b {
			return
		}
	}
	if c.MayBeThere(name) {
		return
	}
	p := c.Problem(e.Node, "unknown name %q in the expression", name).MoveTo(e.Node, e.Pos())
	switch {
	case c.MadeElsewhere(name):
		p.Msg = fmt.Sprintf("%s is used before it has a value", name)
		p.Hint = "move this step after the one that sets it"
	case c.scenario.Actors[name] != nil:
		p.Hint = fmt.Sprintf("%s is an actor; write %s.NAME for one of its names", name, name)
	default:
		if p.Hint = source.DidYouMean(name, c.visible()); p.Hint == "" {
			p.Hint = "it is neither a name of this actor nor one of vars; write ACTOR.NAME for a name of another actor"
		}
	}
}

// visible are the names that an expression here can read.
func (c *Check) visible() []string {
	names := append([]string(nil), value.BuiltinNames...)
	for n := range c.Symbols {
		names = append(names, n)
	}
	for n := range c.scenario.Vars {
		names = append(names, n)
	}
	for n := range c.scenario.Actors {
		names = append(names, n)
	}
	names = append(names, value.FunctionNames()...)
	return slices.Sorted(slices.Values(names))
}

func (c *Check) reference(e *value.Expr, r *value.Reference) {
	a := c.scenario.Actors[r.Actor]
	if a == nil || a.Names == nil { // there is none, or its steps could not be read
		return
	}
	if r.Name == step.PidName && a.Process {
		c.whichReplica(e, r, a)
		return
	}
	if !a.Names.May(r.Name) {
		p := c.Problem(e.Node, "actor %s has nothing named %q", r.Actor, r.Name).MoveTo(e.Node, e.Pos())
		if p.Hint = source.DidYouMean(r.Name, a.Names.All()); p.Hint == "" {
			p.Hint = "an actor's names are those that its steps make with as: and let:"
		}
		if r.Name == step.PidName {
			p.Hint = "write process: true at the actor, so that it is a process of its own"
		}
	}
	if what := a.Things[r.Name]; what != "" && e.Whole[r.Slot] {
		c.notValue(e, r.Actor+"."+r.Name, what)
	}
	if !e.Chooses() {
		c.laterTurn(e.Node, e.Pos(), r.Actor, r.Name)
	}
	c.whichReplica(e, r, a)
}

// whichReplica reports a reference that does not say which replica it means, or
// says so of an actor that has none.
func (c *Check) whichReplica(e *value.Expr, r *value.Reference, a *ActorNames) {
	if a.Replicas && r.Index == nil && r.Actor != c.Actor {
		p := c.Problem(e.Node, "actor %s has replicas; %s.%s does not say which", r.Actor, r.Actor, r.Name)
		p.MoveTo(e.Node, e.Pos()).Hint = fmt.Sprintf("write %s[0].%s", r.Actor, r.Name)
	}
	if !a.Replicas && r.Index != nil {
		p := c.Problem(e.Node, "actor %s has no replicas", r.Actor)
		p.MoveTo(e.Node, e.Pos()).Hint = fmt.Sprintf("write %s.%s, or give the actor a count", r.Actor, r.Name)
	}
}

// notValue reports an expression that returns a program or a branch.
func (c *Check) notValue(e *value.Expr, name string, what value.Thing) {
	c.Problem(e.Node, "%s", value.NotValue(name, what)).MoveTo(e.Node, e.Pos()).Hint = value.NotValueHint(name, what)
}

// unused warns of names that nobody reads.
func (c *Check) unused(across map[string]bool) {
	for _, sym := range append(c.BranchNames, slices.Collect(maps.Values(c.Symbols))...) {
		if !across[c.Actor+"."+sym.Name] {
			c.neverUsed(sym)
		}
	}
}

// neverUsed warns of a name that nobody reads.
func (c *Check) neverUsed(sym *Symbol) {
	if sym.Used || sym.node == nil || c.partly || !value.IsName(sym.Name) {
		return // what is not a name is an error already
	}
	p := sym.node.Warning("%s is never used", sym.Name)
	p.Hint = "leave the name out, or use it"
	*c.problems = append(*c.problems, p)
}

// check compares signals with waits, and counts each barrier's actors.
func (u *Uses) check(problems *source.Problems, names *ScenarioNames) {
	signals := u.Signals.all()
	given := make(map[string]bool)
	for _, s := range signals {
		given[s] = true
	}
	for _, w := range u.Waits.names {
		if !given[w.name] && !u.Signals.dynamic {
			p := w.text.Node.Problem("no step raises the signal %q", w.name)
			if w.maybe {
				p.Severity = source.Warning
			}
			if p.Hint = source.DidYouMean(w.name, signals); p.Hint == "" {
				p.Hint = "add a signal step to another actor"
			}
			*problems = append(*problems, p)
		}
	}
	u.checkBarriers(problems, names)
}

// checkBarriers reports barriers that open for nobody but the one who comes.
func (u *Uses) checkBarriers(problems *source.Problems, names *ScenarioNames) {
	several := make(map[string]bool) // barriers to which another actor comes too
	first := make(map[string]namedAt)
	for _, n := range u.Barriers.names {
		f, known := first[n.name]
		if !known {
			first[n.name] = n
		}
		several[n.name] = several[n.name] || known && f.actor != n.actor || n.size.Given()
		u.sameSize(problems, first[n.name], n)
	}
	for _, name := range u.Barriers.all() {
		n := first[name]
		if several[name] || names.Actors[n.actor].Count != 1 {
			continue
		}
		p := n.text.Node.Problem("only the actor %s comes to the barrier %q", n.actor, name)
		if p.Hint = source.DidYouMean(name, value.Without(u.Barriers.all(), name)); p.Hint == "" {
			p.Hint = "a barrier needs two actors or replicas"
		}
		*problems = append(*problems, p)
	}
}

// sameSize reports a barrier that has two sizes.
func (u *Uses) sameSize(problems *source.Problems, first, n namedAt) {
	want, known := first.size.Static()
	got, static := n.size.Static()
	if first.size.Given() == n.size.Given() && (want == got || !known || !static) {
		return
	}
	p := n.text.Node.Warning("the barrier %q has another size at line %d", n.name, first.text.Node.Pos.Line)
	*problems = append(*problems, p.WithHint("write the same size at each step of this barrier, or none"))
}

// AmongNames checks a branch while its siblings give names, which it may use
// too: when they come, only the run can tell. Those that it uses go into used.
func (c *Check) AmongNames(names *value.NameSet, used map[string]bool, check func()) {
	c.open = append(c.open, names.Open...)
	before, during := make(map[string]*Symbol), make(map[string]*Symbol)
	for name := range names.Fixed {
		before[name], during[name] = c.Symbols[name], &Symbol{Name: name, Anything: true}
		c.Symbols[name] = during[name]
	}
	check()
	for name, sym := range during {
		if sym.Used {
			used[name] = true
		}
		switch {
		case c.Symbols[name] != sym: // the branch itself gives it too
		case before[name] == nil:
			delete(c.Symbols, name)
		default:
			c.Symbols[name] = before[name]
		}
	}
}
