package step

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Caller is a value that calls a procedure: the names that its steps give
// belong to the actor.
type Caller interface {
	// Calls returns the name of the procedure where the value is decoded from n.
	Calls(n *source.Node) string
}

// namesOfProcedure adds the names that a procedure's steps give.
func (r *Reader) namesOfProcedure(name string, s *value.NameSet) {
	p := r.procs[name]
	if p == nil {
		return
	}
	if p.gives == nil {
		p.gives = value.NewNameSet() // so that one that calls itself ends
		steps := p.value
		if steps.Kind == source.Map {
			steps = steps.Get("steps")
		}
		if steps != nil {
			r.namesOfSteps(steps, p.gives)
		}
	}
	s.Merge(p.gives, p.parameters())
}

// parameters are the names of the parameters, as they stand in the file.
func (p *Procedure) parameters() []string {
	var names []string
	if params := p.value.Get("params"); params != nil {
		new(value.Names).NamesIn(params, func(name string) { names = append(names, name) })
	}
	return names
}
