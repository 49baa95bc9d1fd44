package history

import (
	"github.com/sockscript/sockscript/steps/event"
)

// mostRelays bounds how many relays a byte is followed through: two that relay to
// each other pass it on for ever.
const mostRelays = 64

// arrives makes a node come after the send of the byte before an offset in what
// a description received, and reports whether that send is known. A relay only
// passes the byte on: behind it stands the send on its other side. The relay has
// begun by then, but need not have ended.
func (m *matcher) arrives(i int, id uint64, offset int64) bool {
	for range mostRelays {
		peer, known := m.peer[id]
		if !known {
			return false
		}
		by := m.sender(peer, offset)
		if failed, ok := m.failed[peer]; by < 0 && ok {
			m.causes(i, m.before[failed])
			return true
		}
		hop, relayed := m.hop(by, peer, offset)
		if !relayed {
			m.sent(i, id, peer, by)
			return by >= 0
		}
		m.causes(i, m.before[by])
		id, offset = m.event(by).Sock, hop.In(offset)
	}
	return false
}

// hop is the piece of a relay's work that gave a byte.
func (m *matcher) hop(i int, id uint64, offset int64) (event.Hop, bool) {
	if i < 0 {
		return event.Hop{}, false
	}
	e := m.event(i)
	if e == nil || e.Also == nil || e.Also.Sock != id {
		return event.Hop{}, false
	}
	for _, h := range e.Also.Hops {
		if h.OutStart < offset && offset <= h.OutEnd {
			return h, true
		}
	}
	return event.Hop{}, false
}
