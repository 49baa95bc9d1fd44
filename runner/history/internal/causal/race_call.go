package causal

import (
	"cmp"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// A want is what one call looked for in one place: what had come for certain
// before it began, and what may have come before or after.
type want struct {
	certain bool
	open    []int
}

// look adds what may have satisfied the want of a call on a socket; -1 stands
// for nothing.
func (f *finder) look(w *want, call, by int, on uint64) {
	switch {
	case by < 0 || slices.Contains(w.open, by):
	case f.branch(by) == f.branch(call):
		w.certain = w.certain || by < call
	case !f.prepare() || f.startsAfter(by, call):
	case f.startsAfter(call, by) && !f.contended(by, call, on):
		w.certain = true
	default:
		w.open = append(w.open, by)
	}
}

// contended reports whether an earlier call on the same socket, which did not
// wait, may have taken what came, or may have come too early for it.
func (f *finder) contended(by, call int, on uint64) bool {
	list := f.hasty[on]
	start := f.m.event(call).Start
	n, _ := slices.BinarySearchFunc(list, start, func(j int, at time.Duration) int { return cmp.Compare(f.m.event(j).Start, at) })
	return slices.ContainsFunc(list[max(0, n-mostOpen):n], func(j int) bool { return f.before(j, call) && f.concurrent(by, j) })
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
		if nowait {
			f.missed(&w, i, e, peer)
		}
	} else {
		first = f.queued(&w, i, e.Sock)
	}
	kind := raceBytes
	if nowait {
		kind = raceNoWait
		if e.Took == 0 && !w.certain && len(w.open) == 0 {
			f.lookEnd(&w, i, peer)
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
	list := f.m.of(peer).sends
	start := e.Offset - e.Took
	k, _ := slices.BinarySearchFunc(list, start+1, func(s int, at int64) int {
		return int(f.m.sentBy(s, peer) - at)
	})
	first := -1
	for n := k; n < len(list) && n < k+mostOpen; n++ {
		if n > 0 && e.Most > 0 && f.m.sentBy(list[n-1], peer) >= start+e.Most {
			break
		}
		if f.waitsOn(i, list[n]) {
			continue
		}
		if first < 0 {
			first = list[n]
		}
		f.look(w, i, list[n], e.Sock)
	}
	return first
}

// missed looks at the sends whose bytes have been received, by a call that did
// not wait and may have come too early for them.
func (f *finder) missed(w *want, i int, e *event.Event, peer uint64) {
	list := f.m.of(peer).sends
	k, _ := slices.BinarySearchFunc(list, e.Offset-e.Took+1, func(s int, at int64) int {
		return int(f.m.sentBy(s, peer) - at)
	})
	for _, by := range list[max(0, k-mostOpen):k] {
		if f.contended(by, i, e.Sock) {
			f.look(w, i, by, e.Sock)
		}
	}
}

// waitsOn reports whether a call is known to have waited on after something had
// come: a step has seen it waiting then.
func (f *finder) waitsOn(call, by int) bool {
	return slices.ContainsFunc(f.m.held[call], func(seen int) bool { return f.before(by, seen) })
}

// queued looks at the messages and connections that a call may have found in
// the queue of a socket: those that it took, that were taken after it or by a
// call that did not wait and may have come too early for them, and those that
// nobody took. It returns the first of them; -1 where none is known.
func (f *finder) queued(w *want, i int, id uint64) int {
	list := f.queue[id]
	from, _ := slices.BinarySearchFunc(list, i, func(p Pair, i int) int { return p.Effect - i })
	first := -1
	found := func(by int) {
		if first < 0 || f.g.Event(by).Start < f.g.Event(first).Start {
			first = by
		}
		f.look(w, i, by, id)
	}
	for _, p := range list[max(0, from-mostOpen):min(len(list), from+mostOpen)] {
		switch {
		case f.g.Event(p.Effect) == nil:
		case p.Effect == i || !f.before(p.Effect, i):
			found(p.Cause)
		case f.contended(p.Cause, i, id):
			f.look(w, i, p.Cause, id)
		}
	}
	left := f.m.left()[id]
	for _, by := range left[:min(len(left), mostOpen)] {
		found(by)
	}
	return first
}

// ends are the events by which a description stopped sending: its first
// shutdown, or the closes of all its descriptors together.
func (f *finder) ends(id uint64) []int {
	s := f.m.of(id)
	list := s.shuts
	if f.m.far[id] != nil {
		list = slices.Concat(list, s.closes) // each of them ends it
	}
	if len(list) > 0 {
		return []int{slices.MinFunc(list, func(a, b int) int { return cmp.Compare(f.m.event(a).Start, f.m.event(b).Start) })}
	}
	if !s.ended {
		return nil
	}
	return f.m.allCloses(id)
}

// lookEnd looks for the end of what a description sends.
func (f *finder) lookEnd(w *want, call int, id uint64) {
	if f.endless[id] {
		return
	}
	var open []int
	list := f.ends(id)
	for _, by := range list {
		var one want
		if f.look(&one, call, by, 0); !one.certain && len(one.open) == 0 {
			return // the call comes before it
		}
		open = append(open, one.open...)
	}
	w.certain = w.certain || len(list) > 0 && len(open) == 0
	for _, by := range open {
		if !slices.Contains(w.open, by) {
			w.open = append(w.open, by)
		}
	}
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
		if by := f.m.sender(peer, h.Offset+1); by >= 0 && f.g.Event(by) != nil {
			f.look(&in, i, by, h.Sock)
		} else if by < 0 {
			f.lookEnd(&in, i, peer)
		}
	}
	if h.End {
		f.lookEnd(&end, i, peer)
	}
	return []want{in, end}
}

// held reports whether somebody certainly has a descriptor of a description at
// an event: a program to which it was handed, or a process or an actor that
// closes it after that, or accepts from it.
func (f *finder) held(i int, id uint64) bool {
	s := f.m.of(id)
	after := func(c int) bool { return f.m.precedes(i, c) }
	return len(f.m.procs.holders[id]) > 0 || slices.ContainsFunc(s.closes, after) ||
		slices.ContainsFunc(s.accepts, after)
}

// sent finds room that a send may have had or not, and a peer that may have
// been there still or not.
func (f *finder) sent(i int, e *event.Event) {
	peer, known := f.m.peer[e.Sock]
	if !known {
		return
	}
	if e.NoWait || e.Errno == unix.EAGAIN {
		f.roomFor(i, e, peer)
	}
	if f.held(i, peer) {
		return
	}
	if closes := f.closing(i, peer); len(closes) > 0 && f.shows(i, e, peer) {
		f.add(raceBroken, i, append(closes, i)...)
	}
}

// closing are those of the closes that together ended a description during
// which a call may have been under way.
func (f *finder) closing(i int, id uint64) []int {
	if !f.m.of(id).ended {
		return nil
	}
	var list []int
	for _, c := range f.m.allCloses(id) {
		if f.concurrent(c, i) && !f.interrupts(c, i) {
			list = append(list, c)
		}
	}
	return list
}

// short reports whether less went than was to go, and it shows.
func (f *finder) short(e *event.Event) bool {
	if e.Errno == unix.EAGAIN {
		return e.ShowsErrno(false)
	}
	n, ok := first[event.Count](e.Ret)
	size, sized := sizeOf(e)
	return ok && sized && e.Errno == 0 && e.Mask == "" && int(n) < size
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

// roomFor finds the receive that may have made room for a send or not: one for
// which there was not enough, or that comes after such a one.
func (f *finder) roomFor(i int, e *event.Event, peer uint64) {
	before, full := f.full[e.Sock]
	if f.short(e) {
		f.full[e.Sock] = i
		before, full = i, true
	}
	if !full {
		return
	}
	for _, j := range f.takes[peer] {
		switch {
		case f.m.event(j).Errno != 0:
		case before != i && f.before(before, j) && f.before(j, i):
			return // it has made room for certain
		case f.concurrent(i, j):
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
		own := f.ends(e.Sock)
		return len(own) == 0 || slices.ContainsFunc(own, func(c int) bool { return !f.before(c, i) })
	case syscall.Errno(0):
		size, _ := sizeOf(e)
		return f.local[e.Sock] || f.m.peer[peer] == e.Sock && e.Offset-int64(size) > f.cameTo[peer]
	}
	return false
}
