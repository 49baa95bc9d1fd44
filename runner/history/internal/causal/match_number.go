package causal

import (
	"slices"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// Arrivals are the datagrams that came to a socket, numbered by their senders.
type arrivals struct {
	number map[*event.Datagram]int64 // among those from the same address, from 1
	count  map[sock.Addr]int64
}

// arrivals numbers the datagrams that a socket received, those left out that a
// fold took.
func (m *matcher) arrivals(id uint64) *arrivals {
	all := m.messages()
	if a := all.came[id]; a != nil {
		return a
	}
	a := &arrivals{make(map[*event.Datagram]int64), make(map[sock.Addr]int64)}
	for _, i := range m.of(id).recvs {
		for k := range m.event(i).Sums {
			d := &m.event(i).Sums[k]
			a.count[d.Remote]++
			a.number[d] = a.count[d.Remote]
		}
	}
	put(&all.came, id, a)
	return a
}

// numbered is the send of a datagram, or the fold of sends, by its number among
// those of its sender; -1 where that is not known. It is needed where a fold
// took some of the sends: then the content does not say how many there were.
// Behind a fold of receives the datagrams are counted from the end.
func (m *matcher) numbered(q *dgramQueue, e *event.Event, d *event.Datagram) int {
	from := q.list[0].from
	paired := m.peer[e.Sock] == from
	if len(m.of(from).sentIn) == 0 || d.Remote.IsZero() && !paired {
		return -1
	}
	sent := m.outgoing(from)
	if !sent.alone || !q.alone || !paired && len(m.owners()[e.Endpoints.LocalAddr()]) > 1 {
		return -1
	}
	came := m.arrivals(e.Sock)
	n, known := came.number[d]
	if !known {
		return -1
	}
	if m.foldsBefore(e) > 0 {
		n += sent.count - came.count[d.Remote]
	}
	by := m.sender(from, n)
	if by < 0 {
		return -1
	}
	if begin, _ := m.g.Span(by); begin > e.End {
		return -1
	}
	return by
}

// An outgoing is what a description sent, with what folds took of it.
type outgoing struct {
	alone bool // all of it went to one address
	count int64
}

func (m *matcher) outgoing(from uint64) outgoing {
	all := m.messages()
	if o, known := all.sent[from]; known {
		return o
	}
	var o outgoing
	var to []sock.Addr
	for _, i := range m.of(from).sends {
		e := m.event(i)
		o.count = max(o.count, m.sentBy(i, from))
		for k := range e.Sums {
			to = append(to, newMessage(i, e, &e.Sums[k]).to)
		}
	}
	o.alone = len(slices.Compact(to)) == 1
	for _, f := range m.of(from).sentIn {
		o.count = max(o.count, f.offset)
	}
	put(&all.sent, from, o)
	return o
}

// foldsBefore is how many folds took receives of a socket before an event.
func (m *matcher) foldsBefore(e *event.Event) int {
	folds := 0
	for _, i := range m.foldReaders()[e.Sock] {
		if m.g.Nodes[i].Entry().Fold.Start <= e.Start {
			folds++
		}
	}
	return folds
}

// passed goes on behind the message of a send that a receive took.
func (q *dgramQueue) passed(by int, e *event.Event, d *event.Datagram) {
	for k, x := range q.list[q.next:] {
		if x.node == by && !x.gone() {
			x.take(e, d)
			q.next += k + 1
			return
		}
	}
}
