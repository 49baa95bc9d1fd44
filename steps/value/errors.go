package value

import "fmt"

// ErrnoValue is what `as` names on a step that expects an error.
type ErrnoValue struct {
	Name    string `expr:"name"`    // ECONNREFUSED
	Message string `expr:"message"` // Connection refused
	Number  int    `expr:"number"`  // 111
}

// String is the errno's name.
func (e *ErrnoValue) String() string { return e.Name }

// A HintedError is an errno with what helps against it, where that depends on
// more than the call.
type HintedError struct {
	Err  error
	Hint string
}

// Error is the errno's own message.
func (e *HintedError) Error() string { return e.Err.Error() }

// Unwrap is the errno.
func (e *HintedError) Unwrap() error { return e.Err }

// A Mismatch is an expectation that was not met.
type Mismatch struct {
	Msg  string
	Want []byte // the data expected and come, where it was about data
	Got  []byte
	Data bool
}

// Error tells what was expected and what came.
func (m *Mismatch) Error() string { return m.Msg }

// Mismatchf returns a Mismatch with a formatted message.
func Mismatchf(format string, args ...any) error {
	return &Mismatch{Msg: fmt.Sprintf(format, args...)}
}
