package history

import (
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// left are, by socket, the connects to it and the sends of datagrams that came
// to it and that nobody took. A socket from which a fold takes has none: what
// that took is not known.
func (m *matcher) left() map[uint64][]int {
	if m.leftovers != nil {
		return m.leftovers
	}
	m.leftovers = make(map[uint64][]int)
	for listener, list := range m.queued {
		for _, i := range list {
			if m.peer[m.event(i).Sock] == 0 && !m.inFolds[listener] {
				m.leftovers[listener] = append(m.leftovers[listener], i)
			}
		}
	}
	in := m.mailboxes()
	for _, x := range m.messages().all.list {
		if x.parts != nil || x.gone() || x.to.IP.IsMulticast() || isBroadcast(x.to) {
			continue
		}
		for _, id := range m.addressees(x, in) {
			if list := m.leftovers[id]; len(list) == 0 || list[len(list)-1] != x.node {
				m.leftovers[id] = append(list, x.node)
			}
		}
	}
	return m.leftovers
}

// A mailbox is an address at which a socket receives datagrams.
type mailbox struct {
	id uint64
	at *event.Event
}

// mailboxes are where the sockets of datagrams receive, those that a fold reads
// left out.
func (m *matcher) mailboxes() map[place][]mailbox {
	in := make(map[place][]mailbox)
	known := make(map[uint64]bool)
	for _, i := range m.events {
		e := m.event(i)
		l := e.Endpoints
		if e.Errno != 0 || l == nil || l.Type == unix.SOCK_STREAM || l.Local.IsZero() || m.readByFold(e.Sock) || known[e.Sock] {
			continue
		}
		known[e.Sock] = true
		at := placeOf(l.Local)
		in[at] = append(in[at], mailbox{e.Sock, e})
	}
	return in
}

// readByFold reports whether a fold took receives of a description.
func (m *matcher) readByFold(id uint64) bool {
	if m.readers == nil {
		m.readers = make(map[uint64]bool)
		for i := range m.g.nodes[:m.g.meets] {
			if f := m.g.nodes[i].entry().Fold; f != nil {
				for id := range f.received {
					m.readers[id] = true
				}
			}
		}
	}
	return m.readers[id]
}

// addressees are the sockets to which a message may have come.
func (m *matcher) addressees(x *message, in map[place][]mailbox) []uint64 {
	if peer, known := m.peer[x.from]; known {
		return []uint64{peer}
	}
	var list []uint64
	for _, box := range in[placeOf(x.to)] {
		if box.id != x.from && m.reaches(x, box.at, &event.Datagram{}) {
			list = append(list, box.id)
		}
	}
	return list
}
