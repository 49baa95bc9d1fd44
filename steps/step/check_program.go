package step

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
)

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
		for _, stream := range StreamNames {
			delete(c.Symbols, name+"."+stream)
		}
		for _, stream := range streams {
			c.make(&Symbol{Name: name + "." + stream, Sock: AnySocket(), Used: true})
		}
	}
}

// unknownStream reports a stream that no program here has.
func (c *Check) unknownStream(r *HandleRef, program, stream string) {
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
