package sock

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// A caller makes system calls: this process, or a forked one.
type caller struct {
	process *Process // nil: this one
	wait    *Wait    // how long the call may wait; nil: nobody watches it
}

// caller is who makes the calls on the socket that do not wait.
func (s *Socket) caller() caller { return s.group.caller() }

// caller is who makes the call under way.
func (d *direction) caller() caller { return caller{d.socket.group.process, &d.wait} }

// num is an argument that is a number.
func num[T ~int | ~int32 | ~uint32 | ~uintptr](n T) forked.Operand { return forked.Num(n) }

// call lets the forked process make a call.
func (c caller) call(trap uintptr, ops ...forked.Operand) (uintptr, syscall.Errno) {
	var w forked.Wait
	if c.wait != nil {
		w.Deadline = c.wait.Deadline
		if c.wait.Watcher != nil {
			w.Stalls = c.wait.Watcher.Stalls
		}
	}
	return c.process.forked.Call(w, trap, ops...)
}

// ErrDied is the result of a call that its process has not survived.
var ErrDied = errors.New("the process has ended")

// asError turns the "no error" errno 0 into a nil error, and the answers that
// are not the kernel's into errors of this package.
func asError(errno syscall.Errno) error {
	switch errno {
	case 0:
		return nil
	case forked.Died:
		return ErrDied
	case forked.TimedOut:
		return ErrTimeout
	}
	return errno
}

// asErrno is the reverse of asError, also for an error that a wrapper of x/sys
// returned.
func asErrno(err error) syscall.Errno {
	switch err {
	case nil:
		return 0
	case ErrDied:
		return forked.Died
	case ErrTimeout:
		return forked.TimedOut
	}
	if errno, ok := err.(syscall.Errno); ok {
		return errno
	}
	return syscall.EINVAL
}

// setNonblock sets or clears the O_NONBLOCK of a descriptor's file.
func setNonblock(c caller, fd int, on bool) error {
	flags, errno := sysFcntl(c, fd, unix.F_GETFL, 0)
	if errno != 0 {
		return asError(errno)
	}
	wanted := flags &^ unix.O_NONBLOCK
	if on {
		wanted |= unix.O_NONBLOCK
	}
	if wanted == flags {
		return nil
	}
	_, errno = sysFcntl(c, fd, unix.F_SETFL, wanted)
	return asError(errno)
}
