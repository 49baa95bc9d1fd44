package steps

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A CheckedActor is an actor as CheckActors needs it.
type CheckedActor struct {
	Name  string
	Body  *Block
	Count *Int // nil without replicas
}

// CheckActors checks all actors of a scenario: the names they use, the states
// of their handles, and what they signal and wait for. vars are the scenario's
// variables with their places; outside are expressions beside the steps.
func CheckActors(actors []CheckedActor, vars map[string]*source.Node, outside []*Expr) source.Problems {
	var problems source.Problems
	names := &ScenarioNames{Vars: vars, usedVars: make(map[string]bool), Actors: make(map[string]*ActorNames)}
	for _, a := range actors {
		names.Actors[a.Name] = actorNames(a)
	}
	u := new(uses)
	unfinished := false // an actor has more steps than are checked
	readAcross := make(map[string]bool)
	for _, a := range actors {
		walkExprs(a.Body, func(e *Expr) {
			for _, r := range e.refs {
				readAcross[r.Actor+"."+r.Name] = true
			}
		})
	}
	for _, a := range actors {
		c := &Check{
			scenario: names, actor: a.Name, uses: u, problems: &problems,
			symbols: make(map[string]*Symbol),
		}
		c.block(a.Body)
		if c.over {
			unfinished = true
			continue
		}
		c.unused(readAcross)
	}
	for _, e := range outside {
		c := &Check{scenario: names, problems: &problems, symbols: map[string]*Symbol{}}
		c.expression(e)
	}
	if unfinished {
		return problems
	}
	u.check(&problems, names)
	for name, node := range vars {
		if !names.usedVars[name] {
			problems = append(problems, node.Warning("the variable %s is never used", name))
		}
	}
	return problems
}

func actorNames(a CheckedActor) *ActorNames {
	n := &ActorNames{Names: a.Body.names, Things: madeThings(a.Body), Count: 1}
	if a.Count != nil && a.Count.Given() {
		count, _ := a.Count.Static()
		n.Count, n.Replicas = int(count), true
	}
	return n
}

// walkSteps visits a block's steps, those that stand in them, and those of the
// procedures that they call: each procedure once, however often it is called.
func walkSteps(b *Block, visit func(*Step)) {
	seen := make(map[*Procedure]bool)
	var each func(*Step)
	each = func(s *Step) {
		visit(s)
		if s.calls == nil || s.calls.proc.body == nil || seen[s.calls.proc] {
			return
		}
		seen[s.calls.proc] = true
		walkOwn(s.calls.proc.body, each)
	}
	walkOwn(b, each)
}

// walkOwn visits a block's steps and those that stand in them.
func walkOwn(b *Block, visit func(*Step)) {
	for _, s := range b.Steps {
		visit(s)
		for _, inner := range s.blocks {
			walkOwn(inner, visit)
		}
	}
}

func walkExprs(b *Block, visit func(*Expr)) {
	walkSteps(b, func(s *Step) {
		for _, e := range s.exprs {
			visit(e)
		}
	})
}

// SharedNames are the names of each actor that other actors read.
func SharedNames(bodies []*Block) map[string]map[string]bool {
	shared := make(map[string]map[string]bool)
	for _, b := range bodies {
		walkExprs(b, func(e *Expr) {
			for _, r := range e.refs {
				if shared[r.Actor] == nil {
					shared[r.Actor] = make(map[string]bool)
				}
				shared[r.Actor][r.Name] = true
			}
		})
	}
	return shared
}

// expression checks that all names an expression reads exist.
func (c *Check) expression(e *Expr) {
	for _, name := range e.names {
		c.ownName(e, name)
	}
	for i := range e.refs {
		c.reference(e, &e.refs[i])
	}
	for _, r := range e.hidden {
		c.hidden(e, r)
	}
}

// hidden reports a name of another actor that cannot be reached, because a
// handle of this one bears that actor's name.
func (c *Check) hidden(e *Expr, r Reference) {
	sym := c.symbols[r.Actor]
	if sym == nil || sym.sock == nil || sym.anything || sym.uncertain || slices.Contains(endpointFields, r.Name) {
		return
	}
	p := c.problem(e.node, "%s is a handle of this actor here, which has no %s; it hides the actor %s", r.Actor, r.Name, r.Actor)
	p.MoveTo(e.node, e.Pos()).Hint = fmt.Sprintf("give the handle another name, so that %s.%s is the other actor's", r.Actor, r.Name)
}

