package steps

// A curedError is an errno with what helps against it, where that depends on
// more than the call.
type curedError struct {
	error
	cure string
}

func (e *curedError) Unwrap() error { return e.error }
