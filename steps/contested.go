package steps

import (
	"maps"

	"github.com/sockscript/sockscript/steps/step"
)

// contested are the names to which one branch gives a value while another uses
// them: which comes first is open, unless something else orders the two.
func (v *Branches) contested() map[string]bool {
	sets, uses := make([]map[string]bool, len(v.bodies)), make([]map[string]bool, len(v.bodies))
	for i, b := range v.bodies {
		sets[i], uses[i] = usedNames(b)
	}
	contested := make(map[string]bool)
	for i := range sets {
		for name := range sets[i] {
			for j := range uses {
				contested[name] = contested[name] || i != j && uses[j][name]
			}
		}
	}
	maps.DeleteFunc(contested, func(_ string, c bool) bool { return !c })
	return contested
}

// usedNames are the names to which the steps of a block give values, and those
// that they use in any way.
func usedNames(b *step.Block) (sets, uses map[string]bool) {
	sets, uses = make(map[string]bool), make(map[string]bool)
	step.WalkSteps(b, func(s *step.Step) {
		for _, name := range append(s.As.Static(), namedBy(s.Action)...) {
			sets[name], uses[name] = true, true
		}
		for _, h := range s.Handles {
			if name, static := h.Static(); static {
				uses[name] = true
			}
		}
		for _, e := range s.Exprs {
			for _, name := range e.Names {
				uses[name] = true
			}
		}
	})
	return sets, uses
}

// namer is an action that gives values to names other than those of as.
type namer interface{ named() []string }

func namedBy(a step.Action) []string {
	if n, ok := a.(namer); ok {
		return n.named()
	}
	return nil
}
