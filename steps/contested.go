package steps

import "maps"

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
func usedNames(b *Block) (sets, uses map[string]bool) {
	sets, uses = make(map[string]bool), make(map[string]bool)
	walkSteps(b, func(s *Step) {
		for _, name := range append(s.As.Static(), namedBy(s.Action)...) {
			sets[name], uses[name] = true, true
		}
		for _, h := range s.handles {
			if name, static := h.Static(); static {
				uses[name] = true
			}
		}
		for _, e := range s.exprs {
			for _, name := range e.names {
				uses[name] = true
			}
		}
	})
	return sets, uses
}

// namer is an action that gives values to names other than those of as.
type namer interface{ named() []string }

func namedBy(a Action) []string {
	if n, ok := a.(namer); ok {
		return n.named()
	}
	return nil
}
