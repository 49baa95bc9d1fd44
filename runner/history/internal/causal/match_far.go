package causal

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// A farEnd is one that the script plays, packet by packet. It is like a socket:
// what it injects are its sends, a FIN is its shutdown, and a RST or an ICMP
// error is its close.
type farEnd struct {
	endpoints *event.Endpoints // its own address, and that of the kernel's side
	asks      bool             // it has opened the connection
	synced    bool             // it has sent a SYN
	came      int64            // how much it has sent
	answer    int              // the inject that made a connection which the kernel opened; -1: none
	connects  []int            // of the kernel, to it
}

// indexFar sorts an inject or a segment into the tables.
func (m *matcher) indexFar(i int, e *event.Event) {
	if m.far == nil {
		m.far = make(map[uint64]*farEnd)
	}
	f := m.far[e.Sock]
	if f == nil {
		f = &farEnd{answer: -1}
		m.far[e.Sock] = f
	}
	f.endpoints = e.Endpoints
	if e.Op == event.OpSegment {
		return
	}
	s, t := m.to(e.Sock), e.Segment
	switch {
	case t == nil:
		m.closes(i, e.Sock, true)
		return
	case t.Flags&event.TCPRst != 0:
		if !f.synced || f.resets(t, len(s.shuts)) {
			m.closes(i, e.Sock, true)
		}
	case e.Shut != 0 && len(s.shuts) == 0:
		s.shuts = append(s.shuts, i)
	}
	f.asks = f.asks || e.Opens
	f.came = max(f.came, e.Offset)
	f.synced = f.synced || t.Flags&event.TCPSyn != 0
	if f.answer < 0 && f.synced && t.Flags&event.TCPAck != 0 && t.Flags&event.TCPRst == 0 {
		f.answer = i
	}
	s.sends = append(s.sends, i)
	if t.Flags&event.TCPAck != 0 {
		s.recvs = append(s.recvs, i) // it makes room
	}
}

// resets reports whether a RST of a far end, which has ended its sending so
// often, has the number that is the next one: others end nothing (RFC 5961,
// section 3).
func (f *farEnd) resets(t *event.Segment, fins int) bool {
	return int64(t.Seq) == f.came+1+int64(fins)
}

// farEnds ties the connections that the kernel opened to the far ends that the
// script played. A connect comes after the inject that made the connection.
// Those that the far end opened are tied as others are: see
// [matcher.connections].
func (m *matcher) farEnds() {
	if len(m.far) == 0 {
		return
	}
	for _, i := range m.events {
		e := m.event(i)
		if e.Op != event.OpConnect || e.Endpoints == nil || e.Endpoints.Type != unix.SOCK_STREAM {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(m.far)) {
			f := m.far[id]
			if f.asks || f.endpoints.Type != unix.SOCK_STREAM || !f.joins(e.Endpoints) {
				continue
			}
			f.connects = append(f.connects, i)
			m.peer[id], m.peer[e.Sock] = e.Sock, id
			m.connected(i, e, id, f)
		}
	}
}

// joins reports whether a connect went to the far end. A socket whose connect
// has failed has lost its address.
func (f *farEnd) joins(l *event.Endpoints) bool {
	return l.Host == f.endpoints.Host && sameHost(l.Remote, f.endpoints.Local) && l.Remote.Port == f.endpoints.Local.Port &&
		(l.Local.Port == 0 || l.Local.Port == f.endpoints.Remote.Port)
}

// connected makes a connect, or a poll that saw its end, come after what the
// far end answered.
func (m *matcher) connected(i int, e *event.Event, id uint64, f *farEnd) {
	switch {
	case e.Defers || e.Errno == unix.ECONNREFUSED: // see refusals
	case e.Errno == 0:
		m.cause(i, f.answer)
	case e.Errno == unix.EINPROGRESS:
		for _, j := range m.events {
			p := m.event(j)
			if p.Op == event.OpPoll && slices.ContainsFunc(p.Ready, func(r event.ReadyHandle) bool { return r.Sock == e.Sock && r.Out && !r.Reset }) {
				m.cause(j, m.oneOf(j, []int{f.answer}))
			}
		}
	default:
		m.cause(i, m.oneOf(i, m.of(id).closes))
	}
}

// crosses makes a segment that the kernel sent come after the call that it
// carries out.
func (m *matcher) crosses(i int, e *event.Event) {
	t := e.Segment
	if t == nil {
		return
	}
	var list []int
	switch {
	case t.Flags&event.TCPSyn != 0:
		m.asked(i, m.far[e.Sock])
	case t.Flags&(event.TCPFin|event.TCPRst) != 0:
		m.finished(i, m.finishes(i, e, e.Sock, t.Flags&event.TCPRst != 0))
	case t.Len > 0:
		if own, known := m.peer[e.Sock]; known {
			list = []int{m.sender(own, e.Offset)}
		}
	}
	m.cause(i, m.oneOf(i, list))
}

// asked makes a SYN of the kernel come after the listen behind it, or after the
// connect. One that waits for the answer to this very segment has not ended:
// then it is what came before the connect.
func (m *matcher) asked(i int, f *farEnd) {
	if len(f.connects) == 0 {
		m.cause(i, m.oneOf(i, m.listening(&event.Endpoints{Host: f.endpoints.Host, Remote: f.endpoints.Remote})))
		return
	}
	by := f.connects[len(f.connects)-1]
	if m.event(by).Errno == unix.EINPROGRESS {
		m.cause(i, by)
		return
	}
	n := &m.g.Nodes[by]
	m.causes(i, slices.Clone(n.Preds[:n.Own]))
}
