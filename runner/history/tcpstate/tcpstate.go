// Package tcpstate derives the TCP states of both ends of each connection of a
// run from what was recorded, by the state machine of RFC 9293. No state is
// sampled: so they are the same on every run. Between sockets of one host, and
// over a network that nothing disturbs, what is sent arrives at once. Elsewhere
// it arrives when a later event shows that it has: an accept, an end of file, a
// state.
package tcpstate

import (
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
)

// States are the states around each event of a record.
type States struct {
	at       map[event.Cause][]Change
	contrary []Contrary
}

// A Change is what an event has done to one end of a connection: the state
// before, those on the way, and the one after. Where it has done nothing, that
// is one state.
type Change struct {
	Actor  string // that has the end, without the number of a replica
	Branch int    // of the record, that made the socket
	Socket string // its name; of an end that nobody has accepted, that of the listener
	Queued bool   // nobody has accepted it
	States []State
}

// Changed reports whether the state is another one after the event.
func (c Change) Changed() bool { return len(c.States) > 1 }

// Name is how a line of an actor calls the end: sock, and server.conn where it
// is that of another one.
func (c Change) Name(actor string) string {
	n := c.Socket
	if c.Actor != actor {
		n = c.Actor + "." + n
	}
	if c.Queued {
		return "queue of " + n
	}
	return n
}

// A Contrary is a state step that got another state than the derived one.
type Contrary struct {
	At            event.Cause
	Derived, Told State
}

// At are the ends that an event acts on, the socket's own first, and others
// whose states it has changed.
func (s *States) At(c event.Cause) []Change { return s.at[c] }

// Contrary are the state steps of which the kernel said something else.
func (s *States) Contrary() []Contrary { return s.contrary }

// Of derives the states of a record. Where an event contradicts that all
// arrives at once, the states of that connection are derived again, from what
// events show.
func Of(r *history.Record) *States {
	slow := make(map[event.Cause]bool)
	for {
		d := newDeriver(r, slow)
		d.derive()
		known := len(slow)
		for _, c := range d.conns {
			if c.contradicted {
				slow[c.key] = true
			}
		}
		if len(slow) == known {
			return d.states
		}
	}
}
