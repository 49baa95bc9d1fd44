package forked

import (
	"errors"
	"syscall"
)

// What a call returns in the place of an errno where the kernel had no answer.
// The numbers are above those of the kernel, which end at 4095.
const (
	Died     syscall.Errno = 1<<16 + iota // the process has ended, by the call or meanwhile
	TimedOut                              // the deadline passed
)

// ErrDied is the error for [Died].
var ErrDied = errors.New("the process has ended")

// A Status is how a process ended.
type Status struct {
	Exit   int
	Signal syscall.Signal // 0 where it exited
}
