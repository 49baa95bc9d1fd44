package causal

import (
	"iter"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A place is what the address that a message or a connect goes to and that of
// the socket where it arrives have in common.
type place struct {
	port uint16
	path string
}

func placeOf(a sock.Addr) place { return place{a.Port, a.Path} }

// A line is messages in the order of time. Those at its head that were received
// are passed over once and for all.
type line struct {
	list []*message
	head int
}

func addTo[K comparable](lines map[K]*line, key K, x *message) {
	if lines[key] == nil {
		lines[key] = new(line)
	}
	lines[key].list = append(lines[key].list, x)
}

// rest are the messages from the first on that was not received.
func (l *line) rest() []*message {
	if l == nil {
		return nil
	}
	for l.head < len(l.list) && l.list[l.head].gone() {
		l.head++
	}
	return l.list[l.head:]
}

// waiting are the messages that may wait at the socket of a receive, in the
// order of time: those to its port or path, and those to no port. Some of them
// may be gone, or go to others.
func (m *matcher) waiting(e *event.Event) iter.Seq[*message] {
	all := m.messages()
	var first, second []*message
	switch at := e.Endpoints.Local; {
	case m.peer[e.Sock] != 0:
		first = all.peers[e.Sock].rest()
	case at.NoPort || at.IsZero(): // a packet socket's is not known
		first = all.all.rest()
	default:
		first = all.places[placeOf(at)].rest()
		if placeOf(at) != (place{}) {
			second = all.places[place{}].rest()
		}
	}
	return func(yield func(*message) bool) {
		for len(first)+len(second) > 0 {
			if len(first) == 0 || len(second) > 0 && second[0].turn < first[0].turn {
				first, second = second, first
			}
			if !yield(first[0]) {
				return
			}
			first = first[1:]
		}
	}
}

// left are, by socket, the connects to it and the sends of datagrams that came
// to it and that nobody took. A socket from which a fold takes has none: what
// that took is not known.
func (m *matcher) left() map[uint64][]int {
	if m.leftovers != nil {
		return m.leftovers
	}
	m.leftovers = make(map[uint64][]int)
	for listener, s := range m.socks {
		for _, i := range s.queued {
			if m.peer[m.event(i).Sock] == 0 && !s.inFolds {
				m.leftovers[listener] = append(m.leftovers[listener], i)
			}
		}
	}
	in := m.mailboxes(false)
	for _, x := range m.messages().all.list {
		if x.parts != nil || x.gone() || x.toMany() {
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

// takenByFolds are the connects that folds took, and the datagrams that folds
// may have taken, each with such a fold.
func (m *matcher) takenByFolds() []Pair {
	var list []Pair
	for listener, s := range m.socks {
		for _, i := range s.queued {
			if by, folded := m.folds[m.peer[m.event(i).Sock]]; folded {
				list = append(list, Pair{i, by, listener})
			}
		}
	}
	readers := m.foldReaders()
	if len(readers) == 0 {
		return list
	}
	in := m.mailboxes(true)
	for _, x := range m.messages().all.list {
		if x.parts != nil || x.gone() || x.toMany() {
			continue
		}
		for _, id := range m.addressees(x, in) {
			folds := readers[id]
			list = append(list, Pair{x.node, folds[len(folds)-1], id})
		}
	}
	return list
}

// A mailbox is an address at which a socket receives datagrams.
type mailbox struct {
	id uint64
	at *event.Event
}

// mailboxes are where the sockets of datagrams receive: those that a fold
// reads, or those that none does.
func (m *matcher) mailboxes(folded bool) map[place][]mailbox {
	in := make(map[place][]mailbox)
	known := make(map[uint64]bool)
	for _, i := range m.events {
		e := m.event(i)
		l := e.Endpoints
		if e.Errno != 0 || l == nil || l.Type == unix.SOCK_STREAM || l.Local.IsZero() || m.readByFold(e.Sock) != folded || known[e.Sock] {
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
	return len(m.foldReaders()[id]) > 0
}

// foldReaders are, by description, the folds that took receives of it.
func (m *matcher) foldReaders() map[uint64][]int {
	if m.readers != nil {
		return m.readers
	}
	m.readers = make(map[uint64][]int)
	for i := range m.g.Nodes[:m.g.Meets] {
		f := m.g.Nodes[i].Entry().Fold
		if f == nil {
			continue
		}
		for id := range f.Received {
			m.readers[id] = append(m.readers[id], i)
		}
	}
	return m.readers
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

// holds makes the call that a blocked step found a branch in end after it.
func (m *matcher) holds(i int, e *event.Event) {
	for at, en := range m.g.Record.Branches[e.Holds.Branch].Entries {
		if en.Event != nil && en.Event.End >= e.End {
			held := m.g.base[e.Holds.Branch] + at
			m.cause(held, i)
			put(&m.held, held, append(m.held[held], i))
			return
		}
	}
}

// released finds what let a call go on that a blocked step has seen waiting for
// room: a receive that made it, or an accept that freed a place. It is one that
// does not come before the blocked step: after that the call still waited.
func (m *matcher) released(i int, e *event.Event) {
	if len(m.held[i]) == 0 || e.Errno != 0 {
		return
	}
	var list []int
	switch e.Op {
	case event.OpConnect:
		list = m.of(m.reached[e.Sock]).accepts
	case event.OpSend, event.OpClose:
		for _, id := range m.receivers(e) {
			list = append(list, m.of(id).recvs...)
		}
	default:
		return
	}
	var later []int
	for _, c := range list {
		if !m.comesBefore(c, m.held[i]) {
			later = append(later, c)
		}
	}
	m.cause(i, m.oneOf(i, later))
}

func (m *matcher) comesBefore(c int, list []int) bool {
	for _, i := range list {
		if m.precedes(c, i) {
			return true
		}
	}
	return false
}

// receivers are the descriptions to which a send goes.
func (m *matcher) receivers(e *event.Event) []uint64 {
	if peer, known := m.peer[e.Sock]; known {
		return []uint64{peer}
	}
	if e.Endpoints == nil || e.Endpoints.Remote.IsZero() {
		return nil
	}
	var list []uint64
	for _, id := range m.ownersOf(e.Endpoints.Host, e.Endpoints.Remote) {
		if id != e.Sock {
			list = append(list, id)
		}
	}
	return list
}

// crowds makes a local datagram come after the receive that made room for it,
// whether or not anybody saw its send waiting. With a queue of q places, the
// nth datagram goes once the datagram n-q has been received. That is known
// where one socket alone sends to the receiver, and to no other.
func (m *matcher) crowds() {
	places := -1
	for from, s := range m.socks {
		sends := s.sends
		if len(sends) == 0 {
			continue
		}
		to, alone := m.onlyReceiver(from, sends)
		if !alone || len(m.of(to).recvs) == 0 {
			continue
		}
		if places < 0 {
			places = m.g.Record.QueueLength()
		}
		for _, i := range sends {
			e := m.event(i)
			if freed := m.taker(to, e.Offset-int64(places)); places > 0 && e.Errno == 0 && freed >= 0 {
				m.cause(i, m.oneOf(i, []int{freed}))
			}
		}
	}
}

// onlyReceiver is the local socket to which all that a description sent went,
// if nobody else sent to it.
func (m *matcher) onlyReceiver(from uint64, sends []int) (uint64, bool) {
	l := m.event(sends[0]).Endpoints
	if l == nil || l.Type != unix.SOCK_DGRAM || l.Remote.Path == "" || m.peer[from] != 0 {
		return 0, false
	}
	at := pathAddr(l.RemoteAddr())
	for _, x := range m.messages().all.list {
		to := pathAddr(event.HostAddr{Host: x.endpoints.Host, Addr: x.to})
		if (to.Host == at.Host && to.Addr.Path == at.Addr.Path) != (x.from == from) {
			return 0, false
		}
	}
	owners := slices.DeleteFunc(slices.Clone(m.ownersOf(l.Host, l.Remote)), func(id uint64) bool { return id == from })
	if len(owners) != 1 {
		return 0, false
	}
	return owners[0], true
}

// taker is the receive that took the nth message; -1 where a fold has it.
func (m *matcher) taker(id uint64, n int64) int {
	for _, i := range m.of(id).recvs {
		if e := m.event(i); n > 0 && n <= e.Offset && n > e.Offset-int64(len(e.Sums)) {
			return i
		}
	}
	return -1
}
