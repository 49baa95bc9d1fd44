package sock

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// Errors that are not an errno. Both reach the caller wrapped in an [*Error].
var (
	// ErrTimeout is the result of a call whose deadline passed before the
	// kernel had an answer.
	ErrTimeout = errors.New("timed out")
	// ErrClosed is the cause of the calls that [Group.Close] interrupts.
	ErrClosed = errors.New("the group of sockets is closed")
)

// Error is a failed call. Err is a [syscall.Errno], [ErrTimeout], or the cause
// of the group's cancellation.
type Error struct {
	Call string // the system call: "connect"
	Addr Addr   // the address it was given, the zero Addr for a call without one
	Err  error
}

// Error formats the call, its address, and the errno by name and text: "connect
// 127.0.0.1:1: ECONNREFUSED (connection refused)".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Call)
	if !e.Addr.IsZero() {
		b.WriteString(" " + e.Addr.String())
	}
	b.WriteString(": ")
	if errno, ok := e.Err.(syscall.Errno); ok {
		b.WriteString(ErrnoName(errno) + " (" + errno.Error() + ")")
	} else {
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the errno or other cause for [errors.Is] and [errors.As].
func (e *Error) Unwrap() error { return e.Err }

// failed wraps err, unless it is nil, as the failure of call.
func failed(call string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Call: call, Err: err}
}

// failedAt is failed for a call that was given an address.
func failedAt(call string, a Addr, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Call: call, Addr: a, Err: err}
}

// ErrnoOf finds the errno that err wraps.
func ErrnoOf(err error) (syscall.Errno, bool) {
	var errno syscall.Errno
	ok := errors.As(err, &errno)
	return errno, ok
}

// ErrnoName is the C name of an errno, "ECONNREFUSED", or "errno 4242" for a
// number that has none. Where two names share a number it is the one of
// errno(3) that the socket calls document: EAGAIN, EOPNOTSUPP.
func ErrnoName(e syscall.Errno) string {
	if e == syscall.EOPNOTSUPP {
		return "EOPNOTSUPP"
	}
	if name := unix.ErrnoName(e); name != "" {
		return name
	}
	return "errno " + itoa(int(e))
}

// ErrnoMessage is the text of strerror(3), as glibc capitalises it: "Connection
// refused".
func ErrnoMessage(e syscall.Errno) string {
	text := e.Error()
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// maxErrno is above every errno of every platform (MIPS has EDQUOT at 1133).
const maxErrno = 1200

var errnoTable = sync.OnceValue(func() map[string]syscall.Errno {
	table := map[string]syscall.Errno{
		"EWOULDBLOCK": syscall.EWOULDBLOCK,
		"ENOTSUP":     syscall.ENOTSUP,
		"EDEADLOCK":   syscall.EDEADLK,
	}
	for e := syscall.Errno(1); e < maxErrno; e++ {
		if unix.ErrnoName(e) != "" {
			table[ErrnoName(e)] = e
		}
	}
	return table
})

// ErrnoByName finds an errno by its C name; the aliases EWOULDBLOCK, ENOTSUP
// and EDEADLOCK are known too.
func ErrnoByName(name string) (syscall.Errno, bool) {
	e, ok := errnoTable()[name]
	return e, ok
}

// ErrnoNames lists the names that [ErrnoByName] knows, sorted.
func ErrnoNames() []string {
	var names []string
	for name := range errnoTable() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
