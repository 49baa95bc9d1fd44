package value

// ErrnoValue is what `as` names on a step that expects an error.
type ErrnoValue struct {
	Name    string `expr:"name"`    // ECONNREFUSED
	Message string `expr:"message"` // Connection refused
	Number  int    `expr:"number"`  // 111
}

// String is the errno's name.
func (e *ErrnoValue) String() string { return e.Name }
