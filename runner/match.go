package runner

import (
	"maps"
	"slices"
	"sort"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

// matcher finds the causes that lie in the kernel: which connect reached which
// listen, which accept took it, which send gave a receive its last byte.
type matcher struct {
	g       *graph
	events  []int // nodes of events, by the time they started
	peer    map[uint64]uint64
	sends   map[uint64][]int // by description, in the order of their offsets
	closes  map[uint64][]int
	shuts   map[uint64][]int
	folds   map[uint64]int // descriptions whose events a fold took
	sentIn  map[uint64][]foldSent
	listens map[sock.Addr][]int
	reached map[uint64]uint64 // connecting description: the listener's
	dgrams  map[dgramKey]*dgramQueue
	hands   map[uint64][]handshake // by description
	taken   map[int][]int          // by the node of a receive or an accept: what it took
}

type foldSent struct {
	node   int
	offset int64
}

func newMatcher(g *graph) *matcher {
	return &matcher{
		g: g, peer: make(map[uint64]uint64), sends: make(map[uint64][]int), closes: make(map[uint64][]int),
		shuts: make(map[uint64][]int), folds: make(map[uint64]int), sentIn: make(map[uint64][]foldSent),
		listens: make(map[sock.Addr][]int), reached: make(map[uint64]uint64), dgrams: make(map[dgramKey]*dgramQueue),
		hands: make(map[uint64][]handshake), taken: make(map[int][]int),
	}
}

func (m *matcher) event(i int) *steps.Event { return m.g.nodes[i].entry().event }

func (m *matcher) cause(i, by int) {
	if by >= 0 && by != i {
		m.g.nodes[i].preds = append(m.g.nodes[i].preds, by)
	}
}

func (m *matcher) match() {
	m.index()
	m.connections()
	m.handshakes()
	for _, i := range m.events {
		switch e := m.event(i); e.Op {
		case steps.OpRecv, steps.OpSend, steps.OpHandshake:
			m.transfer(i, e)
		case steps.OpState:
			peer, known := m.peer[e.Sock]
			m.cause(i, m.ending(e, peer, known, false))
		case steps.OpBlocked:
			m.holds(i, e)
		}
	}
	m.polls()
	m.folded()
}

// folded finds what the receives inside of folds come after.
func (m *matcher) folded() {
	m.foldedEnds()
	for i := range m.g.nodes[:m.g.meets] {
		f := m.g.nodes[i].entry().fold
		if f == nil {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(f.received)) {
			if peer, known := m.peer[id]; known && f.received[id] > 0 {
				m.cause(i, m.sender(peer, f.received[id]))
			}
		}
	}
}

// foldedEnds orders the folds that took whole connections.
func (m *matcher) foldedEnds() {
	node := make(map[*Fold]int)
	for i := range m.g.nodes[:m.g.meets] {
		if f := m.g.nodes[i].entry().fold; f != nil {
			node[f] = i
		}
	}
	for pair := range m.g.history.folds {
		i, known := node[pair[0].whole()]
		by, other := node[pair[1].whole()]
		if known && other {
			m.cause(i, by)
		}
	}
}

// index sorts the events into tables by what they did.
func (m *matcher) index() {
	for i := range m.g.nodes[:m.g.meets] {
		en := m.g.nodes[i].entry()
		if en.fold != nil {
			for id, offset := range en.fold.sent {
				m.sentIn[id] = append(m.sentIn[id], foldSent{i, offset})
			}
			continue
		}
		m.events = append(m.events, i)
		m.indexEvent(i, en.event)
	}
	sort.SliceStable(m.events, func(a, b int) bool {
		return m.event(m.events[a]).Start < m.event(m.events[b]).Start
	})
	for id, list := range m.sends {
		sort.SliceStable(list, func(a, b int) bool { return m.sentBy(list[a], id) < m.sentBy(list[b], id) })
	}
}

// sentBy is how far sending on a description had come after an event.
func (m *matcher) sentBy(i int, id uint64) int64 {
	e := m.event(i)
	if e.Also != nil && e.Also.Sock == id {
		return e.Also.Offset
	}
	return e.Offset
}

func (m *matcher) indexEvent(i int, e *steps.Event) {
	switch e.Op {
	case steps.OpPair:
		m.peer[e.Sock], m.peer[e.Link.Peer] = e.Link.Peer, e.Sock
	case steps.OpSend:
		// A send that failed because of the peer has ended after what the peer
		// received of it.
		if e.Errno != unix.EPIPE && e.Errno != unix.ECONNRESET {
			m.sends[e.Sock] = append(m.sends[e.Sock], i)
		}
	case steps.OpRecv:
		if e.Also != nil {
			m.sends[e.Also.Sock] = append(m.sends[e.Also.Sock], i)
		}
	case steps.OpHandshake:
		m.sends[e.Sock] = append(m.sends[e.Sock], i)
		m.hands[e.Sock] = append(m.hands[e.Sock], handshake{i, slices.Clone(m.g.nodes[i].preds)})
	case steps.OpClose:
		m.closes[e.Sock] = append(m.closes[e.Sock], i)
	case steps.OpShut:
		m.shuts[e.Sock] = append(m.shuts[e.Sock], i)
	case steps.OpListen:
		if e.Errno == 0 {
			m.listens[e.Link.Local] = append(m.listens[e.Link.Local], i)
		}
	}
}

// transfer finds what a receive or a failed send comes after.
func (m *matcher) transfer(i int, e *steps.Event) {
	peer, known := m.peer[e.Sock]
	switch {
	case e.Errno == unix.EPIPE && m.firstBefore(m.shuts[e.Sock], e.End) >= 0:
		return // its own shutdown, whatever the peer has done meanwhile
	case e.Errno == unix.ECONNRESET || e.Errno == unix.EPIPE:
		m.cause(i, m.ending(e, peer, known, true))
		return
	case e.Errno == unix.ECONNREFUSED:
		return
	case e.Op == steps.OpSend || e.Errno != 0 && !isPartial(e):
		return
	}
	if e.EOF {
		m.cause(i, m.ending(e, peer, known, false))
	}
	if e.Link != nil && e.Link.Type != unix.SOCK_STREAM {
		for _, by := range m.datagrams(e) {
			m.takes(i, by)
			if by >= 0 {
				m.g.pairs = append(m.g.pairs, pairing{by, i, e.Sock})
			}
		}
		return
	}
	if known && e.Offset > 0 {
		m.sent(i, e, peer, m.sender(peer, e.Offset))
	}
}

// isPartial reports a receive that failed after some bytes had come.
func isPartial(e *steps.Event) bool { return e.Errno == syscall.EAGAIN && e.Offset > 0 }

// sender is the send that gave the byte before an offset.
func (m *matcher) sender(from uint64, offset int64) int {
	list := m.sends[from]
	k := sort.Search(len(list), func(k int) bool { return m.sentBy(list[k], from) >= offset })
	for _, f := range m.sentIn[from] {
		before := k == 0 || m.sentBy(list[k-1], from) < offset
		if before && offset <= f.offset && (k == len(list) || f.offset < m.sentBy(list[k], from)) {
			return f.node
		}
	}
	if k == len(list) {
		if f, ok := m.folds[from]; ok {
			return f
		}
		return -1
	}
	return list[k]
}

// ending is the peer's event that ended the connection: for an end of file
// the first that sent a FIN, for a reset the close.
func (m *matcher) ending(e *steps.Event, peer uint64, known, reset bool) int {
	if !known {
		if listener, ok := m.reached[e.Sock]; ok {
			return m.lastBefore(m.closes[listener], e.End)
		}
		return -1
	}
	closed := m.lastBefore(m.closes[peer], e.End)
	shut := m.firstBefore(m.shuts[peer], e.End)
	if f, ok := m.folds[peer]; ok && closed < 0 && shut < 0 {
		return f
	}
	if reset && closed >= 0 || shut < 0 {
		return closed
	}
	return shut
}

func (m *matcher) lastBefore(list []int, end time.Duration) int {
	best := -1
	for _, i := range list {
		if m.event(i).Start <= end && (best < 0 || m.event(best).Start <= m.event(i).Start) {
			best = i
		}
	}
	return best
}

func (m *matcher) firstBefore(list []int, end time.Duration) int {
	best := -1
	for _, i := range list {
		if m.event(i).Start <= end && (best < 0 || m.event(i).Start < m.event(best).Start) {
			best = i
		}
	}
	return best
}
