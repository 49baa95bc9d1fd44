package steps

import "github.com/sockscript/sockscript/scenarios/source"

// makeProgram notes that the step's name is a program from here on, with these
// of its streams.
func (c *Check) makeProgram(streams []string) {
	if !c.maySucceed() {
		return
	}
	for _, x := range c.step.As.list {
		c.give(x, &Symbol{program: true, used: true})
		name, known := c.text(x)
		if !known {
			continue
		}
		for _, stream := range streamNames {
			delete(c.symbols, name+"."+stream)
		}
		for _, stream := range streams {
			c.make(&Symbol{Name: name + "." + stream, sock: anySocket(), used: true})
		}
	}
}

// unknownStream reports a stream that no program here has.
func (c *Check) unknownStream(r *HandleRef, program, stream string) {
	sym := c.symbols[program]
	if sym != nil && sym.anything || sym == nil && c.mayBeThere(program) {
		return
	}
	p := c.problem(r.node, "there is no program %q here", program)
	switch {
	case sym != nil && sym.program:
		p.Msg = program + " has no " + stream + " of its own"
		p.Hint = "with stdio: its standard input and output are the socket, with pty: standard error goes to the terminal, which is its stdout"
	case sym != nil:
		p.Msg = program + " is no program"
		p.Hint = "only what a start step names has " + stream
	case c.madeElsewhere(program):
		p.Msg = program + " is used before the step that starts it"
		p.Hint = "move this step behind the one with as: " + program
	default:
		if p.Hint = source.DidYouMean(program, c.programs()); p.Hint == "" {
			p.Hint = "name a program with as: on its start step"
		}
	}
}

// programs are the names of the programs that are known here.
func (c *Check) programs() []string {
	var names []string
	for name, sym := range c.symbols {
		if sym.program {
			names = append(names, name)
		}
	}
	return sorted(names)
}
