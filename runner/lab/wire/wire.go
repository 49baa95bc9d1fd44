// Package wire carries frames between the interfaces of a link and does to them
// what a scenario asks for. It knows Ethernet frames, and neither scenarios nor
// network namespaces.
//
// The far ends of all links of a wire are interfaces of one network namespace.
// A single packet socket reads the frames of all of them, so there is one order
// of frames. The near ends must have segmentation and checksum offloads off,
// else frames come without their checksums. A far end needs an MTU that is at
// least that of its near end. A near end that takes smaller packets than others
// of its link loses those that are too large, as on a cable; the kernel does
// not say so, and the first such frame keeps the wire for a quarter of a
// second.
package wire

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// patience is how long the kernel may need to take a frame.
const patience = 250 * time.Millisecond

// A Wire carries the frames of the links of a network. A link carries nothing
// before Start. The methods of a wire and of its links may be called from any
// goroutine.
//
// A wire that has lost a frame which nobody asked it to lose has failed: see
// [Wire.Failed].
type Wire struct {
	begin  time.Time
	socket *socket
	tap    func(Passage)
	read   chan struct{} // closed when nothing reads any more; nil before Start

	mu     sync.Mutex // for all below, and what it leads to
	queue  queue
	timer  *time.Timer
	wakes  time.Duration  // when the timer fires; 0: it does not
	ports  map[int]port   // by the index of the interface
	tapped map[int]uint64 // how many frames the tap has got, by the index of the interface
	links  []*Link
	err    error
	failed chan struct{}
	closed bool
}

// A port is one end of a link.
type port struct {
	link *Link
	end  int
}

// A Link carries the frames between its ends.
type Link struct {
	name string
	wire *Wire
	ends []int // interfaces, by index
	path *path
}

// A Passage is a frame that has entered a link.
type Passage struct {
	Time  time.Time // when the kernel took it from the interface
	Link  string
	End   int    // which it came from
	Frame []byte // valid until the observer returns
	Fate  Fate
}

// New opens the socket of a wire. within calls a function on a thread of the
// network namespace of the far ends; it is needed until the wire is closed.
// With tap, each frame that enters a link is handed to it, in order; tap must
// be short and call no method of the wire. An error says what could not be
// done, and wraps the errno.
func New(within func(func()), tap func(Passage)) (*Wire, error) {
	w := &Wire{begin: time.Now(), tap: tap, ports: map[int]port{}, tapped: map[int]uint64{}, failed: make(chan struct{})}
	var err error
	if w.socket, err = open(within, tap != nil); err != nil {
		return nil, fmt.Errorf("the wire: %w", err)
	}
	w.timer = time.AfterFunc(time.Hour, w.wake)
	w.timer.Stop()
	return w, nil
}

// AddLink adds a link between interfaces of the wire's namespace, by their
// indexes. More than two are joined as by a bridge that learns addresses.
// Faults mean ends by their places in the list, and impairments have the places
// of their ends. It must be called before Start.
func (w *Wire) AddLink(name string, ends []int, impairments []Impairment, faults []Fault) *Link {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &Link{name: name, wire: w, ends: ends, path: newPath(len(ends), impairments, faults, &w.queue)}
	l.path.emit = l.emit
	l.path.overflow = func() {
		w.fail(fmt.Errorf("link %s: more than %d MiB of frames wait for their time: it takes in more than its rate and its delays let out", name, MaxHeld>>20))
	}
	for end, index := range ends {
		w.ports[index] = port{l, end}
	}
	w.links = append(w.links, l)
	return l
}

// Start lets the links carry frames.
func (w *Wire) Start() {
	w.read = make(chan struct{})
	w.socket.begin()
	go func() {
		defer close(w.read)
		if err := w.socket.read(w.enter); err != nil {
			w.mu.Lock()
			w.fail(fmt.Errorf("the wire: %w", err))
			w.mu.Unlock()
		}
	}()
}

// Small reports whether the kernel keeps so few frames for the wire that TCP
// connections with their usual windows can have more under way. It is so for an
// ordinary user, unless net.core.rmem_max has been raised.
func (w *Wire) Small() bool { return w.socket.small() }

// Failed is closed when the wire has lost a frame of its own accord, or cannot
// go on. Err says why.
func (w *Wire) Failed() <-chan struct{} { return w.failed }

// Err is why the wire has failed, or nil. It asks the kernel whether frames
// were lost.
func (w *Wire) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.fail(w.socket.lost())
		w.fail(w.socket.lostBefore())
	}
	return w.err
}

// Close ends the wire. Frames that wait are lost. The error is that of
// [Wire.Err].
func (w *Wire) Close() error {
	err := w.Err()
	w.mu.Lock()
	w.closed = true
	w.timer.Stop()
	w.mu.Unlock()
	w.socket.stop()
	if w.read != nil {
		<-w.read
	}
	go w.socket.close() // slow, and nothing waits for it
	return err
}

