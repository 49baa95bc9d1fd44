package causal

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// matcher finds the causes that lie in the kernel: which connect reached which
// listen, which accept took it, which send gave a receive its last byte, what
// let a call go on that was waiting.
type matcher struct {
	g         *Graph
	events    []int // nodes of events, by the time they started
	peer      map[uint64]uint64
	socks     map[uint64]*sockEvents
	folds     map[uint64]int // descriptions whose events a fold took
	ends      []end          // of connections: those that connected, and then those that accepted
	listens   map[place][]int
	reached   map[uint64]uint64 // connecting description: the listener's
	dgrams    dgrams
	tcp       tcp
	taken     map[int][]int               // by the node of a receive or an accept: what it took
	failed    map[uint64]int              // sends that failed because of the peer, or were cut off
	before    map[int][]int               // by the node of a relay or a failed send: what it comes after by its own actor
	addresses map[event.HostAddr][]uint64 // see owners
	leftovers map[uint64][]int            // see left
	readers   map[uint64][]int            // see foldReaders
	held      map[int][]int               // by the node of a call: the steps that saw a branch in it
	procs     procs
	far       map[uint64]*farEnd
	gives     []int // sends of messages that pass descriptors
}

func newMatcher(g *Graph) *matcher {
	return &matcher{
		g: g, events: make([]int, 0, g.Meets), peer: make(map[uint64]uint64), socks: make(map[uint64]*sockEvents),
		listens: make(map[place][]int), reached: make(map[uint64]uint64), taken: make(map[int][]int),
	}
}

// put adds to a map, which is made with its first entry: most runs have none.
func put[K comparable, V any](to *map[K]V, key K, v V) {
	if *to == nil {
		*to = make(map[K]V)
	}
	(*to)[key] = v
}

func (m *matcher) event(i int) *event.Event { return m.g.Event(i) }

func (m *matcher) cause(i, by int) {
	if by >= 0 && by != i {
		m.g.Nodes[i].Preds = append(m.g.Nodes[i].Preds, by)
	}
}

// match finds first the causes that are known, and then those for which there
// are several candidates: what is known may rule some of them out.
func (m *matcher) match() {
	m.index()
	m.connections()
	m.farEnds()
	m.handshakes()
	for _, i := range m.byEnd() {
		switch e := m.event(i); e.Op {
		case event.OpRecv, event.OpHandshake:
			m.receives(i, e)
		case event.OpBlocked:
			m.holds(i, e)
		case event.OpSegment:
			m.crosses(i, e)
		case event.OpHit:
			m.hits(i, e)
		}
	}
	m.rights()
	m.polls()
	m.folded()
	for _, i := range m.events {
		m.ended(i, m.event(i))
	}
	for _, i := range m.events {
		m.released(i, m.event(i))
	}
	m.crowds()
}

// byEnd are the nodes of events by the time they ended: of two receives that
// waited at one socket, the first to end has taken the first message.
func (m *matcher) byEnd() []int {
	list := slices.Clone(m.events)
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(m.event(a).End, m.event(b).End) })
	return list
}

// folded finds what the receives inside of folds come after.
func (m *matcher) folded() {
	m.foldedEnds()
	for i := range m.g.Nodes[:m.g.Meets] {
		f := m.g.Nodes[i].Entry().Fold
		if f == nil {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(f.Received)) {
			if f.Received[id] > 0 {
				m.arrives(i, id, f.Received[id])
			}
		}
	}
}

// foldedEnds orders the folds that took whole connections.
func (m *matcher) foldedEnds() {
	node := make(map[int]int)
	for i := range m.g.Nodes[:m.g.Meets] {
		if f := m.g.Nodes[i].Entry().Fold; f != nil {
			node[f.ID] = i
		}
	}
	for _, pair := range m.g.Record.FoldOrder {
		i, known := node[pair[0]]
		by, other := node[pair[1]]
		if known && other {
			m.cause(i, by)
		}
	}
}

// receives finds what a receive took.
func (m *matcher) receives(i int, e *event.Event) {
	switch {
	case e.Errno != 0 && !isPartial(e):
	case e.Look.Errqueue:
		m.reports(i, e)
	case e.Urgent:
		m.urges(i, e.Sock)
	case e.Endpoints != nil && e.Endpoints.Type != unix.SOCK_STREAM:
		for k := range e.Sums {
			by := m.datagram(e, &e.Sums[k])
			m.takes(i, by)
			if by < 0 && !m.fromKernel(i, e, &e.Sums[k]) && m.fromUs(e, &e.Sums[k]) && e.Sums[k].Len > 0 {
				m.lacks(i)
			}
			if by >= 0 && m.event(by) != nil && !e.Look.Peek {
				m.g.Pairs = append(m.g.Pairs, Pair{by, i, e.Sock})
			}
		}
	case e.Offset > 0:
		if !m.arrives(i, e.Sock, e.Offset) && !e.EOF && m.inside(e.Sock) {
			m.lacks(i)
		}
	}
}

// inside reports whether the other end of a connection is a socket of the
// scenario, at which there is no relay and no program.
func (m *matcher) inside(id uint64) bool {
	peer, known := m.peer[id]
	if !known || len(m.procs.holders[peer]) > 0 {
		return false
	}
	for _, i := range m.of(peer).sends {
		if m.event(i).Op == event.OpRecv {
			return false
		}
	}
	return true
}

// isPartial reports a receive that failed after some bytes had come.
func isPartial(e *event.Event) bool { return e.Errno == syscall.EAGAIN && e.Offset > 0 }

// sender is the send that wrote the byte before an offset.
func (m *matcher) sender(from uint64, offset int64) int {
	list := m.of(from).sends
	k := sort.Search(len(list), func(k int) bool { return m.sentBy(list[k], from) >= offset })
	for _, f := range m.of(from).sentIn {
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
