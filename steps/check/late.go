package check

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
)

// late checks a step of which some values are known only when it runs. What
// such a step does to the names that it uses is not known, nor what it makes;
// nor can the kind's own rules be held against it.
func (c *Check) late(s *step.Step) {
	known := c.problems
	c.problems = new(source.Problems)
	c.action(s)
	c.problems = known
	for _, h := range s.Handles {
		if name, ok := c.Text(&h.Text); ok {
			c.unsure(name)
		}
	}
	for name := range s.Gives.Fixed {
		c.Symbols[name] = &Symbol{Name: name, Anything: true, Used: true}
	}
	c.open = append(c.open, s.Gives.Open...)
}

// unsure forgets what is known of a name.
func (c *Check) unsure(name string) {
	sym := c.Symbols[name]
	if sym == nil {
		return
	}
	sym.Used, sym.uncertain = true, true
	if sym.Sock != nil {
		sym.Sock.uncertain()
	}
}

// broken checks what stands for a step that could not be decoded.
func (c *Check) broken(a *step.Broken) {
	c.touchNames(a.Node)
	c.open = append(c.open, a.Names.Open...)
	for name := range a.Names.Fixed {
		c.Symbols[name] = &Symbol{Name: name, Anything: true, Used: true}
	}
}

// touchNames makes what is known of the names in a part of the step uncertain.
func (c *Check) touchNames(n *source.Node) {
	if sym := c.Symbols[n.Text]; n.Kind == source.Scalar && sym != nil {
		sym.uncertain, sym.Used = true, true
		if sym.Sock != nil {
			sym.Sock.Forget()
		}
	}
	for _, item := range n.Items {
		c.touchNames(item)
	}
	for _, e := range n.Entries {
		c.touchNames(e.Value)
	}
}
