package causal

import (
	"slices"
	"sort"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A message is a datagram that a send let go.
type message struct {
	node      int // the send
	endpoints *event.Endpoints
	from      uint64 // the description that sent it
	to        sock.Addr
	sent      *event.Datagram
	parts     []*message // of a message that stands for all parts of a split send
	taken     bool       // by a receive that was its only one
	turn      int        // its place among all of them
}

// A dgramKey distinguishes datagrams for one receiver: by what they hold.
// Datagrams of one sender to one receiver keep their order over loopback and
// local sockets, so the nth received is the nth sent.
type dgramKey struct {
	receiver uint64
	sum      uint64
	from     sock.Addr
}

// A dgramQueue is what may have reached a receiver with one content.
type dgramQueue struct {
	list  []*message
	next  int
	alone bool // all were sent by one description
	folds int  // that took receives before the next
}

// dgrams are the messages of a run, in the order of time. They are found by
// what they hold.
type dgrams struct {
	all    line
	places map[place]*line
	peers  map[uint64]*line // by the receiver, of sockets that have one peer
	bySum  map[uint64][]*message
	queues map[dgramKey]*dgramQueue
	came   map[uint64]*arrivals // by receiver
	sent   map[uint64]outgoing  // by sender

	arrived map[int]bool // see matcher.arrived
}

// messages lists the datagrams of all sends, once.
func (m *matcher) messages() *dgrams {
	d := &m.dgrams
	if d.queues != nil {
		return d
	}
	d.bySum, d.queues = make(map[uint64][]*message), make(map[dgramKey]*dgramQueue)
	d.places, d.peers = make(map[place]*line), make(map[uint64]*line)
	for _, i := range m.events {
		e := m.event(i)
		if e.Op != event.OpSend || e.Endpoints == nil {
			continue
		}
		var parts []*message
		for k := range e.Sums {
			parts = append(parts, newMessage(i, e, &e.Sums[k]))
		}
		if e.Whole != nil {
			whole := newMessage(i, e, e.Whole)
			whole.parts = parts
			d.add(whole, m.peer[e.Sock])
		}
		for _, x := range parts {
			d.add(x, m.peer[e.Sock])
		}
	}
	return d
}

func newMessage(i int, e *event.Event, sent *event.Datagram) *message {
	x := &message{node: i, endpoints: e.Endpoints, from: e.Sock, to: e.Endpoints.Remote, sent: sent}
	switch {
	case sent.To.IP.IsValid():
		x.to = sent.To
	case !sent.Remote.IsZero():
		x.to = sent.Remote
	}
	return x
}

func (d *dgrams) add(x *message, peer uint64) {
	x.turn = len(d.all.list)
	d.all.list = append(d.all.list, x)
	if peer != 0 {
		addTo(d.peers, peer, x)
	} else {
		addTo(d.places, placeOf(x.to), x)
	}
	for _, sum := range append([]uint64{x.sent.Sum}, x.sent.Inner...) {
		d.bySum[sum] = append(d.bySum[sum], x)
	}
}

// datagram is the send of one message that was received; -1 where none fits.
func (m *matcher) datagram(e *event.Event, d *event.Datagram) int {
	if e.Look.Skip > 0 {
		return m.beyond(e, d)
	}
	q := m.queue(e, d)
	if len(q.list) == 0 {
		return m.beginning(e, d)
	}
	if by := m.numbered(q, e, d); by >= 0 {
		if m.event(by) != nil {
			q.passed(by, e, d)
		}
		return by
	}
	m.passFold(q, e, d)
	for q.next < len(q.list) && q.list[q.next].gone() {
		q.next++
	}
	if q.next == len(q.list) || m.event(q.list[q.next].node).Start > e.End {
		// A tap sees a message twice: as it goes, and as it comes.
		return q.list[max(q.next-1, 0)].node
	}
	x := q.list[q.next]
	if !e.Look.Peek {
		q.next++
		x.take(e, d)
	}
	return x.node
}

// passFold goes on behind what a fold took of a queue. How many these were is
// not known, so the receives after the fold are counted from the end.
func (m *matcher) passFold(q *dgramQueue, e *event.Event, d *event.Datagram) {
	folds := m.foldsBefore(e)
	if folds == q.folds {
		return
	}
	q.folds = folds
	rest := 0
	list := m.of(e.Sock).recvs
	for k := len(list) - 1; k >= 0 && m.event(list[k]).Start >= e.Start; k-- {
		for _, o := range m.event(list[k]).Sums {
			if o.Sum == d.Sum && o.Remote == d.Remote {
				rest++
			}
		}
	}
	q.next = max(q.next, len(q.list)-rest)
}

// queue finds what may have reached a receiver with that content.
func (m *matcher) queue(e *event.Event, d *event.Datagram) *dgramQueue {
	all := m.messages()
	key := dgramKey{e.Sock, d.Sum, d.Remote}
	if q := all.queues[key]; q != nil {
		return q
	}
	q := new(dgramQueue)
	all.queues[key] = q
	for _, sum := range append([]uint64{d.Sum}, d.Inner...) {
		for _, x := range all.bySum[sum] {
			if m.reaches(x, e, d) && !slices.Contains(q.list, x) {
				q.list = append(q.list, x)
			}
		}
	}
	q.alone = !slices.ContainsFunc(q.list, func(x *message) bool { return x.from != q.list[0].from })
	sort.SliceStable(q.list, func(a, b int) bool {
		x, y := q.list[a].node, q.list[b].node
		if s, t := m.event(x).Start, m.event(y).Start; s != t {
			return s < t
		}
		return x < y
	})
	return q
}

// beginning is the send of a message of which a short buffer got the beginning.
func (m *matcher) beginning(e *event.Event, d *event.Datagram) int {
	if !d.Cut {
		return -1
	}
	for x := range m.waiting(e) {
		if !x.gone() && d.Begins(x.sent) && m.event(x.node).Start <= e.End && m.reaches(x, e, d) {
			if !e.Look.Peek {
				x.take(e, d)
			}
			return x.node
		}
	}
	return -1
}

// beyond is the send of a message that a look beyond others shows, by
// SO_PEEK_OFF: of those that wait, the one in which its bytes are.
func (m *matcher) beyond(e *event.Event, d *event.Datagram) int {
	skip := e.Look.Skip
	for x := range m.waiting(e) {
		if x.parts != nil || x.gone() || m.event(x.node).Start > e.End || !m.reaches(x, e, d) {
			continue
		}
		if skip < int64(x.sent.Len) {
			return x.node
		}
		skip -= int64(x.sent.Len)
	}
	return -1
}

// gone reports whether the message, or one of its parts, was received.
func (x *message) gone() bool {
	return x.taken || slices.ContainsFunc(x.parts, (*message).gone)
}

// take notes that a receive took the message. What goes to a group, and what a
// socket sees that taps the traffic, others receive too.
func (x *message) take(e *event.Event, d *event.Datagram) {
	if len(d.Inner) > 0 || x.toMany() {
		return
	}
	x.taken = true
	for _, part := range x.parts {
		part.taken = true
	}
}

// toMany reports whether the message may come to several sockets.
func (x *message) toMany() bool {
	_, group := x.to.Netlink()
	return group != 0 || x.to.IP.IsMulticast() || isBroadcast(x.to)
}

// reaches reports whether a message may be the one that came, with d.
func (m *matcher) reaches(x *message, e *event.Event, d *event.Datagram) bool {
	at, from, to := e.Endpoints.Local, d.Remote, x.to.Loopback()
	switch {
	case m.peer[x.from] != 0 || m.peer[e.Sock] != 0:
		return m.peer[x.from] == e.Sock
	case x.sent.Frame && !x.sent.To.IP.IsValid():
		return d.Frame
	case to.IsZero():
		return false
	case to.Path != "" || at.Path != "":
		return to.Path == at.Path && m.delivered(x, e)
	case to.IsNetlink() || at.IsNetlink():
		return x.endpoints.Netlink == e.Endpoints.Netlink && x.from != e.Sock && overNetlink(x, e.Endpoints, from) && m.delivered(x, e)
	case to.Other != "" && len(x.sent.Inner) == 0:
		return to.Family == at.Family && to.Other == at.Other && m.delivered(x, e)
	case len(d.Inner) > 0 && from.NoPort && sameHost(from, to):
		return true // the answer to an echo request comes from where that went
	case d.To.IP.IsValid():
		at = d.To
	}
	return samePlace(at, to) && cameFrom(x.endpoints.Local, from) && m.delivered(x, e)
}

// overNetlink reports whether a message may come to a socket of netlink: to its
// port, or to a group that it is in. What came to a group names that one beside
// the sender's port (netlink(7)).
func overNetlink(x *message, at *event.Endpoints, from sock.Addr) bool {
	sender, by := from.Netlink()
	own, _ := at.Local.Netlink()
	port, group := x.to.Netlink()
	if from.IsZero() {
		return port != 0 && port == own || at.Groups&group != 0
	}
	if local, _ := x.endpoints.Local.Netlink(); local != sender {
		return false
	}
	if by != 0 {
		return by == group
	}
	return port != 0 && port == own
}

// delivered reports whether a message may come to the host of the socket that
// received. A packet socket may see it anywhere on its way.
func (m *matcher) delivered(x *message, e *event.Event) bool {
	if e.Endpoints.Local.Family == sock.FamilyPacket && !x.to.IsHostOwn() {
		return true
	}
	return m.g.delivers(x.endpoints.Host, x.to, e.Endpoints.Host)
}

// MaySend reports whether a socket sent something that may have come to an
// address. Where a fold took its sends that is not known, so it may.
func (g *Graph) MaySend(id uint64, at sock.Addr) bool {
	s := g.kernel.of(id)
	return len(s.sentIn) > 0 || slices.ContainsFunc(s.sends, func(i int) bool {
		e := g.Event(i)
		if e.Sock != id || e.Endpoints == nil || len(e.Sums) == 0 {
			return true // a relay, or a send of which too little is known
		}
		for k := range e.Sums {
			if to := newMessage(i, e, &e.Sums[k]).to; to.Other != "" || to.NoPort || at.NoPort || to.Port == at.Port && to.Path == at.Path {
				return true
			}
		}
		return false
	})
}

// samePlace reports whether what goes to an address may come to a socket at
// another.
func samePlace(at, to sock.Addr) bool {
	if at.Port != to.Port && !at.NoPort && !to.NoPort {
		return false
	}
	return sameHost(at, to) || to.IP.IsMulticast() || isBroadcast(to)
}

// cameFrom reports whether a socket with a local address may be the sender that
// a receive showed.
func cameFrom(local, from sock.Addr) bool {
	return from.IsZero() || local.Port == 0 || from.NoPort || from.Port == local.Port
}

// isBroadcast reports an address that ends in 255: the directed broadcast
// addresses that a test can reach.
func isBroadcast(a sock.Addr) bool {
	if !a.IP.Is4() {
		return false
	}
	b := a.IP.As4()
	return b[3] == 255
}
