package sock

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Wait says how long one call may wait.
type Wait struct {
	Deadline time.Time // zero: without bound
	NoWait   bool      // do not wait: EAGAIN or EINPROGRESS is the result, as it is after O_NONBLOCK
	Whole    bool      // a send on a stream waits until all bytes went, as on a descriptor that blocks
	Watcher  Watcher   // nil: nobody watches the call
}

// A Watcher is called when the kernel makes a call wait, and when the call goes
// on.
type Watcher interface{ Stalls(waits bool) }

func (w Wait) stalls(waits bool) {
	if w.Watcher != nil {
		w.Watcher.Stalls(waits)
	}
}

// expired reports whether the deadline has passed.
func (w Wait) expired() bool {
	return !w.Deadline.IsZero() && !time.Now().Before(w.Deadline)
}

// longAgo is a deadline that has passed, whatever the clock says.
var longAgo = time.Unix(1, 0)

// A direction is one half of a socket, receiving or sending. At most one call
// at a time uses its place in the poller.
//
// The deadline that is armed in the poller outlives the call that armed it: it
// is touched only when a later call needs an earlier one, and when it fires too
// early for the call that waits then. Calls with ever later deadlines, as in a
// ping-pong, so leave the timer alone.
type direction struct {
	socket *Socket
	busy   atomic.Bool // held by the call that uses this direction
	armed  time.Time   // the deadline that the poller has; zero: none

	// The call under way, kept here so that making one allocates nothing.
	do      func(*direction) syscall.Errno // makes the system call once; EAGAIN: not ready
	wait    Wait
	bytes   []byte
	flags   int
	msg     *Message
	name    sockname    // the address that goes in or comes out
	size    int         // accept: the size of its buffer
	named   bool        // name is used
	scratch *msgScratch // nil before the first call on messages

	n     int // its result: bytes, or a new descriptor
	errno syscall.Errno

	plain    bool    // only the file's O_NONBLOCK keeps the call from blocking: it has no flags
	message  bool    // it receives one datagram
	accepts  bool    // it accepts a connection
	threaded bool    // it is made on a thread, where it may block
	again    again   // what an EAGAIN of this call means
	begun    attempt // connect: the attempt that is under way

	// Of an accept or a poll: connections that another accept keeps.
	watches []*keptConns
	seen    int64           // how often some were kept when the call looked
	wanted  func(Addr) bool // accept: which peer's connection; nil: any
	kept    *keptConn       // accept: its result where that was kept, or chosen

	stalled bool // the kernel makes it wait
	queued  bool // it is among the description's senders

	shut atomic.Bool // shutdown(2), perhaps of the peer, has ended its sending since it began to wait

	port   *port // its place in the poller; nil: none yet
	beside bool  // another call has the socket's place
	reads  bool  // it waits there for something to receive, else for room to send
	try    func(uintptr) bool
}

// again is what an EAGAIN means to a call that may wait.
type again int

const (
	againPolls  again = iota // readiness says when to try again
	againBlocks              // no readiness says that: the call has to be made on a thread, where it blocks
	againEnds                // it is the result
)

// attach adds d to the poller.
func (d *direction) attach(p *port, reads bool) {
	d.port, d.reads, d.try = p, reads, d.attempt
}

// park makes the call as often as the poller finds the descriptor ready, until
// try is satisfied.
func (d *direction) park() error {
	if d.reads {
		return d.port.raw.Read(d.try)
	}
	return d.port.raw.Write(d.try)
}

// setDeadline sets the moment at which park gives up.
func (d *direction) setDeadline(t time.Time) {
	if d.reads {
		d.port.file.SetReadDeadline(t)
	} else {
		d.port.file.SetWriteDeadline(t)
	}
}

// take reserves d for one call. If another call has it, the caller gets a fresh
// direction, which waits beside it.
func (d *direction) take() *direction {
	if d.busy.CompareAndSwap(false, true) {
		return d
	}
	other := &direction{socket: d.socket, beside: true}
	other.busy.Store(true)
	return other
}

// give ends what take began. The buffers of the call are let go.
func (d *direction) give() {
	d.bytes, d.msg = nil, nil
	d.named, d.plain, d.message, d.accepts, d.threaded, d.stalled = false, false, false, false, false, false
	d.again, d.begun = againPolls, attempt{}
	d.watches, d.wanted, d.kept = nil, nil, nil
	d.shut.Store(false)
	d.busy.Store(false)
}

