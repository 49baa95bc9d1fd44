package causal

import (
	"cmp"
	"slices"

	"github.com/sockscript/sockscript/steps/event"
)

// rights finds what became of the descriptors that messages passed and that no
// receive got. The receive that took the message had no room for them and
// closed them, or the message ended with the socket that it was sent to.
func (m *matcher) rights() {
	got := make(map[int][]uint64) // by receive: what it got, but for what is known to have come with a message
	for _, i := range m.gives {
		e := m.event(i)
		if len(e.Sums) == 0 && e.Offset <= e.Gives.At {
			continue // nothing went
		}
		to := m.receivers(e)
		by := m.recipient(i, e, to)
		if by < 0 {
			m.hold(e, to)
			continue
		}
		if m.event(by) == nil {
			continue // what a fold got is not known
		}
		if _, known := got[by]; !known {
			got[by] = slices.Clone(m.event(by).Gets)
		}
		for _, id := range e.Gives.Descs {
			if k := slices.Index(got[by], id); k >= 0 {
				got[by] = slices.Delete(got[by], k, k+1)
			} else {
				m.closes(by, id, false)
			}
		}
	}
}

// recipient is the receive, or the fold of receives, that took the message of a
// send; -1 where none did. In a stream the descriptors go with the first byte.
func (m *matcher) recipient(i int, e *event.Event, to []uint64) int {
	by, least := -1, int64(0)
	for _, id := range to {
		for _, r := range m.takers(id) {
			o := m.event(r)
			if len(e.Sums) > 0 {
				if slices.Contains(m.taken[r], i) {
					return r
				}
			} else if o.Offset > e.Gives.At && (by < 0 || o.Offset < least) {
				by, least = r, o.Offset
			}
		}
		for _, f := range m.foldReaders()[id] {
			offset := m.g.Nodes[f].Entry().Fold.Received[id]
			if len(e.Sums) == 0 && offset > e.Gives.At && (by < 0 || offset < least) {
				by, least = f, offset
			}
		}
	}
	return by
}

// takers are the receives of a description that took something, those included
// that failed in the end, in the order of time.
func (m *matcher) takers(id uint64) []int {
	list := slices.Clone(m.of(id).recvs)
	for _, i := range m.of(id).fails {
		if e := m.event(i); e.Op == event.OpRecv && e.Look == (event.Look{}) {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(m.event(a).Start, m.event(b).Start) })
	return list
}

// hold notes that a message with descriptors stayed where it was sent to, which
// is the listening socket as long as nobody has accepted the connection.
func (m *matcher) hold(e *event.Event, to []uint64) {
	if listener, known := m.reached[e.Sock]; known && len(to) == 0 {
		to = []uint64{listener}
	}
	if len(to) != 1 || len(m.foldReaders()[to[0]]) > 0 || len(m.procs.holders[to[0]]) > 0 {
		return // it may have been received, and nobody knows where
	}
	for _, id := range e.Gives.Descs {
		s := m.to(id)
		s.heldBy = append(s.heldBy, to[0])
	}
}

// mostNested is how deep messages with descriptors may be in sockets that are
// in messages themselves: the kernel's MAX_RECURSION_LEVEL (ETOOMANYREFS).
const mostNested = 4

// allCloses are the closes of the descriptors of a description, and of those to
// which messages had some: the end of these was the end of the messages.
func (m *matcher) allCloses(id uint64) []int {
	var all []int
	ids := []uint64{id}
	for range mostNested + 1 {
		var next []uint64
		for _, id := range ids {
			all, next = append(all, m.of(id).closes...), append(next, m.of(id).heldBy...)
		}
		ids = next
	}
	slices.Sort(all)
	return slices.Compact(all)
}