func (c *Check) ownName(e *Expr, name string) {
	if sym, ok := c.symbols[name]; ok {
		sym.used = true
		switch {
		case e.whole[name] && sym.program:
			c.notValue(e, name, AProgram)
		case e.whole[name] && sym.branch != nil:
			c.notValue(e, name, ABranch)
		}
		return
	}
	if c.scenario.Vars[name] != nil {
		c.scenario.usedVars[name] = true
		return
	}
	for _, b := range builtinNames {
		if name == b {
			return
		}
	}
	if c.mayBeThere(name) {
		return
	}
	p := c.problem(e.node, "unknown name %q in the expression", name).MoveTo(e.node, e.Pos())
	switch {
	case c.madeElsewhere(name):
		p.Msg = fmt.Sprintf("%s is used before the step that gives it its value", name)
		p.Hint = "move this step behind that one"
	case c.scenario.Actors[name] != nil:
		p.Hint = fmt.Sprintf("%s is an actor; name something of it, as %s.NAME", name, name)
	default:
		if p.Hint = source.DidYouMean(name, c.visible()); p.Hint == "" {
			p.Hint = "it is none of the actor's own names, nor of vars; another actor's is written ACTOR.NAME"
		}
	}
}

// visible are the names that an expression here can read.
func (c *Check) visible() []string {
	names := append([]string(nil), builtinNames...)
	for n := range c.symbols {
		names = append(names, n)
	}
	for n := range c.scenario.Vars {
		names = append(names, n)
	}
	for n := range c.scenario.Actors {
		names = append(names, n)
	}
	for _, f := range functions {
		names = append(names, f.name)
	}
	return sorted(names)
}

func (c *Check) reference(e *Expr, r *Reference) {
	a := c.scenario.Actors[r.Actor]
	if a == nil {
		return
	}
	if !a.Names.may(r.Name) {
		p := c.problem(e.node, "actor %s has nothing named %q", r.Actor, r.Name).MoveTo(e.node, e.Pos())
		if p.Hint = source.DidYouMean(r.Name, a.Names.all()); p.Hint == "" {
			p.Hint = "an actor's names are those that its steps give with as: and let:"
		}
	}
	if what := a.Things[r.Name]; what != "" && e.whole[r.slot] {
		c.notValue(e, r.Actor+"."+r.Name, what)
	}
	if a.Replicas && r.index == nil && r.Actor != c.actor {
		p := c.problem(e.node, "actor %s has replicas; %s.%s does not say which", r.Actor, r.Actor, r.Name)
		p.MoveTo(e.node, e.Pos()).Hint = fmt.Sprintf("write %s[0].%s", r.Actor, r.Name)
	}
	if !a.Replicas && r.index != nil {
		p := c.problem(e.node, "actor %s has no replicas", r.Actor)
		p.MoveTo(e.node, e.Pos()).Hint = fmt.Sprintf("write %s.%s, or give the actor a count", r.Actor, r.Name)
	}
}

// notValue reports an expression that gives a program or a branch.
func (c *Check) notValue(e *Expr, name string, what Thing) {
	c.problem(e.node, "%s", notValue(name, what)).MoveTo(e.node, e.Pos()).Hint = notValueHint(name, what)
}

// unused warns of names that nobody reads.
func (c *Check) unused(across map[string]bool) {
	for _, sym := range append(c.branchNames, slices.Collect(maps.Values(c.symbols))...) {
		if sym.used || across[c.actor+"."+sym.Name] || sym.node == nil {
			continue
		}
		p := sym.node.Warning("%s is never used", sym.Name)
		p.Hint = "leave the name out, or use it"
		*c.problems = append(*c.problems, p)
	}
}

// check holds signals against waits, and counts each barrier's actors.
func (u *uses) check(problems *source.Problems, names *ScenarioNames) {
	signals := u.signals.all()
	given := make(map[string]bool)
	for _, s := range signals {
		given[s] = true
	}
	for _, w := range u.waits.names {
		if !given[w.name] && !u.signals.dynamic {
			p := w.text.node.Problem("nobody gives the signal %q", w.name)
			if p.Hint = source.DidYouMean(w.name, signals); p.Hint == "" {
				p.Hint = "add a signal step to another actor"
			}
			*problems = append(*problems, p)
		}
	}
	u.checkBarriers(problems, names)
}

// checkBarriers reports barriers that open for nobody but the one who comes.
func (u *uses) checkBarriers(problems *source.Problems, names *ScenarioNames) {
	several := make(map[string]bool) // barriers to which another actor comes too
	first := make(map[string]namedAt)
	for _, n := range u.barriers.names {
		f, known := first[n.name]
		if !known {
			first[n.name] = n
		}
		several[n.name] = several[n.name] || known && f.actor != n.actor
	}
	for _, name := range u.barriers.all() {
		n := first[name]
		if several[name] || names.Actors[n.actor].Count != 1 {
			continue
		}
		p := n.text.node.Problem("only the actor %s comes to the barrier %q", n.actor, name)
		if p.Hint = source.DidYouMean(name, without(u.barriers.all(), name)); p.Hint == "" {
			p.Hint = "a barrier needs two actors or replicas"
		}
		*problems = append(*problems, p)
	}
}
