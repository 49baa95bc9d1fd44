package history

import (
	"slices"

	"github.com/sockscript/sockscript/steps/event"
)

// takes makes a receive or an accept come after what it took out of a queue.
func (m *matcher) takes(i, by int) {
	m.cause(i, by)
	m.taken[i] = append(m.taken[i], by)
}

// polls makes each poll come after what made its handles ready.
func (m *matcher) polls() {
	for at, i := range m.events {
		if e := m.event(i); e.Op == event.OpPoll {
			for _, r := range e.Ready {
				m.ready(i, at, e, r)
			}
		}
	}
}

// ready finds what made one handle ready to be read: the send of the next byte
// or message, or else what is taken from it next.
func (m *matcher) ready(i, at int, e *event.Event, r event.ReadyHandle) {
	peer, known := m.peer[r.Sock]
	if r.Urgent && known {
		m.cause(i, m.lastBefore(m.urgent[peer], e.End))
	}
	switch {
	case !r.Data:
	case known:
		m.arrives(i, r.Sock, r.Offset+1)
	default:
		m.next(i, at, e, r)
	}
}

// next makes a poll come after what the next accept or receive from a handle
// takes: a connection or a datagram is known by that. What nobody takes is
// known by where it went.
func (m *matcher) next(i, at int, e *event.Event, r event.ReadyHandle) {
	for _, j := range m.events[at+1:] {
		n := m.event(j)
		if n.Sock == r.Sock && n.Start >= e.End && n.Errno == 0 && (n.Op == event.OpAccept || n.Op == event.OpRecv) {
			m.causes(i, m.taken[j])
			return
		}
	}
	m.cause(i, m.oneOf(i, m.left()[r.Sock]))
}

// polledEnd finds what ended the sending to a handle that a poll found ready:
// the end of the peer's sending, or a shutdown of the socket itself.
func (m *matcher) polledEnd(i int, e *event.Event) {
	for _, r := range e.Ready {
		peer, known := m.peer[r.Sock]
		empty := r.Data && known && m.sender(peer, r.Offset+1) < 0
		if r.Ended || r.Reset || empty {
			own := slices.Concat(m.deafs[r.Sock], m.finishes(i, e, r.Sock, r.Reset))
			m.cause(i, m.oneOf(i, own))
		}
	}
}
