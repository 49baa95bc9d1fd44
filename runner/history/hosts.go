package history

import (
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A Host is a host of the network that a scenario had, with the addresses that
// it had at any time.
type Host struct {
	Name      string
	Addresses []netip.Addr
}

// A spot is an address on a host: two hosts may have the same.
type spot struct {
	Host string
	Addr sock.Addr
}

// localSpot is where the socket of an event is, by its own address.
func localSpot(l *event.Endpoints) spot { return spot{l.Host, l.Local} }

// remoteSpot is where the socket of an event sends to, seen from its host.
func remoteSpot(l *event.Endpoints) spot { return spot{l.Host, l.Remote} }

// pathSpot is where a path is: the same on all hosts, unless it is abstract.
func pathSpot(s spot) spot {
	if s.Addr.Path != "" && !isLocal(s.Addr) {
		s.Host = ""
	}
	return s
}

// isLocal reports addresses that mean each host itself: loopback addresses,
// abstract names, ports of netlink and the like. Paths are the same everywhere.
func isLocal(a sock.Addr) bool {
	if a.IP.IsValid() {
		return a.IP.Unmap().IsLoopback() || a.IP.IsUnspecified()
	}
	return a.Path == "" || strings.HasPrefix(a.Path, "@")
}

// Owner is the actor and the name of the socket that has an address on a host;
// ok is false where the scenario has none.
func (r *Record) Owner(host string, a sock.Addr, typ int) (actor, name string, ok bool) {
	r.prepare()
	o, ok := r.masks.owner(host, a, typ, math.MaxInt64)
	if !ok || o.typ != typ {
		return "", "", false
	}
	return o.actor, o.name, true
}

// Address is an address on a host as a transcript shows it.
func (r *Record) Address(host string, a sock.Addr, typ int) string {
	r.prepare()
	return r.masks.addr(a, &event.Event{Op: event.OpAccept, End: math.MaxInt64, Endpoints: &event.Endpoints{Host: host, Type: typ}})
}

// delivers reports whether what a socket on one host sends to an address may
// come to a socket on another. A host that has the address keeps it for itself.
func (r *Record) delivers(from string, to sock.Addr, at string) bool {
	switch {
	case len(r.Hosts) == 0:
		return true
	case isLocal(to):
		return from == at
	case !to.IP.IsValid():
		return true
	}
	var owned, sender, receiver bool
	ip := to.IP.Unmap().WithZone("")
	for _, h := range r.Hosts {
		if slices.Contains(h.Addresses, ip) {
			owned, sender, receiver = true, sender || h.Name == from, receiver || h.Name == at
		}
	}
	switch {
	case !owned: // a group, or an address that came into the network by itself
		return true
	case sender:
		return at == from
	}
	return receiver
}

// spotsOf are the places that an address may mean which a socket on a host
// sends to, or sees as a sender's.
func (r *Record) spotsOf(host string, a sock.Addr) []spot {
	if len(r.Hosts) == 0 || isLocal(a) {
		return []spot{{host, a}}
	}
	list := []spot{{"", a}}
	for _, h := range r.Hosts {
		list = append(list, spot{h.Name, a})
	}
	return list
}

// ownersOf are the sockets with an address that what a socket on a host sends
// there may come to.
func (m *matcher) ownersOf(host string, a sock.Addr) []uint64 {
	var list []uint64
	for _, s := range m.g.record.spotsOf(host, a) {
		if m.g.record.delivers(host, a, s.Host) {
			list = append(list, m.owners()[s]...)
		}
	}
	return list
}

// hostOf is the host of an event's socket.
func hostOf(e *event.Event) string {
	if e.Endpoints == nil {
		return ""
	}
	return e.Endpoints.Host
}
