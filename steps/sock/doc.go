// Package sock makes socket calls on the real kernel and waits for them in Go's
// poller.
//
// A [Socket] is one descriptor. Each of its methods makes the system call of
// the same name, once, and returns what the kernel returned: a count, an
// address, or an [Error] that wraps the errno. A call that would block parks
// its goroutine until the descriptor is ready, until the deadline of its [Wait]
// has passed or until the context of its [Group] is cancelled. A socket that
// was opened as blocking has no place in the poller; its calls occupy a thread
// each, and deadline and cancellation reach them by a signal.
//
// The package knows addresses, the C names of families, types, protocols, flags
// and options, and the errno table; it knows nothing of scenarios.
package sock
