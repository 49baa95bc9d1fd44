package forked

import "syscall"

// A Handler is what a process does when a signal comes.
type Handler int

const (
	Default Handler = iota // SIG_DFL
	Ignore                 // SIG_IGN
	Count                  // a handler that counts it
)

// WakeSignal interrupts a call of a forked process at its deadline, so the
// process has no other use for it. The C library keeps it for itself.
const WakeSignal syscall.Signal = 33
