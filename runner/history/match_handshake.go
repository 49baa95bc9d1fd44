package history

import (
	"slices"

	"github.com/sockscript/sockscript/steps/event"
)

// A handshake is an event in which both sides send and receive in turn.
type handshake struct {
	node   int
	before []int // what it comes after by its own actor
}

// handshakes makes the two sides of each handshake come after what the other
// side did before it: the answer to a first message tells that the other has
// come so far. Which of them ends first depends on the protocol, and nothing
// that is printed does.
func (m *matcher) handshakes() {
	for id, list := range m.hands {
		peer, known := m.peer[id]
		if !known {
			continue
		}
		for k, other := range m.hands[peer] {
			if k < len(list) {
				m.causes(list[k].node, other.before)
			}
		}
	}
}

func (m *matcher) causes(i int, by []int) {
	for _, j := range by {
		m.cause(i, j)
	}
}

// sent makes a receive come after the event that sent its last byte. A handshake
// goes on while its peer, who has not shaken hands in an event of its own,
// receives and answers: there the receive comes after what was before the
// handshake. The handshake of a peer that has is no cause: see handshakes.
func (m *matcher) sent(i int, id, peer uint64, by int) {
	k := slices.IndexFunc(m.hands[peer], func(h handshake) bool { return h.node == by })
	e := m.g.nodes[i].entry().Event
	switch {
	case k < 0:
		m.cause(i, by)
	case len(m.hands[id]) <= k:
		m.causes(i, m.hands[peer][k].before)
	case e == nil || e.Op != event.OpHandshake:
		m.cause(i, by)
	}
}
