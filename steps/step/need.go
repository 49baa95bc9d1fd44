package step

import (
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Needer is an action that knows which of its kind's needs its step has.
// Needs runs once per step, when it is decoded.
type Needer interface {
	Needs(n *Needs)
}

// Needs takes the needs of one step.
type Needs struct {
	*value.Decoder
	step *Step
}

// Node notes a need that the value at n has.
func (n *Needs) Node(a value.Access, at *source.Node, of string) {
	n.Need(value.Need{Access: a, Of: of, Pos: at.Pos})
}

// Step notes a need of the step as a whole, of which only the run can tell
// more.
func (n *Needs) Step(a value.Access) {
	n.Need(value.Need{Access: a, Of: n.step.Verb.Text, Late: true, Pos: n.step.Node.Pos})
}

// Verb is the verb's value as the file has it.
func (n *Needs) Verb() *source.Node { return n.step.Verb }

// IsLate reports whether only the run can tell the value of a key.
func (n *Needs) IsLate(key string) bool {
	return slices.ContainsFunc(n.step.Late, func(l *value.Late) bool { return l.Key == key })
}

// IsVerbLate reports whether only the run can tell the verb's value.
func (n *Needs) IsVerbLate() bool { return n.IsLate(n.step.Kind.Name) }

// needsOf notes what a step needs.
func (r *Reader) needsOf(s *Step) {
	needs := &Needs{Decoder: r.Decoder, step: s}
	if a, ok := s.Action.(Needer); ok {
		a.Needs(needs)
		return
	}
	for _, a := range s.Kind.Needs {
		needs.Step(a)
	}
}

// Needs are the needs of a scenario whose actors have these bodies: all that
// was noted, but for those of procedures that are never called.
func (r *Reader) Needs(bodies []*Block) []value.Need {
	needs := slices.Clone(r.Decoder.Needs())
	seen := make(map[*Procedure]bool)
	var calls func(b *Block)
	calls = func(b *Block) {
		if b == nil {
			return
		}
		WalkOwn(b, func(s *Step) {
			if s.calls == nil || s.calls.Proc == nil || seen[s.calls.Proc] {
				return
			}
			seen[s.calls.Proc] = true
			needs = append(needs, s.calls.Proc.needs...)
			calls(s.calls.Proc.Body)
		})
	}
	for _, b := range bodies {
		calls(b)
	}
	return needs
}
