package step

// WalkSteps visits a block's steps, those that are in them, and those of the
// procedures that they call: each procedure once, however often it is called.
func WalkSteps(b *Block, visit func(*Step)) {
	seen := make(map[*Procedure]bool)
	var each func(*Step)
	each = func(s *Step) {
		visit(s)
		if s.calls == nil || s.calls.Proc.Body == nil || seen[s.calls.Proc] {
			return
		}
		seen[s.calls.Proc] = true
		WalkOwn(s.calls.Proc.Body, each)
	}
	WalkOwn(b, each)
}

// WalkOwn visits a block's steps and those that are in them.
func WalkOwn(b *Block, visit func(*Step)) {
	for _, s := range b.Steps {
		visit(s)
		for _, inner := range s.blocks {
			WalkOwn(inner, visit)
		}
	}
}
