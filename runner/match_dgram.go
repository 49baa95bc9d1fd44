package runner

import (
	"sort"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

// A dgramKey tells datagrams apart for one receiver: by what they hold.
// Datagrams of one sender to one receiver keep their order over loopback and
// local sockets, so the nth received is the nth sent.
type dgramKey struct {
	receiver uint64
	sum      uint64
	from     sock.Addr
}

type dgramQueue struct {
	sends []int
	next  int
}

// datagram is the send that a received message comes from.
func (m *matcher) datagram(e *steps.Event) int {
	key := dgramKey{e.Sock, e.Link.Sum, e.Link.Remote}
	q := m.dgrams[key]
	if q == nil {
		q = &dgramQueue{sends: m.candidates(e)}
		m.dgrams[key] = q
	}
	if q.next >= len(q.sends) {
		if len(q.sends) == 0 {
			return -1
		}
		return q.sends[len(q.sends)-1]
	}
	q.next++
	return q.sends[q.next-1]
}

// candidates are the sends that may have reached a receiver with that content,
// in the order of time.
func (m *matcher) candidates(e *steps.Event) []int {
	var list []int
	for id, sends := range m.sends {
		for _, i := range sends {
			s := m.event(i)
			if s.Errno != 0 || s.Link == nil || s.Link.Sum != e.Link.Sum || id == e.Sock && m.peer[id] != id {
				continue
			}
			if m.peer[id] == e.Sock || reaches(s.Link, e.Link) {
				list = append(list, i)
			}
		}
	}
	sort.Slice(list, func(a, b int) bool {
		x, y := m.event(list[a]), m.event(list[b])
		if x.Start != y.Start {
			return x.Start < y.Start
		}
		return list[a] < list[b]
	})
	return list
}

// reaches reports whether a datagram sent over s may be the one received over r.
func reaches(s, r *steps.Link) bool {
	to := s.Remote
	if to.IsZero() || to.Family != r.Local.Family {
		return false
	}
	if to.Path != "" {
		return to.Path == r.Local.Path
	}
	if to.Port != r.Local.Port || to.IP != r.Local.IP && !r.Local.IsWildcard() && !to.IP.IsMulticast() && !isBroadcast(to) {
		return false
	}
	from := r.Remote
	return from.IsZero() || s.Local.IsZero() || s.Local.Port == 0 || from.Port == s.Local.Port
}

// isBroadcast reports an address of 127/8 or 255/8 that ends in 255: the
// directed broadcast addresses that a test can reach.
func isBroadcast(a sock.Addr) bool {
	if !a.IP.Is4() {
		return false
	}
	b := a.IP.As4()
	return b[3] == 255
}