// fail keeps the first error.
func (w *Wire) fail(err error) {
	if err == nil || w.err != nil || w.closed {
		return
	}
	w.err = err
	close(w.failed)
}

// enter takes a batch of frames from the socket. It sends what is to be sent
// at once before it returns.
func (w *Wire) enter(batch []received) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	now := time.Since(w.begin)
	w.queue.send(now)
	for i := range batch {
		f := &batch[i]
		at, ok := w.ports[f.index]
		if !ok {
			continue // an interface that is not the end of a link
		}
		fate := at.link.path.enter(now, at.end, f.frame)
		if w.tap != nil {
			w.tapped[f.index]++
			w.tap(Passage{f.time, at.link.name, at.end, f.frame, fate})
		}
	}
	w.flush()
	if len(batch) == maxBatch {
		w.fail(w.socket.lost())
	}
}

// wake sends the frames that are due.
func (w *Wire) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wakes = 0
	if w.closed {
		return
	}
	w.queue.send(time.Since(w.begin))
	w.flush()
}

// flush sends what the paths have emitted, and sets the timer for the rest.
func (w *Wire) flush() {
	if w.closed {
		return
	}
	w.fail(w.socket.flush())
	due, ok := w.queue.next()
	if !ok || w.wakes != 0 && w.wakes <= due {
		return
	}
	w.wakes = due
	w.timer.Reset(due - time.Since(w.begin))
}

// emit hands a frame to the socket.
func (l *Link) emit(to []int, frame []byte) {
	for _, end := range to {
		l.wire.socket.send(l.ends[end], frame)
	}
}

// settle takes in the frames that the ends have sent by now, so that what
// becomes of them is not changed by what comes next.
func (w *Wire) settle() { w.socket.drain(w.enter) }

// Settle waits until the tap has got all frames that were sent before: the
// kernel may not yet have brought them to the far ends.
func (w *Wire) Settle() {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Microsecond) {
		w.settle()
		w.mu.Lock()
		came, waits := w.socket.came(), false
		for index := range w.ports {
			waits = waits || w.tapped[index] < came[index]
		}
		w.mu.Unlock()
		if !waits || time.Now().After(end) {
			return
		}
	}
}

// SetAway says that an end loses its carrier, or has it again: the wire does
// not answer for the frames that are lost there in the meantime. The error
// wraps the errno.
func (l *Link) SetAway(end int, away bool) error {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	if l.wire.closed {
		return nil
	}
	return l.wire.socket.setAway(l.ends[end], away)
}

// Cut lets all frames vanish, those under way too, or makes the link whole. It
// is the fault with the name cut. Like all that changes a link, it is about
// frames that are sent after it was called.
func (l *Link) Cut(on bool) {
	l.wire.settle()
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	l.path.cut(on)
}

// Impair changes what the link does to all frames of each end: the function
// gets the end's place and what is done now. It must be short; a seed that it
// changes has no effect. Frames that are under way keep their time.
func (l *Link) Impair(change func(end int, i *Impairment)) {
	l.wire.settle()
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	l.path.impair(change)
}

// ErrNoFault is an error for a name that is not that of a fault of the link.
var ErrNoFault = errors.New("no such fault")

// Arm sets a fault on or off; on, it counts frames from there. A frame that it
// holds back goes on. The only error is [ErrNoFault].
func (l *Link) Arm(fault string, on bool) error {
	l.wire.settle()
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	for _, r := range l.path.rules {
		if r.Name == fault {
			l.path.arm(time.Since(l.wire.begin), r, on)
			l.wire.flush()
			return nil
		}
	}
	return fmt.Errorf("%w: %s.%s", ErrNoFault, l.name, fault)
}

// Hit is the nth frame on which a fault has acted, from 1; ok is false where
// there is none. Only the first frames are kept, and none that a cut has
// swallowed.
func (l *Link) Hit(fault string, n int) (h Hit, ok bool) {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	for _, r := range l.path.rules {
		if r.Name == fault && n >= 1 && n <= len(r.seen) {
			return r.seen[n-1], true
		}
	}
	return Hit{}, false
}

// Hits is how often a fault has acted, and a channel that is closed when it
// acts again. The fault cut has acted once for each frame that a cut has
// swallowed. The only error is [ErrNoFault].
func (l *Link) Hits(fault string) (n int, more <-chan struct{}, err error) {
	l.wire.settle()
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	if fault == "cut" {
		n, more = l.path.cuts.state()
		return n, more, nil
	}
	for _, r := range l.path.rules {
		if r.Name == fault {
			n, more = r.state()
			return n, more, nil
		}
	}
	return 0, nil, fmt.Errorf("%w: %s.%s", ErrNoFault, l.name, fault)
}
