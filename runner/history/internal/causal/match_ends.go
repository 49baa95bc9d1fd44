package causal

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// Endings are what may have ended something: each of some events by itself, or
// all of some others together, as the closes of all descriptors end a
// description. Any of these might have been the last.
type endings struct {
	any []int
	all []int
}

// or adds events that may have ended it too, each by itself.
func (x endings) or(list []int) endings {
	x.any = slices.Concat(list, x.any)
	return x
}

func (x endings) isEmpty() bool { return len(x.any) == 0 && len(x.all) == 0 }

// finished makes what has seen an end come after what has ended it, and reports
// whether something may have. Where it may have been the one or the other, it
// is what comes before the other; else nothing is known.
func (m *matcher) finished(i int, by endings) bool {
	single := m.candidates(i, by.any)
	all := m.candidates(i, by.all)
	if len(all) < len(by.all) {
		all = nil // it was not complete
	}
	one := m.oneOf(i, single)
	switch {
	case len(all) == 0 || one >= 0 && m.endsLater(all, one):
		m.cause(i, one)
	case !slices.ContainsFunc(single, func(s int) bool { return !m.endsEarlier(all, s) }):
		m.causes(i, all)
	}
	return len(single) > 0 || len(all) > 0
}

// endsLater reports whether all events of a list have come only after another
// one had.
func (m *matcher) endsLater(all []int, one int) bool {
	return slices.ContainsFunc(all, func(c int) bool { return c == one || m.precedes(one, c) })
}

// endsEarlier reports whether all events of a list have come before another one
// has.
func (m *matcher) endsEarlier(all []int, one int) bool {
	return !slices.ContainsFunc(all, func(c int) bool { return !m.precedes(c, one) })
}

// closing are the closes of all descriptors of a description, which together
// end it, and the deaths of the programs that share it, as far as a node can
// come after them; nil where it was not ended. Each error of a far end that the
// script plays fails one call.
func (m *matcher) closing(i int, id uint64) []int {
	s := m.of(id)
	if m.far[id] != nil {
		before := 0
		if e := m.g.Event(i); e != nil && e.Errno != 0 {
			before = m.failedSo(i, e.Sock, e.Errno)
		}
		return m.certain(i, s.closes, 1+before)
	}
	all := m.allCloses(id)
	dead := false
	for _, program := range m.procs.holders[id] {
		if kills := m.procs.deadly(program); len(kills) > 0 {
			by := m.oneOf(i, kills)
			if by < 0 {
				return nil // the program may have closed its own
			}
			dead = true
			all = append(all, by)
		}
	}
	if !s.ended && !dead || len(m.candidates(i, all)) < len(all) {
		return nil
	}
	return all
}

// stopping are the events by which a description may have stopped sending.
func (m *matcher) stopping(i int, id uint64) endings {
	return endings{any: m.of(id).shuts, all: m.closing(i, id)}
}

// finishes are the events by which the other side may have ended a connection:
// for an end of file those that sent a FIN, for a reset the last close.
func (m *matcher) finishes(i int, e *event.Event, id uint64, reset bool) endings {
	peer, known := m.peer[id]
	if !known {
		return m.finishesOfStranger(i, id)
	}
	by := m.stopping(i, peer)
	switch {
	case reset && len(by.all) > 0:
		return endings{all: by.all}
	case e.Errno == unix.EPIPE:
		by = by.or(m.of(peer).deafs) // of a local socket
	}
	if f, ok := m.folds[peer]; ok && len(by.all) == 0 && len(m.candidates(i, by.any)) == 0 {
		return endings{any: []int{f}}
	}
	return by
}

// finishesOfStranger are what may have ended a connection whose other end is
// not one of the scenario's sockets: nobody has accepted it yet, or a program
// has it.
func (m *matcher) finishesOfStranger(i int, id uint64) endings {
	if deaths := m.procs.deathsOfStream(id); deaths != nil {
		return endings{any: deaths}
	}
	if listener, ok := m.reached[id]; ok {
		return endings{all: m.closing(i, listener)}
	}
	if m.of(id).hasRemote {
		return endings{any: m.procs.deaths()}
	}
	return endings{}
}

// refusals are the closes after which nobody was there any more for what a call
// sent or for the connection that it asked for.
func (m *matcher) refusals(i int, e *event.Event) endings {
	to := m.of(e.Sock).remote
	var all []int
	for at, owners := range m.owners() {
		addr := at.Addr
		if !m.g.delivers(hostOf(e), to, at.Host) {
			continue
		}
		if addr != to && (to.Path != "" || addr.Port != to.Port || !sameHost(addr, to)) {
			continue
		}
		for _, id := range owners {
			if id != e.Sock && m.mayTake(e.Endpoints, id) {
				all = append(all, m.closing(i, id)...)
			}
		}
	}
	if e.Op == event.OpRecv {
		m.undelivered(i, e, all)
	}
	if len(all) == 0 {
		return endings{any: m.procs.deaths()}
	}
	slices.Sort(all)
	return endings{all: slices.Compact(all)}
}

// mayTake reports whether a socket could take what another sends or asks for
// at its address: a port of UDP is not that of TCP, each protocol of netlink
// has ports of its own, and an end of a connection takes no other. What a raw
// socket sends may be of each type.
func (m *matcher) mayTake(from *event.Endpoints, id uint64) bool {
	to := m.of(id)
	switch own := to.endpoints; {
	case from == nil || from.Type == unix.SOCK_RAW:
		return true
	case from.Local.IsNetlink() || own.Local.IsNetlink():
		return from.Netlink == own.Netlink
	case from.Type != own.Type:
		return false
	}
	return from.Type == unix.SOCK_DGRAM || !to.hasRemote || len(to.lists) > 0
}
