package step

import (
	"errors"
	"syscall"
)

// Partly is an errno of a step that had done a part of its work before.
type Partly struct {
	Err   error
	Count int // the bytes that went
	Shown any // how the transcript shows them
}

// Error is the errno's own text.
func (e *Partly) Error() string { return e.Err.Error() }

// Unwrap is the errno.
func (e *Partly) Unwrap() error { return e.Err }

// doneBefore is what a step had done before its error; nothing where that is not
// said.
func doneBefore(err error) *Partly {
	var partly *Partly
	if errors.As(err, &partly) {
		return partly
	}
	return new(Partly)
}

// shown is what the transcript shows before the errno. Behind an EAGAIN the rest
// can be sent; behind any other errno nobody knows what has arrived.
func (e *Partly) shown(errno syscall.Errno) []any {
	if e.Shown == nil || errno != syscall.EAGAIN {
		return nil
	}
	return []any{e.Shown}
}
