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

// sent makes a receive come after the event that sent its last byte. A
// handshake goes on while its peer, who has not shaken hands in an event of its
// own, receives and answers: there the receive comes after what was before the
// handshake. The handshake of a peer that has is not a cause: see handshakes.
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
		m.finished(i, id, m.finishes(i, e, id, false))
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
		m.cause(i, m.oneOf(i, m.refusals(i, e)))
	case e.Errno == unix.ECONNRESET || e.Errno == unix.EPIPE || e.Errno == unix.ENOTCONN || e.Errno == unix.ECONNABORTED:
		m.broken(i, e)
	case e.EOF || e.Op == event.OpRecv && e.Errno == 0 && m.isEmptyRead(i, e):
		list := slices.Concat(m.of(e.Sock).deafs, m.finishes(i, e, e.Sock, false))
		if len(m.candidates(i, list)) == 0 && m.inside(e.Sock) {
			m.lacks(i)
		}
		m.finished(i, e.Sock, list)
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
	list := m.finishes(i, e, e.Sock, e.Errno != unix.ENOTCONN)
	if e.Errno != unix.ECONNRESET {
		if own := m.candidates(i, m.of(e.Sock).shuts); len(own) > 0 {
			list = own
		}
	}
	m.finished(i, e.Sock, list)
}

// finished makes what has seen the end of a connection come after the one of a
// list that has ended it. Where that is a close of a copy, it comes after the
// closes of the others too: any of them might have been the last.
func (m *matcher) finished(i int, id uint64, list []int) {
	by := m.oneOf(i, list)
	m.cause(i, by)
	if peer, known := m.peer[id]; known && by >= 0 && slices.Contains(m.of(peer).closes, by) {
		m.causes(i, m.of(peer).leaves)
	}
}

// finishes are the events by which the other side may have ended a connection:
// for an end of file those that sent a FIN, for a reset the last close.
func (m *matcher) finishes(i int, e *event.Event, id uint64, reset bool) []int {
	peer, known := m.peer[id]
	if !known {
		return m.finishesOfStranger(e, id)
	}
	var list []int
	if by := m.lastBefore(m.of(peer).closes, e.End); by >= 0 {
		list = append(list, by)
	}
	if deaths := m.procs.deathsOf(peer); len(deaths) > 0 {
		list = deaths // the program has held it longer than the scenario
	}
	if reset && len(list) > 0 {
		return list
	}
	list = append(list, m.of(peer).shuts...)
	if e.Errno == unix.EPIPE {
		list = append(list, m.of(peer).deafs...) // of a local socket
	}
	if f, ok := m.folds[peer]; ok && len(m.candidates(i, list)) == 0 {
		return []int{f}
	}
	return list
}

// finishesOfStranger are what may have ended a connection whose other end is
// not one of the scenario's sockets: nobody has accepted it yet, or a program
// has it.
func (m *matcher) finishesOfStranger(e *event.Event, id uint64) []int {
	if deaths := m.procs.deathsOfStream(id); deaths != nil {
		return deaths
	}
	if listener, ok := m.reached[id]; ok {
		if by := m.lastBefore(m.of(listener).closes, e.End); by >= 0 && len(m.procs.holders[listener]) == 0 {
			return []int{by}
		}
		return m.procs.deathsOf(listener)
	}
	if m.of(id).hasRemote {
		return m.procs.deaths()
	}
	return nil
}

// refusals are the closes after which nobody was there any more for what a call
// sent or for the connection that it asked for.
func (m *matcher) refusals(i int, e *event.Event) []int {
	to := m.of(e.Sock).remote
	if e.Op == event.OpRecv {
		m.cause(i, m.lastBefore(m.of(e.Sock).sends, e.End)) // which got no receiver
	}
	var gone []int
	for at, owners := range m.owners() {
		addr := at.Addr
		if !m.g.delivers(hostOf(e), to, at.Host) {
			continue
		}
		if addr != to && (to.Path != "" || addr.Port != to.Port || !sameHost(addr, to)) {
			continue
		}
		for _, id := range owners {
			if by := m.lastBefore(m.of(id).closes, e.End); by >= 0 && id != e.Sock {
				gone = append(gone, by)
			}
		}
	}
	slices.Sort(gone)
	if len(gone) == 0 {
		return m.procs.deaths()
	}
	return []int{m.lastBefore(gone, e.End)}
}
