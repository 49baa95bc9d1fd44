package runner

import (
	"github.com/sockscript/sockscript/steps"
)

// takes makes a receive or an accept come after what it took out of a queue.
func (m *matcher) takes(i, by int) {
	m.cause(i, by)
	m.taken[i] = append(m.taken[i], by)
}

// polls makes each poll come after what made its handles ready.
func (m *matcher) polls() {
	for at, i := range m.events {
		if e := m.event(i); e.Op == steps.OpPoll {
			for _, r := range e.Ready {
				m.ready(i, at, e, r)
			}
		}
	}
}

// ready finds what made one handle ready: the send of the next byte or message,
// the end of the peer's sending, or else what is taken from it next.
func (m *matcher) ready(i, at int, e *steps.Event, r steps.ReadyHandle) {
	peer, known := m.peer[r.Sock]
	if !known {
		m.next(i, at, e, r)
		return
	}
	by := -1
	if r.Data {
		by = m.sender(peer, r.Offset+1)
		m.cause(i, by)
	}
	if r.Ended || r.Reset || r.Data && by < 0 {
		m.cause(i, m.ending(e, peer, true, r.Reset))
	}
}

// next makes a poll come after what the next accept or receive from a handle
// takes: a connection or a datagram is known by that only.
func (m *matcher) next(i, at int, e *steps.Event, r steps.ReadyHandle) {
	if !r.Data {
		return
	}
	for _, j := range m.events[at+1:] {
		n := m.event(j)
		if n.Sock == r.Sock && n.Errno == 0 && n.Start >= e.End && (n.Op == steps.OpAccept || n.Op == steps.OpRecv) {
			for _, by := range m.taken[j] {
				m.cause(i, by)
			}
			return
		}
	}
}

// holds makes the call that a blocked step found a branch in end after it.
func (m *matcher) holds(i int, e *steps.Event) {
	for at, en := range m.g.history.strands[e.Holds.Strand].entries {
		if en.event != nil && en.event.End >= e.End {
			m.cause(m.g.base[e.Holds.Strand]+at, i)
			return
		}
	}
}
