package sock

import (
	"cmp"
	"math"
	"net/netip"

	"golang.org/x/sys/unix"
)

// names are the names of the sockets of a group by their addresses, so that who
// takes a connection or a datagram can ask whose it is while the call that sent
// it has not returned yet. An address that another socket gets later is that
// one's. However many sockets there are, they take no more than a number for
// each port of IP, and for each of the latest other addresses.
type names struct {
	waiting map[*Socket]string // those that have no address so far
	list    []string
	index   map[string]uint16 // into list, from 1
	ports   map[place]*ports
	others  [2]map[otherName]uint16 // the latest, and those before them
}

// An otherName is an abstract name of AF_UNIX, or a port of a family that has
// no IP.
type otherName struct {
	host, text string
	space      int
}

// mostOthers is how many of them are kept for certain.
const mostOthers = 1 << 14

// otherNameOf is the name or port of an address on a host; false for those of
// IP, and for what the kernel cannot choose.
func otherNameOf(host string, a Addr, space int) (otherName, bool) {
	if a.isIP() {
		return otherName{}, false
	}
	before, chosen, _ := a.Parts()
	return otherName{host, before + chosen, space}, chosen != ""
}

// A place is where sockets of a type have their ports.
type place struct {
	host string     // "" in a network without hosts
	ip   netip.Addr // the zero Addr stands for all
	typ  int
}

// ports are the names of all ports of a place, page by page.
type ports [1 << 8]*[1 << 8]uint16

// placeOf is the place of an IP address on a host; false for other addresses.
func placeOf(host string, a Addr, typ int) (place, bool) {
	ip := a.ip().Unmap()
	if ip.IsUnspecified() {
		ip = netip.Addr{}
	}
	return place{host, ip, typ}, a.Port != 0 && a.Path == "" && a.Other == ""
}

// number is the index of a name; 0 where there are too many.
func (n *names) number(name string) uint16 {
	if i := n.index[name]; i != 0 || len(n.list) == math.MaxUint16 {
		return i
	}
	n.list = append(n.list, name)
	n.index[name] = uint16(len(n.list))
	return n.index[name]
}

// bind notes the address of a named socket. The lock of the group is held.
func (n *names) bind(s *Socket, a Addr) {
	name, named := n.waiting[s]
	if !named {
		return
	}
	if other, ok := otherNameOf(s.desc.Host(), a, s.Space()); ok {
		delete(n.waiting, s)
		n.bindOther(other, name)
		return
	}
	at, ok := placeOf(s.desc.Host(), a, s.typ)
	if !ok {
		return
	}
	delete(n.waiting, s)
	if n.ports[at] == nil {
		n.ports[at] = new(ports)
	}
	page := &n.ports[at][a.Port>>8]
	if *page == nil {
		*page = new([1 << 8]uint16)
	}
	(*page)[a.Port&0xff] = n.number(name)
}

func (n *names) bindOther(other otherName, name string) {
	if len(n.others[0]) >= mostOthers || n.others[0] == nil {
		n.others[0], n.others[1] = make(map[otherName]uint16), n.others[0]
	}
	n.others[0][other] = n.number(name)
}

// other is the name of the socket at an address that is not of IP; "" where it
// has none.
func (n *names) other(at otherName) string {
	for _, known := range n.others {
		if i := known[at]; i != 0 {
			return n.list[i-1]
		}
	}
	return ""
}

// at is the name of a port; "" where it has none.
func (n *names) at(p place, port uint16) string {
	all := n.ports[p]
	if all == nil || all[port>>8] == nil || all[port>>8][port&0xff] == 0 {
		return ""
	}
	return n.list[all[port>>8][port&0xff]-1]
}

// on is the name of the socket of a type that has an address on a host; ""
// where none has it.
func (n *names) on(host string, a Addr, typ int) string {
	if other, ok := otherNameOf(host, a, typ); ok {
		return n.other(other)
	}
	at, _ := placeOf(host, a, typ)
	return cmp.Or(n.at(at, a.Port), n.at(place{host: host, typ: typ}, a.Port))
}

// KeepNames makes the group keep the names of sockets, for [Group.NameOf]. It
// is called before any socket is made.
func (g *Group) KeepNames() {
	g.names = names{waiting: make(map[*Socket]string), index: make(map[string]uint16), ports: make(map[place]*ports)}
}

// SetName gives a socket that has no address yet a name, by which
// [Group.NameOf] knows it.
func (s *Socket) SetName(name func() string) {
	if s.group.names.waiting == nil {
		return
	}
	switch s.family {
	case unix.AF_INET, unix.AF_INET6, unix.AF_UNIX, afNetlink, afVsock:
	default:
		return
	}
	if !s.desc.Local().open() {
		return
	}
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	g.names.waiting[s] = name()
}

// learnName notes the address that a named socket has by now.
func (s *Socket) learnName() {
	if a, errno := sysGetsockname(s.caller(), s.fd, s.kind); errno == 0 {
		s.noteName(a)
	}
}

func (s *Socket) noteName(a Addr) {
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	g.names.bind(s, a)
}

// unbound are the named sockets of the space and the family of an address that
// have none so far. Those of forked processes are left out: these may be inside
// a call.
func (g *Group) unbound(a Addr, space int) []*Socket {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []*Socket
	for s := range g.names.waiting {
		same := s.family == a.Family
		if a.isIP() {
			same = s.family == unix.AF_INET || s.family == unix.AF_INET6
		}
		if same && s.Space() == space && s.group.process == nil {
			list = append(list, s)
		}
	}
	return list
}

// NameOf is the name of the socket of a space that has, or has had, an address
// on the first of some hosts where there is one, or is about to learn that it
// has; "" where there is none. Two hosts may have one address, and the kernel
// may choose one port on both.
func (g *Group) NameOf(hosts []string, a Addr, space int) string {
	_, other := otherNameOf("", a, space)
	if _, ok := placeOf("", a, space); !ok && !other {
		return ""
	}
	for _, s := range g.unbound(a, space) {
		if s.enter() == nil {
			s.learnName()
			s.leave()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, host := range hosts {
		if name := g.names.on(host, a, space); name != "" {
			return name
		}
	}
	return ""
}
