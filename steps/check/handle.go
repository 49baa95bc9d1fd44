package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// Handle finds what a handle's name stands for; nil where that is not known.
func (c *Check) Handle(r *step.HandleRef) *Symbol {
	name, known := c.Text(&r.Text)
	if !known {
		c.touchAny(&r.Text)
		return nil
	}
	if err := step.MayBeOpen(name); err != nil && !c.process && c.scenario.Topology != nil {
		c.Problem(r.Node, "%s", err).Hint = step.ClosedHint
	}
	if !value.IsName(name) && !step.IsStreamName(name) {
		return nil
	}
	sym, ok := c.Symbols[name]
	if !ok && step.IsOwnStream(name) {
		sym, ok = &Symbol{Name: name, Sock: AnySocket(), Used: true}, true
		c.Symbols[name] = sym
	}
	switch {
	case !ok:
		c.unknownHandle(r, name)
		return nil
	case sym.Anything:
		sym.Used = true
		return nil
	case sym.Sock == nil:
		sym.Used = true
		c.noHandle(r, sym)
		return nil
	case sym.ClosedAt > 0 && !sym.uncertain && c.MustSucceed():
		c.Problem(r.Node, "%s is closed already, %s", name, c.Since(sym.ClosedAt)).Hint = "use it before that, or expect " + c.OfClosed(name)
	}
	sym.Used = true
	if c.maybe > 0 {
		sym.uncertain = true
	}
	c.touch(sym.Sock)
	return sym
}

// Hand is Handle for a step that hands the socket to others, who may do with it
// what they like.
func (c *Check) Hand(r *step.HandleRef) {
	if sym := c.Handle(r); sym != nil {
		sym.Sock.share()
	}
}

// touchAny notes that the step uses a handle that only the run can tell: any
// socket may be in another state afterwards.
func (c *Check) touchAny(x *value.Text) {
	open := x.OpenName()
	for name, sym := range c.Symbols {
		if sym.Sock != nil && open.MayBe(name) {
			sym.Sock.Forget()
			sym.Used, sym.uncertain = true, true
		}
	}
}

// Text is a text that is known before the run: one that is written out, or that
// is made of parameters whose texts the do step gives.
func (c *Check) Text(x *value.Text) (string, bool) {
	if s, static := x.Static(); static {
		return s, true
	}
	var b strings.Builder
	for _, p := range x.Parts {
		if p.Expr == nil {
			b.WriteString(p.Lit)
			continue
		}
		sym := c.Symbols[p.Expr.Source]
		if sym == nil || sym.text == "" {
			return "", false
		}
		b.WriteString(sym.text)
	}
	return b.String(), true
}

// noHandle reports a name that stands for something else than a handle.
func (c *Check) noHandle(r *step.HandleRef, sym *Symbol) {
	switch {
	case sym.Program:
		p := c.Problem(r.Node, "%s is a program, not a handle", sym.Name)
		p.Hint = fmt.Sprintf("its streams are %[1]s.stdin, %[1]s.stdout and %[1]s.stderr", sym.Name)
	case sym.Peer != nil:
		c.Problem(r.Node, "%s is a peer, not a handle", sym.Name).Hint = "write its name in inject and segment"
	case sym.Branch != nil:
		c.Problem(r.Node, "%s is a branch, not a handle", sym.Name).Hint = "wait for its end with join"
	default:
		if !c.misnamed(sym, "handle", func(s *Symbol) bool { return s.Sock != nil }) {
			c.Problem(r.Node, "%s is a value, not a handle", sym.Name).Hint = "name a socket that an earlier step made with as:"
		}
	}
}

// closedTeller marks actions that give something else than EBADF for a handle
// that is closed.
type closedTeller interface{ OfClosed(name string) string }

// OfClosed is what the step gives for a handle that is closed.
func (c *Check) OfClosed(name string) string {
	if a, ok := c.Step.Action.(closedTeller); ok {
		return a.OfClosed(name)
	}
	return "{error: EBADF}"
}

// AnyHandle is Handle for a step to which a closed one is welcome too.
func (c *Check) AnyHandle(r *step.HandleRef) *Symbol {
	name, known := c.Text(&r.Text)
	if sym := c.Symbols[name]; known && sym != nil && sym.Sock != nil {
		sym.Used = true
		c.touch(sym.Sock)
		return sym
	}
	return c.Handle(r)
}

// Since says where an earlier step is, for a message about this one.
func (c *Check) Since(line int) string {
	switch {
	case line != c.Step.Node.Pos.Line:
		return fmt.Sprintf("at line %d", line)
	case c.repeat:
		return "by this step in the round before"
	}
	return "by this same step"
}

func (c *Check) unknownHandle(r *step.HandleRef, name string) {
	if program, stream, dotted := strings.Cut(name, "."); dotted {
		c.unknownStream(r, program, stream)
		return
	}
	if c.MayBeThere(name) {
		return
	}
	p := c.Problem(r.Node, "there is no handle %q here", name)
	if c.scenario.Actors[name] != nil {
		p.Msg, p.Hint = name+" is an actor, not a handle", "an actor can use its own sockets only"
		return
	}
	if c.MadeElsewhere(name) {
		p.Msg = name + " is used before the step that makes it"
		p.Hint = "move this step after the one with as: " + name
		return
	}
	var known []string
	for n, sym := range c.Symbols {
		if sym.Sock != nil {
			known = append(known, n)
		}
	}
	if p.Hint = source.DidYouMean(name, slices.Sorted(slices.Values(known))); p.Hint == "" {
		p.Hint = "name a socket that an earlier step made with as:"
	}
}

// MadeElsewhere reports whether another step of the actor gives the name.
func (c *Check) MadeElsewhere(name string) bool {
	own := c.scenario.Actors[c.Actor]
	return own != nil && own.Names.Has(name)
}

// MayBeThere reports whether an unknown name may be there when the step runs: a
// name with an expression may turn out to be it, or an earlier round of a loop
// may have given it, where a condition keeps the first from this step.
func (c *Check) MayBeThere(name string) bool {
	if value.MayMean(c.open, name) {
		return true
	}
	for _, b := range c.loops {
		if c.maybe > 0 && gives(b, name) {
			return true
		}
	}
	return false
}

// gives reports whether a step of the block gives the name.
func gives(b *step.Block, name string) bool {
	found := false
	step.WalkSteps(b, func(s *step.Step) { found = found || s.Gives.May(name) })
	return found
}
