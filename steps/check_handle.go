package steps

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// handle finds what a handle's name stands for; nil where that is not known.
func (c *Check) handle(r *HandleRef) *Symbol {
	name, known := c.text(&r.Text)
	if !known {
		c.touchAny(&r.Text)
		return nil
	}
	if !IsName(name) && !isStreamName(name) {
		return nil
	}
	sym, ok := c.symbols[name]
	if !ok && isOwnStream(name) {
		sym, ok = &Symbol{Name: name, sock: anySocket(), used: true}, true
		c.symbols[name] = sym
	}
	switch {
	case !ok:
		c.unknownHandle(r, name)
		return nil
	case sym.anything:
		sym.used = true
		return nil
	case sym.sock == nil:
		sym.used = true
		c.noHandle(r, sym)
		return nil
	case sym.closedAt > 0 && !sym.uncertain && c.mustSucceed():
		c.problem(r.node, "%s is closed already, %s", name, c.since(sym.closedAt)).Hint = "use it before that, or expect " + c.ofClosed(name)
	}
	sym.used = true
	if c.maybe > 0 {
		sym.uncertain = true
	}
	c.touch(sym.sock)
	return sym
}

// hand is handle for a step that hands the socket to others, who may do with it
// what they like.
func (c *Check) hand(r *HandleRef) {
	if sym := c.handle(r); sym != nil {
		sym.sock.share()
	}
}

// touchAny notes that the step uses a handle that only the run can tell: any
// socket may be in another state afterwards.
func (c *Check) touchAny(x *Text) {
	open := x.openName()
	for name, sym := range c.symbols {
		if sym.sock != nil && open.mayBe(name) {
			sym.sock.forget()
			sym.used, sym.uncertain = true, true
		}
	}
}

// text is a text that is known before the run: one that is written out, or that
// is made of parameters whose texts the do step gives.
func (c *Check) text(x *Text) (string, bool) {
	if s, static := x.Static(); static {
		return s, true
	}
	var b strings.Builder
	for _, p := range x.parts {
		if p.expr == nil {
			b.WriteString(p.lit)
			continue
		}
		sym := c.symbols[p.expr.Source]
		if sym == nil || sym.text == "" {
			return "", false
		}
		b.WriteString(sym.text)
	}
	return b.String(), true
}

// noHandle reports a name that stands for something else than a handle.
func (c *Check) noHandle(r *HandleRef, sym *Symbol) {
	switch {
	case sym.program:
		p := c.problem(r.node, "%s is a program, not a handle", sym.Name)
		p.Hint = fmt.Sprintf("its streams are %[1]s.stdin, %[1]s.stdout and %[1]s.stderr", sym.Name)
	case sym.branch != nil:
		c.problem(r.node, "%s is a branch, not a handle", sym.Name)
	default:
		c.problem(r.node, "%s is a value, not a handle", sym.Name)
	}
}

// closedTeller marks actions that give something else than EBADF for a handle
// that is closed.
type closedTeller interface{ ofClosed(name string) string }

// ofClosed is what the step gives for a handle that is closed.
func (c *Check) ofClosed(name string) string {
	if a, ok := c.step.Action.(closedTeller); ok {
		return a.ofClosed(name)
	}
	return "{error: EBADF}"
}

// anyHandle is handle for a step to which a closed one is welcome too.
func (c *Check) anyHandle(r *HandleRef) *Symbol {
	name, known := c.text(&r.Text)
	if sym := c.symbols[name]; known && sym != nil && sym.sock != nil {
		sym.used = true
		c.touch(sym.sock)
		return sym
	}
	return c.handle(r)
}

// since says where an earlier step stands, for a message about this one.
func (c *Check) since(line int) string {
	switch {
	case line != c.step.Node.Pos.Line:
		return fmt.Sprintf("at line %d", line)
	case c.repeat:
		return "by this step in the round before"
	}
	return "by this same step"
}

func (c *Check) unknownHandle(r *HandleRef, name string) {
	if program, stream, dotted := strings.Cut(name, "."); dotted {
		c.unknownStream(r, program, stream)
		return
	}
	if c.mayBeThere(name) {
		return
	}
	p := c.problem(r.node, "there is no handle %q here", name)
	if c.scenario.Actors[name] != nil {
		p.Msg, p.Hint = name+" is an actor, not a handle", "an actor can use its own sockets only"
		return
	}
	if c.madeElsewhere(name) {
		p.Msg = name + " is used before the step that makes it"
		p.Hint = "move this step behind the one with as: " + name
		return
	}
	var known []string
	for n, sym := range c.symbols {
		if sym.sock != nil {
			known = append(known, n)
		}
	}
	if p.Hint = source.DidYouMean(name, sorted(known)); p.Hint == "" {
		p.Hint = "name a socket that an earlier step made with as:"
	}
}

// madeElsewhere reports whether another step of the actor gives the name.
func (c *Check) madeElsewhere(name string) bool {
	own := c.scenario.Actors[c.actor]
	return own != nil && own.Names.has(name)
}

// mayBeThere reports whether an unknown name may be there when the step runs: a
// name with an expression may turn out to be it, or an earlier round of a loop
// may have given it, where a condition keeps the first from this step.
func (c *Check) mayBeThere(name string) bool {
	if mayMean(c.open, name) {
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
func gives(b *Block, name string) bool {
	found := false
	walkSteps(b, func(s *Step) { found = found || s.gives.may(name) })
	return found
}
