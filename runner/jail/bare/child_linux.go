//go:build amd64 || 386 || arm64

package bare

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// All in this file runs in the new process too, where there is no Go runtime:
// nothing may allocate, grow a stack, write a pointer or be watched by the race
// detector. The linker checks the stack.

// A job is what a new process has to do.
type job struct {
	calls   []*Call
	first   int     // what the labels count from
	control uintptr // the descriptor by which it says what has failed
	failure failure
}

// A failure is what the process says of a call that has failed.
type failure struct {
	at    int32 // its place in the list
	errno int32
}

// The numbers of calls that the kernel does not have.
const (
	compares   = ^uintptr(iota) // see Same
	closesFrom                  // close_range(2), also where there is none
)

const (
	maskSize   = 8
	lastSignal = 64
	ignored    = 1 // SIG_IGN
)

// action is struct sigaction as rt_sigaction(2) has it.
type action struct {
	handler, flags, restorer uintptr
	mask                     [2]uint32
}

// fork makes a process that does a job. In the new one it does not return.
//
//go:nosplit
//go:norace
func fork(flags uintptr, j *job) (pid int, errno syscall.Errno) {
	all, before := ^uint64(0), uint64(0)
	setMask(&all, &before)
	r, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, flags|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && r == 0 {
		usualActions()
		setMask(&before, nil)
		j.do()
	}
	setMask(&before, nil)
	return int(r), errno
}

//go:nosplit
//go:norace
func setMask(mask, before *uint64) {
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(mask)), uintptr(unsafe.Pointer(before)), maskSize, 0, 0)
}

// usualActions takes away the handlers of the runtime. A signal that is ignored
// stays so, as execve(2) has it.
//
//go:nosplit
//go:norace
func usualActions() {
	var usual, is action
	for sig := uintptr(1); sig <= lastSignal; sig++ {
		syscall.RawSyscall6(unix.SYS_RT_SIGACTION, sig, 0, uintptr(unsafe.Pointer(&is)), maskSize, 0, 0)
		if is.handler != ignored {
			syscall.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&usual)), 0, maskSize, 0, 0)
		}
	}
}

// do makes the calls, and never returns.
//
//go:nosplit
//go:norace
func (j *job) do() {
	for i := 0; i < len(j.calls); {
		c := j.calls[i]
		r, errno := c.do()
		switch {
		case errno == syscall.EINTR:
			continue
		case errno == 0 && c.result != nil:
			*c.result = Value(r)
		}
		i++
		switch {
		case errno == 0 && c.good != nil:
			i = j.first + c.good.at
		case errno != 0 && c.bad != nil:
			i = j.first + c.bad.at
		case errno != 0 && errno != c.ignored:
			j.failure.at, j.failure.errno = int32(i-1), int32(errno)
			syscall.RawSyscall6(unix.SYS_WRITE, j.control, uintptr(unsafe.Pointer(&j.failure)), unsafe.Sizeof(j.failure), 0, 0, 0)
			i = len(j.calls)
		}
	}
	for {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	}
}

// do makes the call.
//
//go:nosplit
//go:norace
func (c *Call) do() (uintptr, syscall.Errno) {
	var a [6]uintptr
	for i := range c.args {
		arg := &c.args[i]
		a[i] = arg.number | uintptr(arg.memory)
		if arg.value != nil {
			a[i] = uintptr(*arg.value)
		}
	}
	switch c.trap {
	case compares:
		if *(*uint64)(c.args[0].memory) != *(*uint64)(c.args[1].memory) {
			return 0, syscall.EXDEV
		}
		return 0, 0
	case closesFrom:
		_, _, errno := syscall.RawSyscall6(unix.SYS_CLOSE_RANGE, a[0], uintptr(^uint32(0)), 0, 0, 0, 0)
		for fd := a[0]; errno != 0 && fd <= a[1]; fd++ {
			syscall.RawSyscall6(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
		}
		return 0, 0
	}
	r, _, errno := syscall.RawSyscall6(c.trap, a[0], a[1], a[2], a[3], a[4], a[5])
	return r, errno
}
