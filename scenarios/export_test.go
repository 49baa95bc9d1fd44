package scenarios

import (
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
)

// ParseUnchecked reads the text of a file. Refused are what the check has
// against its scenarios, which can be run all the same; problems are those of
// text that cannot.
func ParseUnchecked(name string, data []byte) (list []*Scenario, refused, problems source.Problems) {
	nodes, problems := source.Parse(name, data)
	for _, n := range nodes {
		s := &Scenario{Name: name, Node: n}
		doc, found := s.read(n, Options{Kinds: steps.Kinds()})
		problems = append(problems, found...)
		if !problems.HasErrors() && len(s.Actors) > 0 {
			refused = append(refused, s.check(doc, false)...)
		}
		list = append(list, s)
	}
	return list, refused, problems
}
