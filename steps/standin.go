package steps

// A standIn is what an expression sees of a program or a branch: its name. The
// thing itself belongs to its actor, and never leaves it.
type standIn struct{ name string }

func (s *standIn) String() string { return s.name }
