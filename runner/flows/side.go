package flows

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/sock"
)

// A side is what is known of one end of a flow.
type side struct {
	name   string  // the scenario's socket, or an address as a transcript shows it
	socket *socket // nil where the scenario has none
}

// id is the description of the side; 0 where it is not the scenario's.
func (s *side) id() uint64 {
	if s.socket == nil {
		return 0
	}
	return s.socket.id
}

// sides finds who the ends of flows are.
type sides struct {
	*sockets
	taken map[string]int // how many of the connections between two addresses were found
}

// of are both sides of a flow, and whether a quiet step has made the
// connection.
func (s *sides) of(f *Flow) (ends [2]side, hidden bool) {
	nth := 0
	if f.Proto == TCP {
		k := f.Host + " " + f.Point + " " + f.Ends[0].String() + " " + f.Ends[1].String()
		nth = s.taken[k]
		s.taken[k]++
	}
	for i := range ends {
		ends[i].socket = s.find(f, i, nth)
	}
	if f.Proto == TCP && ends[0].socket == nil && ends[1].socket == nil {
		ends[0].socket = s.refused(f)
	}
	for i := range ends {
		if one := ends[i].socket; one != nil {
			ends[i].name = one.name
			hidden = hidden || one.hidden && one.opened != unknownDepth
			continue
		}
		ends[i].name = s.stranger(f, i)
	}
	return ends, hidden
}

// find is the socket at an end of a flow: the nth of those that were there one
// after the other.
func (s *sides) find(f *Flow, end, nth int) *socket {
	own, other := f.Ends[end], f.Ends[1-end]
	var last *socket
	for _, one := range s.list {
		if one.host != f.Host && own.Addr().IsLoopback() || (one.typ == unix.SOCK_STREAM) != (f.Proto == TCP) {
			continue
		}
		if f.Proto == TCP {
			if one.local != own || one.remote != other {
				continue
			}
			if nth--; nth < 0 {
				return one
			}
			continue
		}
		if one.typ != unix.SOCK_DGRAM || f.Proto != UDP || one.local.Port() != own.Port() || !s.has(one, own) {
			continue
		}
		if last = one; one.remote == other {
			return one
		}
	}
	return last
}

// has reports whether a socket for datagrams has an address.
func (s *sides) has(one *socket, a netip.AddrPort) bool {
	if !one.wild {
		return one.local.Addr() == a.Addr()
	}
	if len(s.record.Hosts) == 0 || a.Addr().IsLoopback() {
		return true
	}
	for _, h := range s.record.Hosts {
		for _, own := range h.Addresses {
			if h.Name == one.host && own == a.Addr() {
				return true
			}
		}
	}
	return false
}

// refused is the socket of a connect that failed, whose address is not known
// any more.
func (s *sides) refused(f *Flow) *socket {
	for i, one := range s.failed {
		if one.remote == f.Ends[1] {
			s.failed = append(s.failed[:i:i], s.failed[i+1:]...)
			return one
		}
	}
	return nil
}

// stranger is how an end is called that is not known as a socket of the
// scenario: by that of a listener, or by its address.
func (s *sides) stranger(f *Flow, end int) string {
	at, typ := f.Ends[end], unix.SOCK_DGRAM
	if f.Proto == TCP {
		typ = unix.SOCK_STREAM
	}
	if at.Port() == 0 {
		return at.Addr().String()
	}
	a := sock.Addr{Family: unix.AF_INET, IP: at.Addr(), Port: at.Port()}
	if at.Addr().Is6() {
		a.Family = unix.AF_INET6
	}
	host := s.hostOf(f, at.Addr())
	if actor, name, ok := s.record.Owner(host, a, typ); ok && f.Proto == TCP {
		return actor + "." + name
	}
	return s.record.Address(host, a, typ)
}

// hostOf is the host that has an address.
func (s *sides) hostOf(f *Flow, a netip.Addr) string {
	if a.IsLoopback() {
		return f.Host
	}
	for _, h := range s.record.Hosts {
		for _, own := range h.Addresses {
			if own == a {
				return h.Name
			}
		}
	}
	return ""
}

func newSides(r *history.Record) *sides {
	return &sides{sockets: socketsOf(r), taken: make(map[string]int)}
}
