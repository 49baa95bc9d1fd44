package causal

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// A handshake is an event in which both sides send and receive in turn.
type handshake struct {
	node   int
	before []int // what it comes after by its own actor
}

// handshakes makes the two sides of each handshake come after what the other
// side did before it: the answer to a first message says that the other has
// come so far. Which of them ends first depends on the protocol, and nothing
// that is printed does.
func (m *matcher) handshakes() {
	for id, s := range m.socks {
		peer, known := m.peer[id]
		if !known {
			continue
		}
		for k, other := range m.of(peer).hands {
			if k < len(s.hands) {
				m.causes(s.hands[k].node, other.before)
			}
		}
	}
}

func (m *matcher) causes(i int, by []int) {
	for _, j := range by {
		m.cause(i, j)
	}
}

// sent makes a receive come after the event that sent its last byte. If that is
// a handshake whose peer does not have a handshake event of its own, the peer
// receives and answers while the handshake goes on: then the receive comes
// after what was before the handshake. If the receive is the peer's handshake,
// neither is the cause of the other: see handshakes.
func (m *matcher) sent(i int, id, peer uint64, by int) {
	k := slices.IndexFunc(m.of(peer).hands, func(h handshake) bool { return h.node == by })
	e := m.g.Event(i)
	switch {
	case k < 0:
		m.cause(i, by)
	case len(m.of(id).hands) <= k:
		m.causes(i, m.of(peer).hands[k].before)
	case e == nil || e.Op != event.OpHandshake:
		m.cause(i, by)
	}
}

// MostRelays bounds how many relays a byte is followed through: two that relay
// to each other pass it on for ever.
const MostRelays = 64

// arrives makes a node come after the send of the byte before an offset in what
// a description received, and reports whether that send is known. A relay only
// passes the byte on: behind it is the send on its other side. The relay
// has begun by then, but need not have ended.
func (m *matcher) arrives(i int, id uint64, offset int64) bool {
	for range MostRelays {
		peer, known := m.peer[id]
		if !known {
			return false
		}
		by := m.sender(peer, offset)
		if failed, ok := m.failed[peer]; by < 0 && ok {
			m.causes(i, m.before[failed])
			return true
		}
		hop, relayed := m.hop(by, peer, offset)
		if !relayed {
			m.sent(i, id, peer, by)
			return by >= 0
		}
		m.causes(i, m.before[by])
		id, offset = m.event(by).Sock, hop.In(offset)
	}
	return false
}

// hop is the piece of a relay's work that gave a byte.
func (m *matcher) hop(i int, id uint64, offset int64) (event.Hop, bool) {
	if i < 0 {
		return event.Hop{}, false
	}
	e := m.event(i)
	if e == nil || e.Also == nil || e.Also.Sock != id {
		return event.Hop{}, false
	}
	for _, h := range e.Also.Hops {
		if h.OutStart < offset && offset <= h.OutEnd {
			return h, true
		}
	}
	return event.Hop{}, false
}

// ended finds what ended a connection, or kept it from being made, where a call
// has seen that: a close or a shutdown, by the peer or by the socket's own
// actor, or the death of a program that held the other end.
func (m *matcher) ended(i int, e *event.Event) {
	switch {
	case e.Op == event.OpState:
		id := e.Sock
		if at := e.Between; at != nil {
			id = m.segments().senders[flowOf(at.Host, at.Local, at.Remote)]
		}
		m.finished(i, m.finishes(i, e, id, false))
	case e.Op == event.OpJoin:
		m.cause(i, m.oneOf(i, m.procs.killsOf(e.Proc)))
	case e.Op == event.OpExit:
		m.died(i, e)
	case e.Signals != 0:
		m.interrupted(i, e)
	case e.Op == event.OpPoll:
		m.polledEnd(i, e)
	case e.Errno == unix.EINVAL && e.Op == event.OpAccept:
		m.cause(i, m.oneOf(i, m.of(e.Sock).deafs))
	case e.Errno == unix.ECONNREFUSED:
		m.finished(i, m.refusals(i, e))
	case e.Errno == unix.ECONNRESET || e.Errno == unix.EPIPE || e.Errno == unix.ENOTCONN || e.Errno == unix.ECONNABORTED:
		m.broken(i, e)
	case e.EOF || e.Op == event.OpRecv && e.Errno == 0 && m.isEmptyRead(i, e):
		if !m.finished(i, m.finishes(i, e, e.Sock, false).or(m.of(e.Sock).deafs)) && m.inside(e.Sock) {
			m.lacks(i)
		}
	}
}

// isEmptyRead reports a receive of datagrams that got none: so it ends after a
// shutdown.
func (m *matcher) isEmptyRead(i int, e *event.Event) bool {
	return e.Endpoints != nil && len(e.Sums) == 1 && e.Sums[0].Len == 0 && (len(m.taken[i]) == 0 || m.taken[i][0] < 0)
}

// broken finds what a call that the connection's end has failed comes after.
// The socket's own shutdown is enough, whatever the peer has done meanwhile.
func (m *matcher) broken(i int, e *event.Event) {
	if e.Op == event.OpNone {
		return
	}
	by := m.finishes(i, e, e.Sock, e.Errno != unix.ENOTCONN)
	if e.Errno != unix.ECONNRESET {
		if own := m.candidates(i, m.of(e.Sock).shuts); len(own) > 0 {
			by = endings{any: own}
		}
	}
	m.finished(i, by)
}
