package check

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// MakeHandle notes that the step's ith `as` name is a handle from here on. It
// is of use even where no step uses it: the transcript shows it.
func (c *Check) MakeHandle(i int, s *SocketState) {
	if names := c.Step.As.List; i < len(names) && c.maySucceed() {
		s.branch = c.branch
		c.Give(names[i], &Symbol{Sock: s, Used: true})
	}
}

// Replace notes that a handle's name stands for another socket from here on.
func (c *Check) Replace(r *step.HandleRef, s *SocketState) {
	name, known := c.Text(&r.Text)
	if !known {
		c.touchAny(&r.Text)
		return
	}
	if sym := c.Symbols[name]; sym != nil && sym.Sock != nil && c.maySucceed() {
		c.make(&Symbol{Name: name, Sock: s, Used: true})
	}
}

// MakeReceived notes handles that come in by SCM_RIGHTS, of which nothing more
// is known.
func (c *Check) MakeReceived(names *value.Names) {
	if !c.maySucceed() {
		return
	}
	for _, x := range names.List {
		c.Give(x, &Symbol{Sock: AnySocket(), Used: true})
	}
}

// MakeValues notes that the step's `as` names are values from here on.
func (c *Check) MakeValues() {
	if !c.maySucceed() {
		return
	}
	for i, x := range c.Step.As.List {
		// A name may be there only for those behind it, or for what is masked.
		c.Give(x, &Symbol{Used: i < c.Step.As.Len()-1 || c.Step.Mask.Given()})
	}
}

// makeErrnos notes that the step's first `as` name is an errno from here on, or
// what the step makes where it may succeed too.
func (c *Check) makeErrnos() {
	for i, x := range c.Step.As.List {
		c.Give(x, &Symbol{Anything: c.maySucceed(), Used: i > 0 || c.maySucceed() || c.Step.Mask.Given()})
	}
}

// MakeValue notes that a name is a value from here on. n is its place.
func (c *Check) MakeValue(name string, n *source.Node) {
	c.make(&Symbol{Name: name, node: n})
}

// MakeFreeValue is a name that nobody needs to use.
func (c *Check) MakeFreeValue(name string, n *source.Node) {
	c.make(&Symbol{Name: name, node: n, Used: true})
}

// Give notes that a name stands for sym from here on. Where the name holds an
// expression that only the run can tell, any that fits may be meant.
func (c *Check) Give(x *value.Text, sym *Symbol) {
	name, known := c.Text(x)
	if known {
		sym.Name, sym.node = name, x.Node
		c.make(sym)
		return
	}
	open := x.OpenName()
	c.open = append(c.open, open)
	for name, old := range c.Symbols {
		if open.MayBe(name) {
			c.Symbols[name] = &Symbol{Name: name, Anything: true, Used: true}
			old.Used = true
		}
	}
}

// make notes what a name stands for from here on. Where that is not certain, it
// may still be what it was before.
func (c *Check) make(sym *Symbol) {
	old := c.Symbols[sym.Name]
	if old != nil {
		sym.Used = sym.Used || old.Used
	}
	if c.maybe > 0 {
		sym.uncertain = true
		sym.Anything = sym.Anything || old != nil
	}
	c.Symbols[sym.Name] = sym
}

// madeThings are the names that only start or spawn steps of an actor give,
// with what they stand for.
func madeThings(body *step.Block) map[string]value.Thing {
	things, others := make(map[string]value.Thing), make(map[string]bool)
	step.WalkSteps(body, func(s *step.Step) {
		if s.Gives == nil {
			return
		}
		what := s.Kind.Thing
		for name := range s.Gives.Fixed {
			if what == "" || s.Expect.Error.Given() {
				others[name] = true
				continue
			}
			things[name] = what
		}
	})
	for name := range others {
		delete(things, name)
	}
	return things
}

// JoinAny notes a join of a branch that only the run can tell.
func (c *Check) JoinAny() {
	for _, sym := range c.BranchNames {
		sym.Used = true
		c.Symbols[sym.Name] = &Symbol{Name: sym.Name, Anything: true, Used: true}
	}
}

// MakeProgram notes that the step's name is a program from here on, with these
// of its streams.
func (c *Check) MakeProgram(streams []string) {
	if !c.maySucceed() {
		return
	}
	for _, x := range c.Step.As.List {
		c.Give(x, &Symbol{Program: true, Used: true})
		name, known := c.Text(x)
		if !known {
			continue
		}
		for _, stream := range step.StreamNames {
			delete(c.Symbols, name+"."+stream)
		}
		for _, stream := range streams {
			c.make(&Symbol{Name: name + "." + stream, Sock: AnySocket(), Used: true})
		}
	}
}

// unknownStream reports a stream that no program here has.
func (c *Check) unknownStream(r *step.HandleRef, program, stream string) {
	sym := c.Symbols[program]
	if sym != nil && sym.Anything || sym == nil && c.MayBeThere(program) {
		return
	}
	p := c.Problem(r.Node, "there is no program %q here", program)
	switch {
	case sym != nil && sym.Program:
		p.Msg = program + " has no " + stream + " of its own"
		p.Hint = "with stdio: its standard input and output are the socket, with pty: standard error goes to the terminal, which is its stdout"
	case sym != nil:
		p.Msg = program + " is not a program"
		p.Hint = "only the program of a start step has " + stream
	case c.MadeElsewhere(program):
		p.Msg = program + " is used before the step that starts it"
		p.Hint = "move this step after the one with as: " + program
	default:
		if p.Hint = source.DidYouMean(program, c.Programs()); p.Hint == "" {
			p.Hint = "name a program with as: on its start step"
		}
	}
}

// Programs are the names of the programs that are known here.
func (c *Check) Programs() []string {
	var names []string
	for name, sym := range c.Symbols {
		if sym.Program {
			names = append(names, name)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// A PeerState is what is known of a peer.
type PeerState struct{ V6 bool }

// MakePeer notes that the step's name is a peer from here on.
func (c *Check) MakePeer(p PeerState) {
	if !c.maySucceed() {
		return
	}
	for _, x := range c.Step.As.List {
		c.Give(x, &Symbol{Peer: &p})
	}
}

// MisnamedPeer reports a parameter that must be a peer, and is given another
// text. It returns false where that is not so.
func (c *Check) MisnamedPeer(sym *Symbol) bool {
	return c.misnamed(sym, "peer", func(s *Symbol) bool { return s.Peer != nil })
}

// Peers are the names of the peers that are known here.
func (c *Check) Peers() []string {
	var names []string
	for name, sym := range c.Symbols {
		if sym.Peer != nil {
			names = append(names, name)
		}
	}
	return names
}

// NothingToMask reports a mask on a step of a kind that may make something,
// where this one does not.
func (c *Check) NothingToMask(what string) {
	if c.Step.Mask.Given() {
		c.Problem(c.Step.Node, "there is nothing to mask: %s", what).Hint = step.MaskHint
	}
}