// perform makes the call that d holds, waiting as w says. reads says which
// readiness the call waits for.
func (d *direction) perform(w Wait, reads bool) error {
	s := d.socket
	w.NoWait = w.NoWait || s.desc.Nonblocking()
	if d.wait = w; w.NoWait {
		d.once()
		return asError(d.errno)
	}
	if s.group.process != nil {
		return d.performForked()
	}
	if s.blocking || d.threaded {
		return d.performThreaded()
	}
	if err := s.group.cause(); err != nil {
		return err
	}
	err := d.performPolled(reads)
	if err == syscall.EAGAIN && d.again == againBlocks {
		return d.performThreaded()
	}
	return err
}

// yields is how often a call lets other goroutines go on before its socket gets
// a place in the poller: what it waits for is often what one of them is about
// to do, and a place costs more.
const yields = 3

// performPolled makes the call of a descriptor that the poller can watch. As
// long as no call has had to wait, it does not.
func (d *direction) performPolled(reads bool) error {
	if d.port != nil {
		return d.untilReady()
	}
	for tries := 0; ; tries++ {
		d.onceWaiting()
		if !d.waits() {
			return asError(d.errno)
		}
		if tries == yields {
			break
		}
		runtime.Gosched()
	}
	if d.beside {
		return d.waitBeside(reads)
	}
	p, err := d.socket.pollerPlace()
	if err != nil {
		return err
	}
	d.attach(p, reads)
	return d.untilReady()
}

// once makes the system call without waiting, again if a signal interrupted it
// that was not meant for it.
func (d *direction) once() {
	for {
		if d.plain {
			d.errno = d.socket.desc.mode.nonblocking(d)
		} else {
			d.errno = d.do(d)
		}
		if d.errno != syscall.EINTR || d.socket.group.process != nil {
			return
		}
	}
}

// onceWaiting is once for a call that waits.
func (d *direction) onceWaiting() {
	d.once()
	if d.waits() {
		d.settleAgain()
	}
}

// attempt is what the poller runs at the start and at each readiness. False
// means: wait.
func (d *direction) attempt(uintptr) bool {
	if d.stalled {
		d.stalled = false
		d.wait.stalls(false)
	}
	d.onceWaiting()
	if d.waits() && d.queue() {
		d.onceWaiting() // a shutdown may have come before it was in the queue
	}
	if !d.waits() {
		return true
	}
	if need := d.wait.Deadline; !need.IsZero() && (d.armed.IsZero() || need.Before(d.armed)) {
		d.arm(need)
	}
	d.stalled = true
	d.wait.stalls(true)
	return false
}

// waits reports whether the kernel has told the call to come again when the
// descriptor is ready.
func (d *direction) waits() bool {
	return d.errno == syscall.EAGAIN && d.again == againPolls
}

// arm sets the poller's deadline. The group or the sending may have ended, or a
// connection been kept, meanwhile, and the past deadline of that must stand.
func (d *direction) arm(t time.Time) {
	d.armed = t
	d.setDeadline(t)
	if d.socket.group.ended.Load() || d.shut.Load() || d.keptChanges() != d.seen {
		d.setDeadline(longAgo)
	}
}

// untilReady makes the call as often as the poller finds the descriptor ready,
// until it has a result.
func (d *direction) untilReady() error {
	defer d.unqueue()
	if len(d.watches) > 0 {
		defer watchKept(d.watches, d.port)()
	}
	for {
		err := d.park()
		if err == nil {
			return asError(d.errno)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if err := d.socket.group.cause(); err != nil {
			return err
		}
		if d.wait.expired() {
			return d.lastAttempt()
		}
		d.shut.Store(false)
		d.seen = d.keptChanges() // the next attempt looks
		d.arm(d.wait.Deadline)
	}
}

// lastAttempt returns the kernel's answer if there is one by now. The poller
// may have refused before the call was made even once.
func (d *direction) lastAttempt() error {
	d.once()
	if d.errno != syscall.EAGAIN {
		return asError(d.errno)
	}
	if d.n > 0 {
		return nil
	}
	return ErrTimeout
}

// waitBeside waits while another call has the socket's place in the poller,
// which holds one deadline only. It waits on a duplicate of the descriptor,
// which has a place and a deadline of its own.
func (d *direction) waitBeside(reads bool) error {
	s := d.socket
	if s.desc.mode.isLost() {
		d.again = againBlocks // the file cannot have a further place in the poller
		return syscall.EAGAIN
	}
	fd, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	p, err := s.desc.mode.newPort(fd)
	if err != nil {
		unix.Close(fd)
		return err
	}
	defer p.file.Close()
	if err := s.group.watch(p); err != nil {
		return err
	}
	defer s.group.unwatch(p)
	d.attach(p, reads)
	return d.untilReady()
}
