package steps

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A nameSet is the names that steps give to what they make.
type nameSet struct {
	fixed map[string]bool
	open  []openName
}

// An openName is a name that holds an expression: any that begins and ends as
// its text does may be meant.
type openName struct{ first, last string }

func newNameSet() *nameSet { return &nameSet{fixed: make(map[string]bool)} }

// add adds a name as it stands in the file.
func (s *nameSet) add(text string) {
	first, rest, open := strings.Cut(text, "${")
	if !open {
		s.fixed[text] = true
		return
	}
	last := ""
	if i := strings.LastIndexByte(rest, '}'); i >= 0 {
		last = rest[i+1:]
	}
	s.open = append(s.open, openName{first, last})
}

// has reports whether a name is among those that are written out.
func (s *nameSet) has(name string) bool { return s != nil && s.fixed[name] }

// may reports whether a step may give the name, also by an expression.
func (s *nameSet) may(name string) bool { return s.has(name) || s != nil && mayMean(s.open, name) }

// all lists the names that are written out.
func (s *nameSet) all() []string {
	var names []string
	for name := range s.fixed {
		names = append(names, name)
	}
	return sorted(names)
}

// merge adds another set's names, but for those that are left out.
func (s *nameSet) merge(other *nameSet, but []string) {
	if other == nil {
		return
	}
	for name := range other.fixed {
		if !slices.Contains(but, name) {
			s.fixed[name] = true
		}
	}
	s.open = append(s.open, other.open...)
}

// mayMean reports whether one of the names with expressions may be name.
func mayMean(open []openName, name string) bool {
	for _, x := range open {
		if x.mayBe(name) {
			return true
		}
	}
	return false
}

func (x openName) mayBe(name string) bool {
	return len(name) >= len(x.first)+len(x.last) && strings.HasPrefix(name, x.first) && strings.HasSuffix(name, x.last)
}

// openName is what the text, which holds expressions, may turn out to be.
func (x *Text) openName() openName {
	return openName{x.parts[0].lit, x.parts[len(x.parts)-1].lit}
}

// A Caller is a value that calls a procedure: the names that its steps give
// belong to the actor.
type Caller interface {
	// Calls returns the name of the procedure where the value is decoded from n.
	Calls(n *source.Node) string
}

// namesOfProcedure adds the names that a procedure's steps give.
func (r *Reader) namesOfProcedure(name string, s *nameSet) {
	p := r.procs[name]
	if p == nil {
		return
	}
	if p.gives == nil {
		p.gives = newNameSet() // so that one that calls itself ends
		steps := p.value
		if steps.Kind == source.Map {
			steps = steps.Get("steps")
		}
		if steps != nil {
			r.namesOfSteps(steps, p.gives)
		}
	}
	s.merge(p.gives, p.parameters())
}

// parameters are the names of the parameters, as they stand in the file.
func (p *Procedure) parameters() []string {
	var names []string
	if params := p.value.Get("params"); params != nil {
		new(Names).NamesIn(params, func(name string) { names = append(names, name) })
	}
	return names
}
