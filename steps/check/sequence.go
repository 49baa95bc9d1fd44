package check

import (
	"maps"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// actor checks all steps of an actor.
func (c *Check) actor(a Actor) {
	if a.Sequence == nil {
		c.block(a.Body)
		return
	}
	c.between = true
	c.block(a.Sequence)
	c.between = false
}

// ownTurn checks the steps of a turn, among those of its actor. The turns of
// others are passed over.
func (c *Check) ownTurn(a *step.Turn) {
	if a.Actor != c.Actor {
		return
	}
	c.between, c.turn = false, a
	if len(a.Branch) > 0 {
		c.turnOfBranch(a)
	} else {
		c.block(a.Body)
	}
	c.between, c.turn = true, nil
}

// turnOfBranch checks the turn of a branch, which knows what the branch knows.
func (c *Check) turnOfBranch(a *step.Turn) {
	outer, process := c.Symbols, c.process
	defer func() { c.Symbols, c.process = outer, process }()
	var sym *Symbol
	for _, name := range a.Branch {
		sym = c.branchOfTurn(a, name)
		c.Symbols, c.process = sym.scope, sym.Process || c.process || sym.Anything
	}
	for name := range a.Turns.Loops.Fixed {
		if loop := outer[name]; loop != nil {
			sym.scope[name] = loop
		}
	}
	before := maps.Clone(sym.scope)
	c.Beside(a.Body)
	for name, made := range sym.scope {
		if before[name] != made {
			sym.Branch = append(sym.Branch, made)
			c.BranchNames = append(c.BranchNames, made)
		}
	}
}

// branchOfTurn is the branch of a name; where only the run can tell, one that
// may know any name of the actor.
func (c *Check) branchOfTurn(a *step.Turn, name string) *Symbol {
	sym := c.Symbols[name]
	unknown := &Symbol{Name: name, Anything: true, scope: make(map[string]*Symbol)}
	for _, n := range c.scenario.Actors[c.Actor].Names.All() {
		unknown.scope[n] = &Symbol{Name: n, Anything: true, Used: true}
	}
	switch {
	case sym != nil && sym.Branch != nil:
		sym.Used = true
		return sym
	case sym == nil && c.MayBeThere(name) || sym != nil && sym.Anything:
		return unknown
	case sym == nil && c.MadeElsewhere(name):
		p := c.Problem(a.Key, "the turn of %s comes before the step that makes this branch", a.Key.Text)
		p.Hint = "move the turn after the one of " + a.Actor + " with as: " + name
		return unknown
	}
	var known []string
	for n, s := range c.Symbols {
		if s.Branch != nil {
			known = append(known, n)
		}
	}
	p := c.Problem(a.Key, "%s has no branch %q", a.Actor, name)
	if p.Hint = source.DidYouMean(name, known); p.Hint == "" {
		p.Hint = "name a branch with as: on its spawn step"
	}
	return unknown
}

// Spawn checks a body that runs beside the rest of the actor with the names of
// this moment, and returns what stands for the branch.
func (c *Check) Spawn(b *step.Block) *Symbol {
	outer := c.Symbols
	c.Symbols = maps.Clone(outer)
	return c.apart(b, outer)
}

// apart checks a body with names of its own, and returns what stands for the
// branch that does it: it makes the names that are new in comparison.
func (c *Check) apart(b *step.Block, outer map[string]*Symbol) *Symbol {
	before := maps.Clone(c.Symbols)
	c.Beside(b)
	// The name is of use even where nobody joins: the transcript shows it.
	branch := &Symbol{Branch: make([]*Symbol, 0), scope: c.Symbols, Used: true}
	for name, sym := range c.Symbols {
		if before[name] != sym {
			branch.Branch = append(branch.Branch, sym)
		}
	}
	c.BranchNames = append(c.BranchNames, branch.Branch...)
	c.Symbols = outer
	return branch
}

// Fork checks the steps of a forked process, and returns what stands for it.
func (c *Check) Fork(b *step.Block) *Symbol {
	process, outer := c.process, c.Symbols
	c.process, c.Symbols = true, maps.Clone(outer)
	for name, sym := range outer {
		if sym.Sock != nil { // it is closed for itself, and used where it is copied
			own := *sym
			sym.Used, c.Symbols[name] = true, &own
		}
	}
	branch := c.apart(b, outer)
	c.process, branch.Process = process, true
	return branch
}

// NeedsProcess reports a step that only a forked process can do. What calls the
// procedures of a library is not known here.
func (c *Check) NeedsProcess() {
	if c.process || c.scenario.Topology == nil {
		return
	}
	name := c.Step.Kind.Name
	c.Problem(c.Step.Node, "%s is for a process of its own, and these steps are done by sockscript itself", name).Hint = "put the step into a fork, or write process: true at the actor"
}

// OwnHost reports a socket that a process of its own would make on another host
// than its own.
func (c *Check) OwnHost(r *step.HostRef) {
	name, static := r.Static()
	if c.process && r.Given() && static && c.Host != "" && name != c.Host && c.MustSucceed() {
		c.Problem(r.Node, "a process makes its sockets on the host that it was made on, here %s", c.Host).Hint = "let an actor of the other host make it"
	}
}

// laterTurn reports a name that only later turns give, where a turn waits for
// it: they begin when this one has ended. A branch may wait for them.
func (c *Check) laterTurn(n *source.Node, at source.Pos, actor, name string) {
	if c.turn == nil || c.branch != 0 || !c.Certain() {
		return
	}
	s := c.turn.Turns
	if s.Actors[actor] == nil || s.GivenBy(c.turn.Number, actor, name) {
		return
	}
	p := c.Problem(n, "%s.%s has no value in this turn: only a later turn sets it", actor, name).MoveTo(n, at)
	p.Hint = "move this turn after the one that sets it, or wait in a spawn"
}

// ProcessActor reports whether a name is that of an actor that is a process
// from its start. It notes what is wrong with the name of another actor.
func (c *Check) ProcessActor(n *source.Node, name string) bool {
	actor, index, ok := step.SplitActor(name)
	a := c.scenario.Actors[actor]
	switch {
	case !ok || a == nil:
		return false
	case !a.Process:
		c.Problem(n, "the actor %s is not a process of its own", actor).Hint = "write process: true at the actor"
	case a.Replicas && index < 0:
		c.Problem(n, "actor %s has replicas; %s does not say which", actor, actor).Hint = "write " + actor + "[0]"
	case !a.Replicas && index >= 0:
		c.Problem(n, "actor %s has no replicas", actor).Hint = "write " + actor
	}
	return true
}

// BranchOf checks the name of a branch of another actor. The index is that of a
// replica; -1 without.
func (c *Check) BranchOf(n *source.Node, actor string, index int, name string) {
	a := c.scenario.Actors[actor]
	switch {
	case a == nil:
		p := c.Problem(n, "there is no actor %s", actor)
		if p.Hint = source.DidYouMean(actor, slices.Sorted(maps.Keys(c.scenario.Actors))); p.Hint == "" {
			p.Hint = "write ACTOR.BRANCH for a branch of another actor"
		}
	case a.Names == nil: // its steps could not be read
	case !a.Names.May(name) || a.Names.Has(name) && a.Things[name] != value.ABranch:
		var known []string
		for n, what := range a.Things {
			if what == value.ABranch {
				known = append(known, n)
			}
		}
		slices.Sort(known)
		p := c.Problem(n, "the actor %s has no branch %q", actor, name)
		if p.Hint = source.DidYouMean(name, known); p.Hint == "" {
			p.Hint = "name a branch with as: on its spawn step"
		}
	case a.Replicas && index < 0 && actor != c.Actor:
		c.Problem(n, "actor %s has replicas; %s.%s does not say which", actor, actor, name).Hint = "write " + actor + "[0]." + name
	case !a.Replicas && index >= 0:
		c.Problem(n, "actor %s has no replicas", actor).Hint = "write " + actor + "." + name
	default:
		c.laterTurn(n, n.Pos, actor, name)
	}
}
