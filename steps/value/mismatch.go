package value

import (
	"fmt"
)

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
