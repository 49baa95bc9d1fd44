package runner

import (
	"github.com/sockscript/sockscript/steps"
)

// holds makes the call that a blocked step found a branch in end after it.
func (m *matcher) holds(i int, e *steps.Event) {
	for at, en := range m.g.history.strands[e.Holds.Strand].entries {
		if en.event != nil && en.event.End >= e.End {
			held := m.g.base[e.Holds.Strand] + at
			m.cause(held, i)
			m.held[held] = append(m.held[held], i)
			return
		}
	}
}

// released finds what let a call go on that a blocked step has seen waiting for
// room: a receive that made it, or an accept that freed a place. It is one that
// does not come before the blocked step: after that the call still waited.
func (m *matcher) released(i int, e *steps.Event) {
	if len(m.held[i]) == 0 || e.Errno != 0 {
		return
	}
	var list []int
	switch e.Op {
	case steps.OpConnect:
		list = m.accepts[m.reached[e.Sock]]
	case steps.OpSend, steps.OpClose:
		for _, id := range m.receivers(e) {
			list = append(list, m.recvs[id]...)
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
func (m *matcher) receivers(e *steps.Event) []uint64 {
	if peer, known := m.peer[e.Sock]; known {
		return []uint64{peer}
	}
	if e.Link == nil || e.Link.Remote.IsZero() {
		return nil
	}
	var list []uint64
	for _, id := range m.owners[e.Link.Remote] {
		if id != e.Sock {
			list = append(list, id)
		}
	}
	return list
}
