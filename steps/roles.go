package steps

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
	walkSteps(b, func(s *Step) {
		switch a := s.Action.(type) {
		case *signalAction:
			if name, static := a.name.Static(); static {
				r.Signals[name] = true
			} else {
				r.AnySign = true
			}
		case *barrierAction:
			name, _ := a.name.Static()
			r.Barriers[name] = true
		}
	})
	return r
}
