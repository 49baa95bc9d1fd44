package value

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
