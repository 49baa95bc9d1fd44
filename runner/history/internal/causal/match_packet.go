package causal

import (
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A flow is one direction of a TCP connection.
type flow struct {
	host     string // of a connection of a host with itself
	from, to netip.AddrPort
}

func flowOf(host string, from, to sock.Addr) flow {
	if !from.IsHostOwn() && !to.IsHostOwn() {
		host = ""
	}
	return flow{host, portOf(from), portOf(to)}
}

func (f flow) back() flow { return flow{f.host, f.to, f.from} }

// portOf is an address and port as packets have them.
func portOf(a sock.Addr) netip.AddrPort {
	a = a.Loopback()
	return netip.AddrPortFrom(a.IP.Unmap().WithZone(""), a.Port)
}

// tcp is what is known of TCP connections for those who see their segments.
type tcp struct {
	senders map[flow]uint64          // the descriptions
	openers map[flow][]int           // the connects, by the direction of their SYN
	tries   map[netip.AddrPort][]int // the connects that failed, by where they went
	first   map[flow]uint32          // the sequence numbers of the SYNs that were seen
}

// segments indexes the connections, once.
func (m *matcher) segments() *tcp {
	t := &m.tcp
	if t.senders != nil {
		return t
	}
	t.senders, t.openers = make(map[flow]uint64), make(map[flow][]int)
	t.tries, t.first = make(map[netip.AddrPort][]int), make(map[flow]uint32)
	for _, x := range m.ends {
		f := flowOf(x.endpoints.Host, x.endpoints.Local, x.endpoints.Remote)
		t.senders[f] = x.sock
		if x.folded || m.event(x.node).Op != event.OpAccept {
			t.openers[f] = append(t.openers[f], x.node)
		}
	}
	for _, i := range m.events {
		if e := m.event(i); e.Op == event.OpConnect && e.Errno != 0 && e.Endpoints != nil {
			to := portOf(e.Endpoints.Remote)
			t.tries[to] = append(t.tries[to], i)
		}
	}
	return t
}

// opened are the connects that may have asked for the connection of a flow, be
// it in this direction or the other: where none has made it, those that failed.
func (t *tcp) opened(f flow) []int {
	if list := slices.Concat(t.openers[f], t.openers[f.back()]); len(list) > 0 {
		return list
	}
	return slices.Concat(t.tries[f.to], t.tries[f.from])
}

// fromKernel finds what a packet comes after that the kernel made: the segments
// of a connection, and the errors about packets that could not be delivered. It
// reports whether that is known.
func (m *matcher) fromKernel(i int, e *event.Event, d *event.Datagram) bool {
	if d.Quoted != nil {
		d = d.Quoted
	}
	switch {
	case d.TCP != nil:
		return m.segment(i, e, d)
	case d.Cut && d.To.IP.IsValid():
		by := m.datagram(e, d)
		m.takes(i, by)
		return by >= 0
	}
	return false
}

// segment makes a node come after what sent a TCP segment.
func (m *matcher) segment(i int, e *event.Event, d *event.Datagram) bool {
	t, f := m.segments(), flowOf(hostOf(e), d.Remote, d.To)
	if d.TCP.Flags&event.TCPSyn != 0 {
		t.first[f] = d.TCP.Seq
	}
	n := &m.g.Nodes[i]
	known := len(n.Preds)
	m.cause(i, m.oneOf(i, t.opened(f)))
	m.carried(i, e, f, d.TCP)
	m.taken[i] = append(m.taken[i], n.Preds[known:]...)
	return len(n.Preds) > known
}

// carried makes a node come after the send of the data in a segment, after what
// ended the sending, or after the send of what the segment acknowledges. Where
// nobody has seen the SYN, it is one of the sends since there was a socket to
// see it.
func (m *matcher) carried(i int, e *event.Event, f flow, s *event.Segment) {
	t := m.segments()
	sender, receiver := t.senders[f], t.senders[f.back()]
	first, counted := t.first[f]
	switch {
	case s.Flags&event.TCPSyn != 0:
		return
	case s.Len > 0 && counted:
		m.delivers(i, sender, receiver, int64(s.Seq-first-1)+int64(s.Len))
	case s.Len > 0:
		m.cause(i, m.oneOf(i, m.since(e.Sock, m.of(sender).sends)))
	}
	switch base, ok := t.first[f.back()]; {
	case s.Flags&(event.TCPFin|event.TCPRst) != 0:
		m.stops(i, e, sender, receiver, s.Flags&event.TCPRst != 0)
	case s.Len == 0 && ok:
		m.acknowledges(i, e, sender, receiver, int64(s.Ack-base-1))
	}
}

// delivers makes a node come after the send of the byte before an offset.
func (m *matcher) delivers(i int, sender, receiver uint64, offset int64) {
	if _, accepted := m.peer[receiver]; accepted {
		m.arrives(i, receiver, offset)
		return
	}
	m.cause(i, m.sender(sender, offset))
}

// acknowledges makes a node come after the send of the byte before the offset
// that a segment acknowledges, or after what ended the sending.
func (m *matcher) acknowledges(i int, e *event.Event, sender, receiver uint64, offset int64) {
	switch {
	case offset <= 0:
	case m.sender(receiver, offset) >= 0:
		m.delivers(i, receiver, sender, offset)
	default:
		m.stops(i, e, receiver, sender, false)
	}
}

// stops makes a node come after what ended the sending of a description.
func (m *matcher) stops(i int, e *event.Event, sender, receiver uint64, reset bool) {
	by := m.finishes(i, e, receiver, reset)
	if _, accepted := m.peer[receiver]; !accepted && by.isEmpty() {
		by = m.stopping(i, sender)
	}
	m.finished(i, by)
}

// since are those of a list that are not known to come before the first event
// of a socket.
func (m *matcher) since(id uint64, list []int) []int {
	k := slices.IndexFunc(m.events, func(i int) bool { return m.event(i).Sock == id })
	if k < 0 {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return m.precedes(i, m.events[k]) })
}

// hits makes a step that waited for a fault to hit a frame come after what sent
// the frame, where that is known: a call that waits comes after what lets it go
// on. What itself had to wait for the step, as a connect for the listen behind
// it, is not before it.
func (m *matcher) hits(i int, e *event.Event) {
	for k := range e.Sums {
		m.finished(i, m.hitSent(i, &e.Sums[k]))
	}
}

// hitSent is what sent a frame that a fault has hit; nothing where nobody
// knows. The sequence number of a segment counts from the SYN. An
// acknowledgement alone is the kernel's.
func (m *matcher) hitSent(i int, d *event.Datagram) endings {
	if d.TCP == nil {
		tap := event.Event{Endpoints: &event.Endpoints{Local: sock.Addr{Family: sock.FamilyPacket}}}
		if sent := m.queue(&tap, d).list; len(sent) > 0 {
			return endings{any: []int{sent[0].node}}
		}
		return endings{}
	}
	t, f := m.segments(), flowOf("", d.Remote, d.To)
	sender := t.senders[f]
	switch {
	case d.TCP.Flags&event.TCPSyn != 0:
		return endings{any: t.opened(f)}
	case d.TCP.Len > 0 && d.TCP.Seq > 0:
		return endings{any: []int{m.sender(sender, int64(d.TCP.Seq))}}
	case d.TCP.Flags&(event.TCPFin|event.TCPRst) != 0:
		return m.stopping(i, sender)
	}
	return endings{}
}
