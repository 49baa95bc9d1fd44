//go:build amd64 || 386 || arm64

package forked

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// All in this file runs in the forked process too, where there is no Go
// runtime: nothing may allocate, grow a stack, write a pointer or be watched by
// the race detector. The linker checks the stack.

// In assembly, which the race detector does not see.
func load(p *uint32) uint32
func store(p *uint32, v uint32)

// clone begins a process or a thread that runs a function, serve, on a stack,
// of which the top is given. It returns its id, or an errno below 0. With
// CLONE_SETTLS what is local to the thread is on that stack too.
func clone(flags, stack, function uintptr, b *box) int

// serving is where serve begins. Assembly that calls a Go function by its name
// calls a wrapper, which the race detector watches.
var serving = func() uintptr {
	f := serve
	return **(**uintptr)(unsafe.Pointer(&f))
}()

// handlers are the addresses of the handler that counts a signal, and of what a
// handler returns to (sigreturn(2)).
func handlers() (count, restorer uintptr)

// fork makes a process that serves a box. It has no part of Go's heap, where
// the stacks of goroutines are, so it gets a stack of its own.
//
//go:nosplit
//go:norace
func fork(b *box, stack uintptr) (pid int, errno syscall.Errno) {
	var before uint64
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&b.all)),
		uintptr(unsafe.Pointer(&before)), maskSize, 0, 0)
	pid = clone(forkFlags, stack, serving, b)
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&before)), 0, maskSize, 0, 0)
	if pid < 0 {
		return 0, syscall.Errno(-pid)
	}
	return pid, 0
}

// serve does what a box asks for, and never returns.
//
//go:nosplit
//go:norace
func serve(b *box) {
	for {
		setMask(&b.idle)
		done := b.done
		for load(&b.request) == done {
			syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&b.request)), futexWait, uintptr(done), 0, 0, 0)
		}
		setMask(&b.all)
		var r uintptr
		var errno syscall.Errno
		switch b.op {
		case opCall:
			setMask(&b.user) // signals that wait come now
			store(&b.inCall, 1)
			r, _, errno = syscall.RawSyscall6(b.trap, b.args[0], b.args[1], b.args[2], b.args[3], b.args[4], b.args[5])
			store(&b.inCall, 0)
			setMask(&b.all)
		case opFork:
			// The thread may have its next request before the new process
			// runs, and they share the box.
			next := *(**box)(unsafe.Pointer(&b.args[0]))
			r, _, errno = syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
			if errno == 0 && r == 0 {
				b = next
				continue
			}
		case opThread:
			r = uintptr(clone(threadFlags, b.args[1], b.args[2], *(**box)(unsafe.Pointer(&b.args[0]))))
		case opBegin:
			r, errno = begin(b)
		case opBeginThread:
			syscall.RawSyscall6(unix.SYS_SIGALTSTACK, uintptr(unsafe.Pointer(&b.stack)), 0, 0, 0, 0, 0)
			r, _, errno = syscall.RawSyscall6(unix.SYS_GETTID, 0, 0, 0, 0, 0, 0)
		}
		b.result, b.errno = r, uintptr(errno)
		store(&b.done, done+1)
		syscall.RawSyscall6(unix.SYS_WRITE, uintptr(b.notice), uintptr(unsafe.Pointer(&b.id)), 4, 0, 0, 0)
	}
}

//go:nosplit
//go:norace
func setMask(mask *uint64) {
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(mask)), 0, maskSize, 0, 0)
}

const (
	futexWait    = 0
	lastSignal   = 64
	fSetSig      = 10
	exitAsKilled = 1
)

// begin makes the process what was asked for: with the descriptors that it is
// to have and no others, and, unless another forked process has made it, with
// the usual actions for signals.
//
//go:nosplit
//go:norace
func begin(b *box) (uintptr, syscall.Errno) {
	if b.leads != 0 {
		// In a group of its own it gets no signal of the terminal. One that has
		// come before waits, and is forgotten when it is ignored
		// (sigaction(2)).
		syscall.RawSyscall6(unix.SYS_SETPGID, 0, 0, 0, 0, 0, 0)
		for sig := uintptr(1); sig <= lastSignal; sig++ {
			syscall.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&b.ignore)), 0, maskSize, 0, 0)
			syscall.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&b.action)), 0, maskSize, 0, 0)
		}
	}
	syscall.RawSyscall6(unix.SYS_SIGALTSTACK, uintptr(unsafe.Pointer(&b.stack)), 0, 0, 0, 0, 0)
	syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(WakeSignal), uintptr(unsafe.Pointer(&b.wake)), 0, maskSize, 0, 0)
	for i := uintptr(0); i < uintptr(b.closes); i++ {
		r := (*[2]uint32)(unsafe.Add(unsafe.Pointer(b), dataAt+i*8))
		_, _, errno := syscall.RawSyscall6(unix.SYS_CLOSE_RANGE, uintptr(r[0]), uintptr(r[1]), 0, 0, 0, 0)
		if errno == 0 {
			continue
		}
		for fd := r[0]; fd <= r[1] && fd <= b.highest; fd++ {
			syscall.RawSyscall6(unix.SYS_CLOSE, uintptr(fd), 0, 0, 0, 0, 0)
		}
	}
	for i := uintptr(b.closes); i < uintptr(b.closes+b.moves); i++ {
		r := (*[2]uint32)(unsafe.Add(unsafe.Pointer(b), dataAt+i*8))
		_, _, errno := syscall.RawSyscall6(unix.SYS_DUP3, uintptr(r[0]), uintptr(r[1]), unix.O_CLOEXEC, 0, 0, 0)
		if errno != 0 {
			return 0, errno
		}
		syscall.RawSyscall6(unix.SYS_CLOSE, uintptr(r[0]), 0, 0, 0, 0, 0)
	}
	pid, _, _ := syscall.RawSyscall6(unix.SYS_GETPID, 0, 0, 0, 0, 0, 0)
	if b.leads != 0 {
		// When the only process that has the other end of life is gone, the
		// kernel ends the whole group of processes (fcntl(2)).
		syscall.RawSyscall6(unix.SYS_FCNTL, uintptr(b.life), unix.F_SETOWN, -pid, 0, 0, 0)
		syscall.RawSyscall6(unix.SYS_FCNTL, uintptr(b.life), fSetSig, uintptr(unix.SIGKILL), 0, 0, 0)
		syscall.RawSyscall6(unix.SYS_FCNTL, uintptr(b.life), unix.F_SETFL, unix.O_ASYNC|unix.O_NONBLOCK, 0, 0, 0)
	}
	// It may be gone already.
	n, _, _ := syscall.RawSyscall6(unix.SYS_READ, uintptr(b.life), uintptr(unsafe.Pointer(&b.hangup)), 1, 0, 0, 0)
	if n == 0 {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, exitAsKilled, 0, 0, 0, 0, 0)
	}
	b.idle = b.user
	return pid, 0
}
