package step

import (
	"github.com/sockscript/sockscript/steps/value"
)

// madeThings are the names that only start or spawn steps of an actor give, with
// what they stand for.
func madeThings(body *Block) map[string]value.Thing {
	things, others := make(map[string]value.Thing), make(map[string]bool)
	WalkSteps(body, func(s *Step) {
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
