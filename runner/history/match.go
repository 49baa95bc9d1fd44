package history

import (
	"maps"
	"slices"
	"sort"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// matcher finds the causes that lie in the kernel: which connect reached which
// listen, which accept took it, which send gave a receive its last byte, what
// let a call go on that was waiting.
type matcher struct {
	g         *graph
	events    []int // nodes of events, by the time they started
	peer      map[uint64]uint64
	sends     map[uint64][]int // by description, in the order of their offsets
	closes    map[uint64][]int
	leaves    map[uint64][]int // closes of copies that other processes have too
	shuts     map[uint64][]int // shutdowns that end sending
	deafs     map[uint64][]int // those that end receiving
	folds     map[uint64]int   // descriptions whose events a fold took
	sentIn    map[uint64][]foldSent
	ends      []end // of connections: those that connected, and then those that accepted
	listens   map[spot][]int
	reached   map[uint64]uint64 // connecting description: the listener's
	dgrams    dgrams
	tcp       tcp
	hands     map[uint64][]handshake // by description
	taken     map[int][]int          // by the node of a receive or an accept: what it took
	failed    map[uint64]int         // sends that failed because of the peer
	before    map[int][]int          // by the node of a relay or a failed send: what it comes after by its own actor
	owners    map[spot][]uint64      // the descriptions that had an address
	remote    map[uint64]sock.Addr   // where a description connected or sent to, or whom it accepted
	lists     map[uint64][]int       // the listens of a description
	accepts   map[uint64][]int       // those of a listener that took a connection, in turn
	inFolds   map[uint64]bool        // listeners of whose accepts a fold took some
	queued    map[uint64][]int       // by listener: connects that nobody has taken
	recvs     map[uint64][]int       // those that took something, in the order of time
	urgent    map[uint64][]int       // sends with MSG_OOB
	leftovers map[uint64][]int       // see left
	readers   map[uint64]bool        // descriptions from which folds received
	held      map[int][]int          // by the node of a call: the steps that saw a branch in it
	procs     procs
}

type foldSent struct {
	node   int
	offset int64
}

func newMatcher(g *graph) *matcher {
	return &matcher{
		g: g, peer: make(map[uint64]uint64), sends: make(map[uint64][]int), closes: make(map[uint64][]int), leaves: make(map[uint64][]int),
		shuts: make(map[uint64][]int), deafs: make(map[uint64][]int), folds: make(map[uint64]int), sentIn: make(map[uint64][]foldSent),
		listens: make(map[spot][]int), reached: make(map[uint64]uint64),
		hands: make(map[uint64][]handshake), taken: make(map[int][]int), before: make(map[int][]int), failed: make(map[uint64]int),
		inFolds: make(map[uint64]bool), queued: make(map[uint64][]int), owners: make(map[spot][]uint64), remote: make(map[uint64]sock.Addr), lists: make(map[uint64][]int), accepts: make(map[uint64][]int),
		recvs: make(map[uint64][]int), urgent: make(map[uint64][]int), held: make(map[int][]int),
	}
}

func (m *matcher) event(i int) *event.Event { return m.g.nodes[i].entry().Event }

func (m *matcher) cause(i, by int) {
	if by >= 0 && by != i {
		m.g.nodes[i].preds = append(m.g.nodes[i].preds, by)
	}
}

// match finds first the causes that are known, and then those for which there
// are several candidates: what is known may rule some of them out.
func (m *matcher) match() {
	m.index()
	m.connections()
	m.handshakes()
	for _, i := range m.events {
		switch e := m.event(i); e.Op {
		case event.OpRecv, event.OpHandshake:
			m.receives(i, e)
		case event.OpBlocked:
			m.holds(i, e)
		}
	}
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

// folded finds what the receives inside of folds come after.
func (m *matcher) folded() {
	m.foldedEnds()
	for i := range m.g.nodes[:m.g.meets] {
		f := m.g.nodes[i].entry().Fold
		if f == nil {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(f.received)) {
			if f.received[id] > 0 {
				m.arrives(i, id, f.received[id])
			}
		}
	}
}

// foldedEnds orders the folds that took whole connections.
func (m *matcher) foldedEnds() {
	node := make(map[int]int)
	for i := range m.g.nodes[:m.g.meets] {
		if f := m.g.nodes[i].entry().Fold; f != nil {
			node[f.id] = i
		}
	}
	for _, pair := range m.g.record.folds {
		i, known := node[pair[0]]
		by, other := node[pair[1]]
		if known && other {
			m.cause(i, by)
		}
	}
}

// index sorts the events into tables by what they did.
func (m *matcher) index() {
	for i := range m.g.nodes[:m.g.meets] {
		en := m.g.nodes[i].entry()
		if en.Fold != nil {
			for id, offset := range en.Fold.sent {
				m.sentIn[id] = append(m.sentIn[id], foldSent{i, offset})
			}
			continue
		}
		m.events = append(m.events, i)
		m.indexEvent(i, en.Event)
	}
	byTime := func(list []int) {
		sort.SliceStable(list, func(a, b int) bool { return m.event(list[a]).Start < m.event(list[b]).Start })
	}
	byTime(m.events)
	for id, list := range m.sends {
		sort.SliceStable(list, func(a, b int) bool { return m.sentBy(list[a], id) < m.sentBy(list[b], id) })
	}
	for _, list := range m.recvs {
		byTime(list)
	}
	for _, list := range m.accepts {
		sort.SliceStable(list, func(a, b int) bool { return m.event(list[a]).End < m.event(list[b]).End })
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

func (m *matcher) indexEvent(i int, e *event.Event) {
	m.indexEndpoints(e)
	for _, id := range e.Ends {
		m.closes[id] = append(m.closes[id], i)
	}
	for _, id := range e.Leaves {
		m.leaves[id] = append(m.leaves[id], i)
	}
	switch e.Op {
	case event.OpPair:
		m.peer[e.Sock], m.peer[e.Endpoints.Peer] = e.Endpoints.Peer, e.Sock
	case event.OpSend:
		// A send that failed because of the peer has ended after what the peer
		// received of it.
		if e.Errno == unix.EPIPE || e.Errno == unix.ECONNRESET {
			m.failed[e.Sock] = i
			m.before[i] = slices.Clone(m.g.nodes[i].preds)
		} else {
			m.sends[e.Sock] = append(m.sends[e.Sock], i)
		}
		if e.Urgent && e.Errno == 0 {
			m.urgent[e.Sock] = append(m.urgent[e.Sock], i)
		}
	case event.OpRecv:
		if e.Also != nil {
			m.sends[e.Also.Sock] = append(m.sends[e.Also.Sock], i)
			m.before[i] = slices.Clone(m.g.nodes[i].preds)
		}
		if e.Errno == 0 && e.Look == (event.Look{}) {
			m.recvs[e.Sock] = append(m.recvs[e.Sock], i)
		}
	case event.OpHandshake:
		m.sends[e.Sock] = append(m.sends[e.Sock], i)
		m.hands[e.Sock] = append(m.hands[e.Sock], handshake{i, slices.Clone(m.g.nodes[i].preds)})
	case event.OpAccept:
		if e.Endpoints != nil {
			m.accepts[e.Sock] = append(m.accepts[e.Sock], i)
		}
	case event.OpClose:
		m.closes[e.Sock] = append(m.closes[e.Sock], i)
	case event.OpShut:
		if e.Shut&event.ShutWrite != 0 {
			m.shuts[e.Sock] = append(m.shuts[e.Sock], i)
		}
		if e.Shut&event.ShutRead != 0 {
			m.deafs[e.Sock] = append(m.deafs[e.Sock], i)
		}
	case event.OpListen:
		if e.Errno == 0 {
			at := localSpot(e.Endpoints)
			m.listens[at] = append(m.listens[at], i)
			m.lists[e.Sock] = append(m.lists[e.Sock], i)
		}
	case event.OpStart, event.OpKill, event.OpFork:
		m.procs.index(i, e)
	}
}

// indexEndpoints notes who had which address, and where it sent to or
// connected.
func (m *matcher) indexEndpoints(e *event.Event) {
	l := e.Endpoints
	switch {
	case l == nil:
		return
	case e.Op == event.OpAccept:
		m.remote[l.Made] = l.Remote
		return
	case (e.Op == event.OpConnect || e.Op == event.OpSend) && !l.Remote.IsZero():
		m.remote[e.Sock] = l.Remote
	}
	at := localSpot(l)
	if list := m.owners[at]; !l.Local.IsZero() && !slices.Contains(list, e.Sock) {
		m.owners[at] = append(list, e.Sock)
	}
}

// receives finds what a receive took.
func (m *matcher) receives(i int, e *event.Event) {
	switch {
	case e.Errno != 0 && !isPartial(e):
	case e.Look.Errqueue:
		m.reports(i, e)
	case e.Urgent:
		m.urges(i, e)
	case e.Endpoints != nil && e.Endpoints.Type != unix.SOCK_STREAM:
		for k := range e.Sums {
			by := m.datagram(e, &e.Sums[k])
			m.takes(i, by)
			if by < 0 && !m.fromKernel(i, e, &e.Sums[k]) && m.fromUs(e, &e.Sums[k]) && e.Sums[k].Len > 0 {
				m.lacks(i)
			}
			if by >= 0 && !e.Look.Peek {
				m.g.pairs = append(m.g.pairs, pairing{by, i, e.Sock})
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
	for _, i := range m.sends[peer] {
		if m.event(i).Op == event.OpRecv {
			return false
		}
	}
	return true
}

// isPartial reports a receive that failed after some bytes had come.
func isPartial(e *event.Event) bool { return e.Errno == syscall.EAGAIN && e.Offset > 0 }

// urges makes a receive with MSG_OOB come after the send of its byte: the
// urgent byte goes before those in line.
func (m *matcher) urges(i int, e *event.Event) {
	list := m.urgent[m.peer[e.Sock]]
	n := 0
	for _, j := range m.recvs[e.Sock] {
		if j == i {
			break
		}
		if m.event(j).Urgent {
			n++
		}
	}
	if len(list) > 0 {
		m.cause(i, list[min(n, len(list)-1)])
	}
}

// reports makes a look into the error queue come after the send that it is
// about: one of the socket's own.
func (m *matcher) reports(i int, e *event.Event) {
	m.cause(i, m.lastBefore(m.sends[e.Sock], e.End))
}

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

func (m *matcher) lastBefore(list []int, end time.Duration) int {
	best := -1
	for _, i := range list {
		if m.event(i).Start <= end && (best < 0 || m.event(best).Start <= m.event(i).Start) {
			best = i
		}
	}
	return best
}
