package steps

// madeThings are the names that only start or spawn steps of an actor give, with
// what they stand for.
func madeThings(body *Block) map[string]Thing {
	things, others := make(map[string]Thing), make(map[string]bool)
	walkSteps(body, func(s *Step) {
		if s.gives == nil {
			return
		}
		what := s.Kind.Thing
		for name := range s.gives.fixed {
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
