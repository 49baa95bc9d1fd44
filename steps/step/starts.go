package step

import (
	"github.com/sockscript/sockscript/steps/event"
)

// StartsAhead reports whether an actor that has come to a step may still start a
// program: with that step, one behind it, or in a further round of a repetition.
// It may be said too often, never too seldom. No step stands for the beginning.
func StartsAhead(body *Block, at *event.Place) bool {
	reached, ahead := at == nil, false
	WalkSteps(body, func(s *Step) {
		reached = reached || s.Place.ID == at.ID
		ahead = ahead || (reached || s.repeats() && s.contains(at)) && s.starts()
	})
	return ahead || !reached && (&Step{blocks: []*Block{body}}).starts()
}

// repeats reports whether the steps that stand in the step run again and again.
func (s *Step) repeats() bool { return s.Kind != nil && s.Kind.Loops }

// any reports whether the step, or one that stands in it or in a procedure that
// it calls, is so.
func (s *Step) any(is func(*Step) bool) bool {
	found := false
	WalkSteps(&Block{Steps: []*Step{s}}, func(s *Step) { found = found || is(s) })
	return found
}

func (s *Step) contains(at *event.Place) bool {
	return s.any(func(s *Step) bool { return s.Place.ID == at.ID })
}

func (s *Step) starts() bool {
	return s.any(func(s *Step) bool { return s.Kind != nil && s.Kind.Starts })
}
