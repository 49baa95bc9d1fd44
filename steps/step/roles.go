package step

import (
	"github.com/sockscript/sockscript/steps/value"
)

// A Signaller is an action that gives a signal.
type Signaller interface {
	Signals() *value.Text // its name
}

// A Meeter is an action that comes to a barrier.
type Meeter interface {
	Meets() *value.Text // the barrier's name
}

// Roles are what an actor's steps do for other actors, as far as the file
// tells: which signals it gives and which barriers it comes to.
type Roles struct {
	Signals  map[string]bool
	AnySign  bool // a signal whose name holds an expression
	Barriers map[string]bool
}

// RolesOf reads the roles off a block.
func RolesOf(b *Block) Roles {
	r := Roles{Signals: make(map[string]bool), Barriers: make(map[string]bool)}
	WalkSteps(b, func(s *Step) {
		if a, ok := s.Action.(Signaller); ok {
			if name, static := a.Signals().Static(); static {
				r.Signals[name] = true
			} else {
				r.AnySign = true
			}
		}
		if a, ok := s.Action.(Meeter); ok {
			name, _ := a.Meets().Static()
			r.Barriers[name] = true
		}
	})
	return r
}
