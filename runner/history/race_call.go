package history

import (
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// A want is what one call looked for in one place: what had come for certain
// before it began, and what may have come before or after.
type want struct {
	certain bool
	open    []int
}

// look adds what may have satisfied the want of a call; -1 stands for nothing.
func (f *finder) look(w *want, call, by int) {
	switch {
	case by < 0:
	case f.branch(by) == f.branch(call):
		w.certain = w.certain || by < call
	case !f.prepare():
	case f.startsAfter(call, by):
		w.certain = true
	case !f.startsAfter(by, call):
		w.open = append(w.open, by)
	}
}

// mostOpen is how many sends beside one receive are looked at.
const mostOpen = 8

// received finds what a receive may have found or not: it does not wait, or
// takes by one call what is there.
func (f *finder) received(i int, e *event.Event) {
	nowait := e.NoWait || e.Errno == unix.EAGAIN
	peer, known := f.m.peer[e.Sock]
	if !nowait && (e.Most == 0 || e.Most == 1 || e.Errno != 0) {
		return
	}
	var w want
	var first int
	if known {
		first = f.pending(&w, i, e, peer)
	} else {
		first = f.queued(&w, i, e.Sock)
	}
	kind := raceBytes
	if nowait {
		kind = raceNoWait
		if e.Took == 0 && !w.certain {
			f.look(&w, i, f.ends(peer))
		}
	} else {
		// A call that waits takes what comes first in any case.
		w.open = slices.DeleteFunc(w.open, func(by int) bool { return by == first })
	}
	if len(w.open) > 0 {
		f.add(kind, i, append(w.open, i)...)
	}
}

// pending looks at the sends whose bytes a receive may have taken. It returns
// the one whose bytes come first; -1 where none is known.
func (f *finder) pending(w *want, i int, e *event.Event, peer uint64) int {
	list := f.m.sends[peer]
	start := e.Offset - e.Took
	k, _ := slices.BinarySearchFunc(list, start+1, func(s int, at int64) int {
		return int(f.m.sentBy(s, peer) - at)
	})
	first := -1
	for n := k; n < len(list) && n < k+mostOpen; n++ {
		if n > 0 && e.Most > 0 && f.m.sentBy(list[n-1], peer) >= start+e.Most {
			break
		}
		if first < 0 {
			first = list[n]
		}
		f.look(w, i, list[n])
	}
	return first
}

// queued looks at the messages and connections that a call may have found in
// the queue of a socket: those that it took or that were taken after it.
func (f *finder) queued(w *want, i int, id uint64) int {
	list := f.queue[id]
	from, _ := slices.BinarySearchFunc(list, i, func(p pairing, i int) int { return p.effect - i })
	first := -1
	for _, p := range list[from:min(len(list), from+mostOpen)] {
		if f.g.event(p.effect) == nil || p.effect != i && f.before(p.effect, i) {
			continue
		}
		if first < 0 || f.g.event(p.cause).Start < f.g.event(first).Start {
			first = p.cause
		}
		f.look(w, i, p.cause)
	}
	return first
}

// ends is the first event by which a description stopped sending; -1 for none.
func (f *finder) ends(id uint64) int {
	best := -1
	for _, list := range [][]int{f.m.shuts[id], f.m.closes[id]} {
		for _, i := range list {
			if best < 0 || f.m.event(i).Start < f.m.event(best).Start {
				best = i
			}
		}
	}
	return best
}

// accepted finds a connection that an accept may have found or not.
func (f *finder) accepted(i int, e *event.Event) {
	if !e.NoWait && e.Errno != unix.EAGAIN {
		return
	}
	var w want
	f.queued(&w, i, e.Sock)
	if len(w.open) > 0 {
		f.add(raceNoWait, i, append(w.open, i)...)
	}
}

// polled finds what a poll may have found or not.
func (f *finder) polled(i int, e *event.Event) {
	certain := false
	var open []int
	for _, h := range e.Ready {
		certain = certain || h.Out
		for _, w := range f.readiness(i, h) {
			certain = certain || w.certain
			if !w.certain && len(w.open) > 0 && !slices.Contains(open, w.open[0]) {
				open = append(open, w.open[0])
			}
		}
	}
	switch {
	case e.NoWait && len(open) > 0:
		f.add(raceNoWait, i, append(open, i)...)
	case certain && len(open) > 0:
		f.add(racePolled, i, append(open, i)...)
	case len(open) > 1:
		f.add(racePolled, i, open...)
	}
}

// readiness is what may have made a handle ready: to be received from, and to
// be at its end.
func (f *finder) readiness(i int, h event.ReadyHandle) []want {
	var in, end want
	peer, known := f.m.peer[h.Sock]
	switch {
	case !known:
		if h.In {
			f.queued(&in, i, h.Sock)
		}
		return []want{in}
	case h.In:
		if by := f.m.sender(peer, h.Offset+1); by >= 0 && f.g.event(by) != nil {
			f.look(&in, i, by)
		} else if by < 0 {
			f.look(&in, i, f.ends(peer))
		}
	}
	if h.End {
		f.look(&end, i, f.ends(peer))
	}
	return []want{in, end}
}

// sent finds room that a send may have had or not, and a peer that may have
// been there still or not.
func (f *finder) sent(i int, e *event.Event) {
	peer, known := f.m.peer[e.Sock]
	if !known {
		return
	}
	if (e.NoWait || e.Errno == unix.EAGAIN) && f.short(e) {
		f.roomFor(i, peer)
	}
	for _, c := range f.m.closes[peer] {
		if f.shows(i, e, peer) && f.concurrent(c, i) && !f.interrupts(c, i) {
			f.add(raceBroken, i, c, i)
		}
	}
}

// short reports whether less went than was to go.
func (f *finder) short(e *event.Event) bool {
	if e.Errno == unix.EAGAIN {
		return true
	}
	n, ok := first[int](e.Ret)
	size, sized := sizeOf(e)
	return ok && sized && e.Errno == 0 && n < size
}

func first[T any](parts []any) (T, bool) {
	var none T
	if len(parts) == 0 {
		return none, false
	}
	v, ok := parts[0].(T)
	return v, ok
}

// sizeOf is how many bytes a send was to send.
func sizeOf(e *event.Event) (int, bool) {
	for _, arg := range e.Args {
		if d, ok := arg.(event.Data); ok {
			return d.Len, true
		}
	}
	return 0, false
}

// roomFor finds the receives that may have made room for a send or not.
func (f *finder) roomFor(i int, peer uint64) {
	for _, j := range f.takes[peer] {
		if f.m.event(j).Errno == 0 && f.concurrent(i, j) {
			f.add(raceNoWait, i, i, j)
			return
		}
	}
}

// noRoom is what no local socket takes without a receive: more than that must
// wait, and then fail, whenever the peer is closed.
const noRoom = 1 << 20

// shows reports whether a send may end in another way where its peer is closed
// at another time. A local socket knows at once that its peer is closed. TCP
// answers the first send after a close with a reset, which only later calls
// see, unless the peer closed with bytes that it had not received.
func (f *finder) shows(i int, e *event.Event, peer uint64) bool {
	if size, ok := sizeOf(e); ok && size >= noRoom {
		return false
	}
	switch e.Errno {
	case unix.EPIPE, unix.ECONNRESET, unix.ECONNREFUSED:
		return f.ends(e.Sock) < 0 || !f.before(f.ends(e.Sock), i)
	case syscall.Errno(0):
		size, _ := sizeOf(e)
		return f.local[e.Sock] || f.m.peer[peer] == e.Sock && e.Offset-int64(size) > f.cameTo[peer]
	}
	return false
}
