package causal

import (
	"cmp"
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
}

// sockEvents are the events of one description, most of them by what they did.
type sockEvents struct {
	sends     []int // in the order of their offsets
	sentIn    []foldSent
	urgent    []int  // sends with MSG_OOB
	recvs     []int  // those that took something, in the order of time
	closes    []int  // of its descriptors; the last of them ends it
	ended     bool   // one of them was the last
	heldBy    uint64 // the description to which a message had its last descriptor
	shuts     []int  // shutdowns that end sending
	deafs     []int  // those that end receiving
	hands     []handshake
	lists     []int            // listens
	accepts   []int            // those of a listener that took a connection, in turn
	queued    []int            // of a listener: connects that nobody has taken
	inFolds   bool             // a fold took some of a listener's accepts
	hasRemote bool             // it connected, sent to an address, or was accepted
	remote    sock.Addr        // the address of that peer
	endpoints *event.Endpoints // of the first event that shows its own address; see owners
}

// noEvents are the events of a description of which nothing is known.
var noEvents sockEvents

// of are the events of a description, to be read.
func (m *matcher) of(id uint64) *sockEvents {
	if s := m.socks[id]; s != nil {
		return s
	}
	return &noEvents
}

// to are the events of a description, to be added to.
func (m *matcher) to(id uint64) *sockEvents {
	s := m.socks[id]
	if s == nil {
		s = new(sockEvents)
		m.socks[id] = s
	}
	return s
}

type foldSent struct {
	node   int
	offset int64
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
	for _, i := range m.events {
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

// index sorts the events into tables by what they did.
func (m *matcher) index() {
	for i := range m.g.Nodes[:m.g.Meets] {
		en := m.g.Nodes[i].Entry()
		if en.Fold != nil {
			for id, offset := range en.Fold.Sent {
				m.to(id).sentIn = append(m.to(id).sentIn, foldSent{i, offset})
			}
			continue
		}
		m.events = append(m.events, i)
		m.indexEvent(i, en.Event)
	}
	byTime := func(a, b int) int { return cmp.Compare(m.event(a).Start, m.event(b).Start) }
	byEnd := func(a, b int) int { return cmp.Compare(m.event(a).End, m.event(b).End) }
	slices.SortStableFunc(m.events, byTime)
	for id, s := range m.socks {
		slices.SortStableFunc(s.sends, func(a, b int) int { return cmp.Compare(m.sentBy(a, id), m.sentBy(b, id)) })
		slices.SortStableFunc(s.recvs, byTime)
		slices.SortStableFunc(s.accepts, byEnd)
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

// closes notes the close of a descriptor of a description.
func (m *matcher) closes(i int, id uint64, last bool) {
	s := m.to(id)
	s.closes = append(s.closes, i)
	s.ended = s.ended || last
}

func (m *matcher) indexEvent(i int, e *event.Event) {
	m.indexEndpoints(e)
	for _, id := range e.Ends {
		m.closes(i, id, true)
	}
	for _, h := range e.Held {
		m.to(h.Desc).heldBy = h.By
	}
	for _, id := range e.Leaves {
		m.closes(i, id, false)
	}
	switch e.Op {
	case event.OpPair:
		m.peer[e.Sock], m.peer[e.Endpoints.Peer] = e.Endpoints.Peer, e.Sock
	case event.OpSend:
		// A send that failed because of the peer, or that the end of the run
		// has cut off, has ended after what the peer received of it.
		if e.Errno == unix.EPIPE || e.Errno == unix.ECONNRESET || e.Quiet == event.CutOff {
			put(&m.failed, e.Sock, i)
			put(&m.before, i, slices.Clone(m.g.Nodes[i].Preds))
		} else {
			m.to(e.Sock).sends = append(m.to(e.Sock).sends, i)
		}
		if e.Urgent && e.Errno == 0 {
			m.to(e.Sock).urgent = append(m.to(e.Sock).urgent, i)
		}
	case event.OpRecv:
		if e.Also != nil {
			m.to(e.Also.Sock).sends = append(m.to(e.Also.Sock).sends, i)
			put(&m.before, i, slices.Clone(m.g.Nodes[i].Preds))
		}
		if e.Errno == 0 && e.Look == (event.Look{}) {
			m.to(e.Sock).recvs = append(m.to(e.Sock).recvs, i)
		}
	case event.OpHandshake:
		m.to(e.Sock).sends = append(m.to(e.Sock).sends, i)
		m.to(e.Sock).hands = append(m.to(e.Sock).hands, handshake{i, slices.Clone(m.g.Nodes[i].Preds)})
	case event.OpAccept:
		if e.Endpoints != nil {
			m.to(e.Sock).accepts = append(m.to(e.Sock).accepts, i)
		}
	case event.OpClose:
		m.closes(i, e.Sock, true)
	case event.OpShut:
		if e.Shut&event.ShutWrite != 0 {
			m.to(e.Sock).shuts = append(m.to(e.Sock).shuts, i)
		}
		if e.Shut&event.ShutRead != 0 {
			m.to(e.Sock).deafs = append(m.to(e.Sock).deafs, i)
		}
	case event.OpListen:
		if e.Errno == 0 {
			at := placeOf(e.Endpoints.Local)
			m.listens[at] = append(m.listens[at], i)
			m.to(e.Sock).lists = append(m.to(e.Sock).lists, i)
		}
	case event.OpStart, event.OpKill, event.OpFork, event.OpExit:
		m.procs.index(i, e)
	case event.OpInject, event.OpSegment:
		m.indexFar(i, e)
	}
}

// indexEndpoints notes where a description sent to or connected.
func (m *matcher) indexEndpoints(e *event.Event) {
	l := e.Endpoints
	switch {
	case l == nil:
	case e.Op == event.OpAccept:
		made := m.to(l.Made)
		made.remote, made.hasRemote = l.Remote, true
	case (e.Op == event.OpConnect || e.Op == event.OpSend) && !l.Remote.IsZero():
		s := m.to(e.Sock)
		s.remote, s.hasRemote = l.Remote, true
	}
}

// owners are the descriptions that had an address.
func (m *matcher) owners() map[event.HostAddr][]uint64 {
	if m.addresses != nil {
		return m.addresses
	}
	m.addresses = make(map[event.HostAddr][]uint64)
	for i := range m.g.Nodes[:m.g.Meets] {
		e := m.g.Event(i)
		if e == nil || e.Op == event.OpAccept || e.Endpoints == nil {
			continue
		}
		at := e.Endpoints.LocalAddr()
		if list := m.addresses[at]; !e.Endpoints.Local.IsZero() && !slices.Contains(list, e.Sock) {
			m.addresses[at] = append(list, e.Sock)
			m.to(e.Sock).endpoints = e.Endpoints
		}
	}
	return m.addresses
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

// urges makes a receive with MSG_OOB come after the send of its byte: the
// urgent byte goes before those in line.
func (m *matcher) urges(i int, e *event.Event) {
	list := m.of(m.peer[e.Sock]).urgent
	n := 0
	for _, j := range m.of(e.Sock).recvs {
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
	m.cause(i, m.lastBefore(m.of(e.Sock).sends, e.End))
}

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

func (m *matcher) lastBefore(list []int, end time.Duration) int {
	best := -1
	for _, i := range list {
		if m.event(i).Start <= end && (best < 0 || m.event(best).Start <= m.event(i).Start) {
			best = i
		}
	}
	return best
}
