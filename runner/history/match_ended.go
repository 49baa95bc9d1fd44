package history

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// ended finds what ended a connection, or kept it from being made, where a call
// has seen that: a close or a shutdown, by the peer or by the socket's own actor,
// or the death of a program that held the other end.
func (m *matcher) ended(i int, e *event.Event) {
	switch {
	case e.Op == event.OpState:
		m.cause(i, m.oneOf(i, m.finishes(i, e, e.Sock, false)))
	case e.Op == event.OpJoin:
		m.cause(i, m.oneOf(i, m.procs.killsOf(e.Proc)))
	case e.Op == event.OpPoll:
		m.polledEnd(i, e)
	case e.Errno == unix.EINVAL && e.Op == event.OpAccept:
		m.cause(i, m.oneOf(i, m.deafs[e.Sock]))
	case e.Errno == unix.ECONNREFUSED:
		m.cause(i, m.oneOf(i, m.refusals(i, e)))
	case e.Errno == unix.ECONNRESET || e.Errno == unix.EPIPE || e.Errno == unix.ENOTCONN || e.Errno == unix.ECONNABORTED:
		m.broken(i, e)
	case e.EOF || e.Op == event.OpRecv && e.Errno == 0 && m.isEmptyRead(i, e):
		list := slices.Concat(m.deafs[e.Sock], m.finishes(i, e, e.Sock, false))
		if len(m.candidates(i, list)) == 0 && m.inside(e.Sock) {
			m.lacks(i)
		}
		m.cause(i, m.oneOf(i, list))
	}
}

// isEmptyRead reports a receive of datagrams that got none: so it ends after a
// shutdown.
func (m *matcher) isEmptyRead(i int, e *event.Event) bool {
	return e.Endpoints != nil && len(e.Sums) == 1 && e.Sums[0].Len == 0 && (len(m.taken[i]) == 0 || m.taken[i][0] < 0)
}

// broken finds what a call that the connection's end has failed comes after. The
// socket's own shutdown is enough, whatever the peer has done meanwhile.
func (m *matcher) broken(i int, e *event.Event) {
	if e.Op == event.OpNone {
		return
	}
	list := m.finishes(i, e, e.Sock, e.Errno != unix.ENOTCONN)
	if e.Errno != unix.ECONNRESET {
		if own := m.candidates(i, m.shuts[e.Sock]); len(own) > 0 {
			list = own
		}
	}
	m.cause(i, m.oneOf(i, list))
}

// finishes are the events by which the other side may have ended a connection:
// for an end of file those that sent a FIN, for a reset the last close.
func (m *matcher) finishes(i int, e *event.Event, id uint64, reset bool) []int {
	peer, known := m.peer[id]
	if !known {
		return m.finishesOfStranger(e, id)
	}
	var list []int
	if by := m.lastBefore(m.closes[peer], e.End); by >= 0 {
		list = append(list, by)
	}
	if deaths := m.procs.deathsOf(peer); len(deaths) > 0 {
		list = deaths // the program has held it longer than the scenario
	}
	if reset && len(list) > 0 {
		return list
	}
	list = append(list, m.shuts[peer]...)
	if e.Errno == unix.EPIPE {
		list = append(list, m.deafs[peer]...) // of a local socket
	}
	if f, ok := m.folds[peer]; ok && len(m.candidates(i, list)) == 0 {
		return []int{f}
	}
	return list
}

// finishesOfStranger are what may have ended a connection whose other end is not
// one of the scenario's sockets: nobody has accepted it yet, or a program has it.
func (m *matcher) finishesOfStranger(e *event.Event, id uint64) []int {
	if deaths := m.procs.deathsOfStream(id); deaths != nil {
		return deaths
	}
	if listener, ok := m.reached[id]; ok {
		if by := m.lastBefore(m.closes[listener], e.End); by >= 0 && len(m.procs.holders[listener]) == 0 {
			return []int{by}
		}
		return m.procs.deathsOf(listener)
	}
	if _, ok := m.remote[id]; ok {
		return m.procs.deaths()
	}
	return nil
}

// refusals are the closes after which nobody was there any more for what a call
// sent or for the connection that it asked for.
func (m *matcher) refusals(i int, e *event.Event) []int {
	to := m.remote[e.Sock]
	if e.Op == event.OpRecv {
		m.cause(i, m.lastBefore(m.sends[e.Sock], e.End)) // which got no receiver
	}
	var gone []int
	for addr, owners := range m.owners {
		if addr != to && (to.Path != "" || addr.Port != to.Port || !sameHost(addr, to)) {
			continue
		}
		for _, id := range owners {
			if by := m.lastBefore(m.closes[id], e.End); by >= 0 && id != e.Sock {
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
