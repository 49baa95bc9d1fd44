package history

import (
	"slices"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// An owner is a socket that has an address.
type owner struct {
	name  string
	actor string
	host  string
	sock  uint64
	addr  sock.Addr
	typ   int // of netlink the protocol
	auto  bool
	since time.Duration
	asked *event.Asked // by bind, where masked values may be in it
}

// note keeps what an event says about a socket's name and address.
func (m *masks) note(b *record.Branch, op event.Op, sock uint64, l *event.Endpoints, e *event.Event) {
	actor := b.Actor
	if l.Host != "" {
		m.hosts[sock], m.hosts[l.Made] = l.Host, l.Host
	}
	if actors := m.named[l.Name]; len(actors) < 2 && !slices.Contains(actors, actor) {
		m.named[l.Name] = append(actors, actor)
	}
	if !givesAddress(op) {
		return
	}
	o := &owner{name: l.Name, actor: actor, host: l.Host, sock: sock, addr: l.Local, typ: l.Space(l.Local), auto: l.AutoPort}
	if e != nil {
		o.since = e.Start
		if op == event.OpBind {
			for _, arg := range e.Args {
				if asked, ok := arg.(event.Asked); ok && len(asked.Marks) > 0 {
					o.asked = &asked
				}
			}
		}
	}
	m.add(o)
}

func (m *masks) add(o *owner) {
	key, ok := keyOf(o.addr)
	if !ok {
		return
	}
	m.owners[key] = append(m.owners[key], o)
	if _, known := m.own[o.sock]; !known {
		m.own[o.sock] = o
	}
}

// An ownerKey is what those addresses have in common that may be of one socket:
// the port, or the name.
type ownerKey struct {
	port uint16
	name string
}

func keyOf(a sock.Addr) (ownerKey, bool) {
	switch {
	case a.HasPort():
		return ownerKey{port: a.Port}, true
	case a.Chosen() != "":
		before, chosen, _ := a.Parts() // behind them netlink reports the groups that a message went to
		return ownerKey{name: before + chosen}, true
	}
	return ownerKey{}, false
}

// givesAddress reports the calls that give a socket its own address. An
// accepted socket has its listener's, which stays the owner.
func givesAddress(op event.Op) bool {
	return op == event.OpBind || op == event.OpListen || op == event.OpConnect || op == event.OpSend
}

// inherit makes what the kernel chose once stay its choice for a socket that is
// bound to it by a reference.
func (m *masks) inherit() {
	learned := make(map[uint64]bool)
	for sock, o := range m.own {
		if !o.auto && o.asked != nil && len(m.spans(event.Marked{Text: o.asked.Addr.String(), Marks: o.asked.Marks}, o.since)) > 0 {
			learned[sock] = true
		}
	}
	for _, list := range m.owners {
		for _, o := range list {
			o.auto = o.auto || learned[o.sock] || m.own[o.sock].auto
		}
	}
}

// owner finds the socket that an address belongs to at a moment. It has the
// address by then: the kernel may give a program's port to a socket later. Of
// several, one of the same type goes before others, one whose address it can be
// before one that has only the port, from which a scenario may have it; then
// one that is open before one that is closed, an exact address before a
// wildcard, and the latest before earlier ones.
//
// An address that each host has for itself is one of the host that has seen it,
// where that is known. A datagram is not of a closed socket that sent none to
// the one that has seen it: a program has the port now.
func (m *masks) owner(host string, a sock.Addr, typ int, seen uint64, at time.Duration) (*owner, bool) {
	var best *owner
	bestRank := -1
	key, _ := keyOf(a)
	for _, o := range m.owners[key] {
		if o.since > at || host != "" && o.host != host && a.IsHostOwn() {
			continue
		}
		if a.IsNetlink() && o.typ != typ { // each protocol has ports of its own
			continue
		}
		if !m.open(o, at) && !m.maySend(o, seen) {
			continue
		}
		rank := 0
		switch {
		case o.addr.IP.Unmap() == a.IP.Unmap():
			rank = 8 + 2
		case o.addr.IsWildcard():
			rank = 8
		}
		if o.typ == typ || typ == 0 {
			rank += 16
		}
		if m.open(o, at) {
			rank += 4
		}
		if rank > bestRank || rank == bestRank && o.since >= best.since {
			best, bestRank = o, rank
		}
	}
	return best, best != nil
}

// maySend reports whether a datagram that another socket has seen, 0 where none
// has, can be of this one.
func (m *masks) maySend(o *owner, seen uint64) bool {
	to := m.own[seen]
	return to == nil || to.typ == syscall.SOCK_STREAM && !to.addr.IsNetlink() || m.graph == nil || m.graph.MaySend(o.sock, to.addr)
}

// open reports whether a socket has not been closed by a moment.
func (m *masks) open(o *owner, at time.Duration) bool {
	closed, ever := m.closed[o.sock]
	return !ever || closed > at
}

// label is how a socket is called in a mask: by its name, and where several
// actors have a socket of that name by theirs too.
func (m *masks) label(o *owner) string {
	if len(m.named[o.name]) > 1 {
		return o.actor + "." + o.name
	}
	return o.name
}
