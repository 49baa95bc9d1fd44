package history

import (
	"iter"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// A place is what the address of a message and that of its receiver have in
// common.
type place struct {
	port uint16
	path string
}

func placeOf(a sock.Addr) place { return place{a.Port, a.Path} }

// A line is messages in the order of time. Those at its head that were received
// are passed over once and for all.
type line struct {
	list []*message
	head int
}

func addTo[K comparable](lines map[K]*line, key K, x *message) {
	if lines[key] == nil {
		lines[key] = new(line)
	}
	lines[key].list = append(lines[key].list, x)
}

// rest are the messages from the first on that was not received.
func (l *line) rest() []*message {
	if l == nil {
		return nil
	}
	for l.head < len(l.list) && l.list[l.head].gone() {
		l.head++
	}
	return l.list[l.head:]
}

// waiting are the messages that may wait at the socket of a receive, in the
// order of time: those to its port or path, and those to no port. Some of them
// may be gone, or go to others.
func (m *matcher) waiting(e *event.Event) iter.Seq[*message] {
	all := m.messages()
	var first, second []*message
	switch at := e.Endpoints.Local; {
	case m.peer[e.Sock] != 0:
		first = all.peers[e.Sock].rest()
	case at.NoPort:
		first = all.all.rest()
	default:
		first = all.places[placeOf(at)].rest()
		if placeOf(at) != (place{}) {
			second = all.places[place{}].rest()
		}
	}
	return func(yield func(*message) bool) {
		for len(first)+len(second) > 0 {
			if len(first) == 0 || len(second) > 0 && second[0].turn < first[0].turn {
				first, second = second, first
			}
			if !yield(first[0]) {
				return
			}
			first = first[1:]
		}
	}
}
