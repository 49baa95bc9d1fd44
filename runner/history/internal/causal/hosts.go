package causal

import (
	"slices"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// pathAddr is where a path is: the same on all hosts, unless it is abstract.
func pathAddr(s event.HostAddr) event.HostAddr {
	if s.Addr.Path != "" && !s.Addr.IsHostOwn() {
		s.Host = ""
	}
	return s
}

// delivers reports whether what a socket on one host sends to an address may
// come to a socket on another. A host that has the address keeps it for itself.
func (g *Graph) delivers(from string, to sock.Addr, at string) bool {
	switch {
	case len(g.Record.Hosts) == 0:
		return true
	case to.IsHostOwn():
		return from == at
	case !to.IP.IsValid():
		return true
	}
	var owned, sender, receiver bool
	ip := to.IP.Unmap().WithZone("")
	for _, h := range g.Record.Hosts {
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
func (g *Graph) spotsOf(host string, a sock.Addr) []event.HostAddr {
	if len(g.Record.Hosts) == 0 || a.IsHostOwn() {
		return []event.HostAddr{{Host: host, Addr: a}}
	}
	list := []event.HostAddr{{Addr: a}}
	for _, h := range g.Record.Hosts {
		list = append(list, event.HostAddr{Host: h.Name, Addr: a})
	}
	return list
}

// ownersOf are the sockets with an address that what a socket on a host sends
// there may come to.
func (m *matcher) ownersOf(host string, a sock.Addr) []uint64 {
	var list []uint64
	for _, s := range m.g.spotsOf(host, a) {
		if m.g.delivers(host, a, s.Host) {
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
