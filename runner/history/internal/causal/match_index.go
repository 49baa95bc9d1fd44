package causal

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// sockEvents are the events of one description, most of them by what they did.
type sockEvents struct {
	sends     []int // in the order of their offsets
	sentIn    []foldSent
	urgent    []int // sends with MSG_OOB
	recvs     []int // those that took something, in the order of time
	looks     []int // into its error queue
	fails     []int // calls that have failed
	closes    []int // of its descriptors; the last of them ends it
	ended     bool  // one of them was the last
	shuts     []int // shutdowns that end sending
	deafs     []int // those that end receiving
	hands     []handshake
	heldBy    []uint64         // those to which messages had descriptors that nobody received
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
	if e.Errno != 0 && e.Sock != 0 {
		m.to(e.Sock).fails = append(m.to(e.Sock).fails, i)
	}
	if e.Gives != nil {
		m.gives = append(m.gives, i)
	}
	for _, id := range e.Ends {
		if !slices.Contains(e.Lost, id) { // see rights
			m.closes(i, id, true)
		}
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
		if e.Errno == 0 && e.Look.Errqueue && !e.Look.Peek {
			m.to(e.Sock).looks = append(m.to(e.Sock).looks, i)
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
