package sock

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wakeSignal is the real-time signal that interrupts a blocked thread. The C
// library and Go's runtime use the lowest ones.
const wakeSignal = syscall.Signal(40)

// wakeAgain is how often the signal is repeated until the call has returned:
// one that comes just before the thread enters the kernel is lost.
const wakeAgain = 2 * time.Millisecond

// installWake makes the signal interrupt system calls. Go's handler, which does
// nothing with it, is kept, but without SA_RESTART: a call would go on as if
// nothing had been (signal(7)).
var installWake = sync.OnceValue(func() error {
	signal.Notify(make(chan os.Signal, 1), wakeSignal)
	var action kernelSigaction
	if errno := sigaction(nil, &action); errno != 0 {
		return errno
	}
	action.flags &^= restartFlag
	return asError(sigaction(&action, nil))
})

// kernelSigaction is struct sigaction as rt_sigaction(2) has it, on the
// architectures that have a restorer.
type kernelSigaction struct {
	handler, flags, restorer uintptr
	mask                     [2]uint32
}

const restartFlag = 0x10000000 // SA_RESTART

func sigaction(set, old *kernelSigaction) syscall.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(wakeSignal), uintptr(unsafe.Pointer(set)),
		uintptr(unsafe.Pointer(old)), unsafe.Sizeof(old.mask), 0, 0)
	return errno
}

// threads reports whether calls can be made on threads of their own.
const threads = true

func blockingSupported() error { return installWake() }

// A thread runs one system call that blocks. It is woken by a signal, at its
// deadline and at the end of its group.
type thread struct {
	tid int

	mu    sync.Mutex
	done  bool
	woken bool
	round int         // how often the call was made
	timer *time.Timer // runs wake: at the deadline, then again and again
}

// wake interrupts the call, and goes on doing so until it has returned.
func (t *thread) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return
	}
	t.woken = true
	unix.Tgkill(unix.Getpid(), t.tid, wakeSignal)
	t.wakeIn(wakeAgain)
}

// nudge interrupts the call, so that it is made again.
func (t *thread) nudge() {
	t.mu.Lock()
	round := t.round
	t.mu.Unlock()
	go func() {
		for ; t.interrupt(round); time.Sleep(wakeAgain) {
		}
	}()
}

// interrupt sends the signal, and reports whether it may have come too early.
func (t *thread) interrupt(round int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done || t.round != round {
		return false
	}
	unix.Tgkill(unix.Getpid(), t.tid, wakeSignal)
	return true
}

// begins says that the call is made, once more perhaps.
func (t *thread) begins() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.round++
}

// wakeIn sets the timer. t.mu is held, or t is not shared yet.
func (t *thread) wakeIn(d time.Duration) {
	if t.timer == nil {
		t.timer = time.AfterFunc(d, t.wake)
	} else {
		t.timer.Reset(d)
	}
}

func (t *thread) wasWoken() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.woken
}

// finish ends the interruptions: no signal is sent once it has returned.
func (t *thread) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = true
	if t.timer != nil {
		t.timer.Stop()
	}
}

// block makes a call that may block on a thread that nothing else uses
// meanwhile. An interruption of our own gives ErrTimeout or the cause of the
// group's end; any other one does not count.
func (g *Group) block(w Wait, watches []*keptConns, call func() syscall.Errno) error {
	if err := installWake(); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t := &thread{tid: unix.Gettid()}
	if !w.Deadline.IsZero() {
		t.mu.Lock()
		t.wakeIn(time.Until(w.Deadline))
		t.mu.Unlock()
	}
	defer t.finish()
	if err := g.watch(t); err != nil {
		return err
	}
	defer g.unwatch(t)
	defer watchKept(watches, t)()
	defer onlyWake()()
	w.stalls(true) // as far as can be told: the kernel has the thread
	defer w.stalls(false)
	for {
		t.begins()
		errno := call()
		if errno != syscall.EINTR {
			return asError(errno)
		}
		if !t.wasWoken() {
			continue
		}
		if err := g.cause(); err != nil {
			return err
		}
		return ErrTimeout
	}
}

// openPath makes the open(2), which may wait for the other end of a FIFO.
func (g *Group) openPath(w Wait, path string, flags int, mode uint32) (fd int, err error) {
	if g.process != nil {
		c := caller{g.process, &w}
		at := unix.AT_FDCWD
		n, errno := c.call(unix.SYS_OPENAT, num(at), input(append([]byte(path), 0)), num(flags), num(mode))
		return int(n), g.outcome(errno)
	}
	err = g.block(w, nil, func() (errno syscall.Errno) {
		var failed error
		fd, failed = unix.Open(path, flags, mode)
		return asErrno(failed)
	})
	return fd, err
}

// onlyWake keeps all signals but ours from this thread, until restored: Go's
// runtime preempts goroutines by SIGURG, and a call that has done a part of its
// work, such as recv(2) with MSG_WAITALL, ends with that part where any signal
// comes (signal(7)).
func onlyWake() (restore func()) {
	var all, before unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	bits := 8 * int(unsafe.Sizeof(all.Val[0]))
	all.Val[(wakeSignal-1)/syscall.Signal(bits)] &^= 1 << (int(wakeSignal-1) % bits)
	unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before)
	return func() { unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil) }
}

// closeLingering makes the close(2) of a socket with SO_LINGER, which may wait
// for the peer (socket(7)). The deadline and the end of the group cut it short;
// the kernel then goes on in the background.
func (g *Group) closeLingering(deadline time.Time, closing func() syscall.Errno) error {
	if installWake() != nil {
		return asError(closing())
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t := &thread{tid: unix.Gettid()}
	if !deadline.IsZero() {
		t.mu.Lock()
		t.wakeIn(time.Until(deadline))
		t.mu.Unlock()
	}
	defer t.finish()
	if g.watch(t) != nil {
		t.wake()
	}
	defer g.unwatch(t)
	errno := closing()
	if errno != 0 || !t.wasWoken() || g.cause() != nil {
		return asError(errno)
	}
	return ErrTimeout
}

// performThreaded makes the call on a thread of its own, without O_NONBLOCK.
//
// A call that must not wait may set the flag for the moment, and so make this
// one give up too early: then it is made again.
func (d *direction) performThreaded() error {
	s := d.socket
	mode := &s.desc.mode
	if err := mode.unblock(s.caller(), s.fd); err != nil {
		return err
	}
	defer mode.reblock(s.caller(), s.fd)
	d.threaded = true
	d.flags &^= unix.MSG_DONTWAIT
	return s.group.block(d.wait, d.watches, d.blockingCall)
}

// blockingCall makes the call, which may block.
func (d *direction) blockingCall() syscall.Errno {
	mode := &d.socket.desc.mode
	for {
		before := mode.moments.Load()
		d.errno = d.do(d)
		if d.errno != syscall.EAGAIN && d.errno != syscall.EINPROGRESS || mode.moments.Load() == before {
			return d.errno
		}
	}
}

// performForked lets the forked process make the call, in which it may block.
// An interruption is a result there.
func (d *direction) performForked() error {
	s := d.socket
	if err := s.desc.mode.lose(s.caller(), s.fd); err != nil {
		return err
	}
	d.threaded = true
	d.flags &^= unix.MSG_DONTWAIT
	return s.group.outcome(d.blockingCall())
}
