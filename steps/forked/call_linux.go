//go:build amd64 || 386 || arm64

package forked

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Wait says how long one call may wait.
type Wait struct {
	Deadline time.Time          // zero: without bound
	Stalls   func(waiting bool) // called when the kernel makes the call wait, and when it goes on; nil: nobody asks
}

const (
	// look is how long a call takes before somebody asks whether it waits.
	look = time.Millisecond
	// wakeAgain is how often the signal is repeated at a deadline until the
	// call has returned: one that comes before the call is lost.
	wakeAgain = 2 * time.Millisecond
)

// Call makes a system call and returns its result and errno, or [Died] or
// [TimedOut]. An interruption by a signal is a result.
func (p *Process) Call(w Wait, trap uintptr, ops ...Operand) (uintptr, syscall.Errno) {
	t := p.take()
	if t == nil {
		return 0, Died
	}
	defer p.give(t)
	t.catchUp()
	return t.call(w, trap, ops)
}

// catchUp makes the calls that had to wait until the thread was in none.
func (t *thread) catchUp() {
	for _, f := range t.before {
		f()
	}
	t.before = nil
}

// call is Call on a thread that was taken.
func (t *thread) call(w Wait, trap uintptr, ops []Operand) (uintptr, syscall.Errno) {
	size := 0
	for i := range ops {
		size += ops[i].size()
	}
	a := &area{mem: t.mem[dataAt:], base: t.base + dataAt}
	if size > dataSize {
		large, free, errno := t.large(size)
		if errno != 0 {
			return 0, errno
		}
		defer free()
		a = large
	}
	b := t.box()
	b.op, b.trap = opCall, trap
	clear(b.args[:])
	for i := range ops {
		b.args[i] = a.place(&ops[i])
	}
	if errno := t.request(w); errno != 0 {
		return 0, errno
	}
	result, errno := b.result, syscall.Errno(b.errno)
	a.used = 0
	count := int(result)
	if errno != 0 {
		count = 0
	}
	for i := range ops {
		a.collect(&ops[i], &count)
	}
	return result, errno
}

// ask makes a request that is not a system call.
func (p *Process) ask(op uint32, args ...uintptr) (uintptr, syscall.Errno) {
	t := p.take()
	if t == nil {
		return 0, Died
	}
	defer p.give(t)
	b := t.box()
	b.op = op
	copy(b.args[:], args)
	if errno := t.request(Wait{}); errno != 0 {
		return 0, errno
	}
	return b.result, syscall.Errno(b.errno)
}

// take reserves a thread for one call; nil where the process was released. The
// first one is preferred, for it is the whole process as long as no second was
// begun.
func (p *Process) take() *thread {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.released {
		for _, t := range p.threads {
			if !t.busy {
				t.busy = true
				return t
			}
		}
		p.idle.Wait()
	}
	return nil
}

func (p *Process) give(t *thread) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.busy = false
	p.idle.Broadcast()
}

// request lets the thread do what its box says, and waits for the answer.
func (t *thread) request(w Wait) syscall.Errno {
	select {
	case <-t.process.done:
		return Died
	default:
	}
	b := t.box()
	b.user, b.idle = t.process.mask.Load()&^wakeBit, t.process.idleMask()
	atomic.AddUint32(&b.request, 1)
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&b.request)), futexWake, 1, 0, 0, 0)
	return t.await(w)
}

const (
	futexWake = 1
	wakeBit   = 1 << (WakeSignal - 1)
)

// await waits until the thread has answered.
func (t *thread) await(w Wait) syscall.Errno {
	timer := time.NewTimer(look)
	defer timer.Stop()
	stalled, woken := false, false
	for {
		select {
		case <-t.answered:
			if !t.done() {
				continue
			}
			if stalled {
				w.Stalls(false)
			}
			if woken && t.box().errno == uintptr(syscall.EINTR) {
				return TimedOut
			}
			return 0
		case <-t.process.done:
			return Died
		case now := <-timer.C:
			if !stalled && w.Stalls != nil && t.waits() {
				stalled = true
				w.Stalls(true)
			}
			if !w.Deadline.IsZero() && !now.Before(w.Deadline) {
				woken = true
				unix.Tgkill(t.process.pid, t.tid, WakeSignal)
			}
			timer.Reset(t.nextLook(w, stalled, woken))
		}
	}
}

// nextLook is when the thread is looked at again.
func (t *thread) nextLook(w Wait, stalled, woken bool) time.Duration {
	switch {
	case woken:
		return wakeAgain
	case !stalled && w.Stalls != nil:
		return look
	case w.Deadline.IsZero():
		return time.Hour
	}
	return max(time.Until(w.Deadline), 0)
}

// waits reports whether the thread is in the call that it was asked for, and
// sleeps there.
func (t *thread) waits() bool {
	b := t.box()
	if atomic.LoadUint32(&b.inCall) == 0 {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("%s/%d/task/%d/stat", Proc, t.process.pid, t.tid))
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && len(after) > 0 && after[0] == 'S' && atomic.LoadUint32(&b.inCall) != 0
}

// large is an area for operands that the box has no room for.
func (t *thread) large(size int) (*area, func(), syscall.Errno) {
	const page = 64 << 10
	p, s := t.process, t.process.space
	size = (size + page - 1) &^ (page - 1)
	offset, err := s.reserve(size)
	if err != nil {
		return nil, nil, syscall.ENOMEM
	}
	mem, err := s.mapped(offset, size)
	if err != nil {
		s.release(offset, size)
		return nil, nil, syscall.ENOMEM
	}
	free := func() {
		unix.Munmap(mem)
		s.release(offset, size)
	}
	b := t.box()
	b.op, b.trap = opCall, trapMmap
	b.args = [6]uintptr{0, uintptr(size), unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED, uintptr(p.family.own.shared), uintptr(offset / mmapUnit)}
	errno := t.request(Wait{})
	if errno == 0 {
		errno = syscall.Errno(b.errno)
	}
	if errno != 0 {
		free()
		return nil, nil, errno
	}
	base := b.result
	return &area{mem: mem, base: base}, func() {
		b.op, b.trap, b.args = opCall, unix.SYS_MUNMAP, [6]uintptr{base, uintptr(size)}
		select {
		case <-p.done:
		default:
			t.request(Wait{})
		}
		free()
	}, 0
}
