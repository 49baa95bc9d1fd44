package history

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// holds makes the call that a blocked step found a branch in end after it.
func (m *matcher) holds(i int, e *event.Event) {
	for at, en := range m.g.record.Branches[e.Holds.Branch].Entries {
		if en.Event != nil && en.Event.End >= e.End {
			held := m.g.base[e.Holds.Branch] + at
			m.cause(held, i)
			m.held[held] = append(m.held[held], i)
			return
		}
	}
}

// released finds what let a call go on that a blocked step has seen waiting for
// room: a receive that made it, or an accept that freed a place. It is one that
// does not come before the blocked step: after that the call still waited.
func (m *matcher) released(i int, e *event.Event) {
	if len(m.held[i]) == 0 || e.Errno != 0 {
		return
	}
	var list []int
	switch e.Op {
	case event.OpConnect:
		list = m.accepts[m.reached[e.Sock]]
	case event.OpSend, event.OpClose:
		for _, id := range m.receivers(e) {
			list = append(list, m.recvs[id]...)
		}
	default:
		return
	}
	var later []int
	for _, c := range list {
		if !m.comesBefore(c, m.held[i]) {
			later = append(later, c)
		}
	}
	m.cause(i, m.oneOf(i, later))
}

func (m *matcher) comesBefore(c int, list []int) bool {
	for _, i := range list {
		if m.precedes(c, i) {
			return true
		}
	}
	return false
}

// receivers are the descriptions to which a send goes.
func (m *matcher) receivers(e *event.Event) []uint64 {
	if peer, known := m.peer[e.Sock]; known {
		return []uint64{peer}
	}
	if e.Endpoints == nil || e.Endpoints.Remote.IsZero() {
		return nil
	}
	var list []uint64
	for _, id := range m.owners[e.Endpoints.Remote] {
		if id != e.Sock {
			list = append(list, id)
		}
	}
	return list
}

// crowds makes a local datagram come after the receive that made room for it,
// whether or not anybody saw its send waiting. A receiver's queue has so many
// places: so the nth datagram goes once all but as many as there are places of
// those before it have been received. That is known where one socket alone
// sends to the receiver, and to no other.
func (m *matcher) crowds() {
	places := -1
	for from, sends := range m.sends {
		to, alone := m.onlyReceiver(from, sends)
		if !alone || len(m.recvs[to]) == 0 {
			continue
		}
		if places < 0 {
			places = m.g.record.datagramQueue()
		}
		for _, i := range sends {
			e := m.event(i)
			if freed := m.taker(to, e.Offset-int64(places)); places > 0 && e.Errno == 0 && freed >= 0 {
				m.cause(i, m.oneOf(i, []int{freed}))
			}
		}
	}
}

// onlyReceiver is the local socket to which all that a description sent went,
// if nobody else sent to it.
func (m *matcher) onlyReceiver(from uint64, sends []int) (uint64, bool) {
	l := m.event(sends[0]).Endpoints
	if l == nil || l.Type != unix.SOCK_DGRAM || l.Remote.Path == "" || m.peer[from] != 0 {
		return 0, false
	}
	for _, x := range m.messages().all.list {
		if (x.to.Path == l.Remote.Path) != (x.from == from) {
			return 0, false
		}
	}
	owners := slices.DeleteFunc(slices.Clone(m.owners[l.Remote]), func(id uint64) bool { return id == from })
	if len(owners) != 1 {
		return 0, false
	}
	return owners[0], true
}

// taker is the receive that took the nth message; -1 where a fold has it.
func (m *matcher) taker(id uint64, n int64) int {
	for _, i := range m.recvs[id] {
		if e := m.event(i); n > 0 && n <= e.Offset && n > e.Offset-int64(len(e.Sums)) {
			return i
		}
	}
	return -1
}
