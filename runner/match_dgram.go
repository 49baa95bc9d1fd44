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

// datagrams are the sends that the messages of a receive come from.
func (m *matcher) datagrams(e *steps.Event) []int {
	if e.Sums == nil {
		return []int{m.datagram(e, steps.Datagram{Sum: e.Link.Sum, Remote: e.Link.Remote})}
	}
	var list []int
	for _, d := range e.Sums {
		list = append(list, m.datagram(e, d))
	}
	return list
}

// datagram is the send of one message; -1 where none fits.
func (m *matcher) datagram(e *steps.Event, d steps.Datagram) int {
	key := dgramKey{e.Sock, d.Sum, d.Remote}
	q := m.dgrams[key]
	if q == nil {
		q = &dgramQueue{sends: m.candidates(e, d)}
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
func (m *matcher) candidates(e *steps.Event, d steps.Datagram) []int {
	var list []int
	for id, sends := range m.sends {
		for _, i := range sends {
			if s := m.event(i); s.Errno == 0 && s.Link != nil {
				list = append(list, m.carries(i, s, m.peer[id] == e.Sock, e, d)...)
			}
		}
	}
	sort.SliceStable(list, func(a, b int) bool {
		x, y := m.event(list[a]), m.event(list[b])
		if x.Start != y.Start {
			return x.Start < y.Start
		}
		return list[a] < list[b]
	})
	return list
}

// carries lists a send as often as it sent the message that was received.
func (m *matcher) carries(i int, s *steps.Event, paired bool, e *steps.Event, d steps.Datagram) []int {
	sent := s.Sums
	if sent == nil {
		sent = []steps.Datagram{{Sum: s.Link.Sum, Remote: s.Link.Remote}}
	}
	var list []int
	for _, x := range sent {
		to := *s.Link
		if !x.Remote.IsZero() {
			to.Remote = x.Remote
		}
		if x.Sum == d.Sum && (paired || reaches(&to, e.Link, d.Remote)) {
			list = append(list, i)
		}
	}
	return list
}

// reaches reports whether a datagram sent over s may be the one that came over r
// from an address.
func reaches(s, r *steps.Link, from sock.Addr) bool {
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
