package steps

import "github.com/sockscript/sockscript/scenarios/source"

// makeHandle notes that the step's ith `as` name is a handle from here on. It is
// of use even where no step uses it: the transcript shows it.
func (c *Check) makeHandle(i int, s *socketState) {
	if names := c.step.As.list; i < len(names) && c.maySucceed() {
		s.branch = c.branch
		c.give(names[i], &Symbol{sock: s, used: true})
	}
}

// makeReceived notes handles that come in by SCM_RIGHTS, of which nothing more
// is known.
func (c *Check) makeReceived(names *Names) {
	if !c.maySucceed() {
		return
	}
	for _, x := range names.list {
		c.give(x, &Symbol{sock: anySocket(), used: true})
	}
}

// makeValues notes that the step's `as` names are values from here on.
func (c *Check) makeValues() {
	if !c.maySucceed() {
		return
	}
	for i, x := range c.step.As.list {
		// A name may be there only for those behind it.
		c.give(x, &Symbol{used: i < c.step.As.Len()-1})
	}
}

// makeErrnos notes that the step's first `as` name is an errno from here on, or
// what the step makes where it may succeed too.
func (c *Check) makeErrnos() {
	for i, x := range c.step.As.list {
		c.give(x, &Symbol{anything: c.maySucceed(), used: i > 0 || c.maySucceed()})
	}
}

func (c *Check) makeValue(name string, n *source.Node) {
	c.make(&Symbol{Name: name, node: n})
}

// makeFreeValue is a name that nobody needs to use.
func (c *Check) makeFreeValue(name string, n *source.Node) {
	c.make(&Symbol{Name: name, node: n, used: true})
}

// give notes that a name stands for sym from here on. Where the name holds an
// expression that only the run can tell, any that fits may be meant.
func (c *Check) give(x *Text, sym *Symbol) {
	name, known := c.text(x)
	if known {
		sym.Name, sym.node = name, x.node
		c.make(sym)
		return
	}
	open := x.openName()
	c.open = append(c.open, open)
	for name, old := range c.symbols {
		if open.mayBe(name) {
			c.symbols[name] = &Symbol{Name: name, anything: true, used: true}
			old.used = true
		}
	}
}

// make notes what a name stands for from here on. Where that is not certain, it
// may still be what it was before.
func (c *Check) make(sym *Symbol) {
	old := c.symbols[sym.Name]
	if old != nil {
		sym.used = sym.used || old.used
	}
	if c.maybe > 0 {
		sym.uncertain = true
		sym.anything = sym.anything || old != nil
	}
	c.symbols[sym.Name] = sym
}
