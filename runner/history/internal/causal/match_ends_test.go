package causal

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// What ends a description are the closes of all its descriptors, in whichever
// order they happened to come.
func TestEndAfterAllCloses(t *testing.T) {
	const looks, one, two = 0, 1, 2 // the branches
	local := &event.Endpoints{Local: sock.Addr{Family: unix.AF_UNIX, Path: "/s"}}
	pair := event.Event{Op: event.OpPair, Sock: 1, Endpoints: &event.Endpoints{Peer: 2}}
	work := event.Event{}
	leave, last := event.Event{Leaves: []uint64{2}}, event.Event{Op: event.OpClose, Sock: 2}
	exit := event.Event{Op: event.OpExit, Proc: &event.Proc{ID: 9}, Ends: []uint64{2}}
	shut := event.Event{Op: event.OpShut, Sock: 2, Shut: event.ShutWrite}
	eof := event.Event{Op: event.OpRecv, Sock: 1, EOF: true}
	poll := event.Event{Op: event.OpPoll, Ready: []event.ReadyHandle{{Sock: 1, Ended: true}}}
	reset := event.Event{Op: event.OpRecv, Sock: 1, Errno: unix.ECONNRESET}
	bind := event.Event{Op: event.OpBind, Sock: 2, Endpoints: local}
	rebind := event.Event{Op: event.OpBind, Sock: 3, Endpoints: local}
	gone := event.Event{Op: event.OpClose, Sock: 3}
	refused := event.Event{Op: event.OpConnect, Sock: 1, Errno: unix.ECONNREFUSED, Endpoints: &event.Endpoints{Remote: local.Local}}
	type done struct {
		branch int
		event  event.Event
	}
	for _, test := range []struct {
		name  string
		first event.Event
		order []done // in the order of time
		depth int    // of the last of them
	}{
		{"the deeper close is the last", pair, []done{{two, leave}, {one, work}, {one, work}, {one, last}, {looks, eof}}, 4},
		{"the deeper close is not the last", pair, []done{{one, work}, {one, work}, {one, leave}, {two, last}, {looks, eof}}, 4},
		{"a descriptor was in a message at a close", pair, []done{{one, work}, {one, work}, {one, last}, {two, last}, {looks, eof}}, 4},
		{"a process has ended last", pair, []done{{one, work}, {one, work}, {one, leave}, {two, exit}, {looks, eof}}, 4},
		{"a poll", pair, []done{{one, work}, {one, work}, {one, leave}, {two, last}, {looks, poll}}, 4},
		{"a reset", pair, []done{{one, work}, {one, work}, {one, leave}, {two, last}, {looks, reset}}, 4},
		{"a shutdown before the last close", pair, []done{{one, work}, {one, shut}, {two, leave}, {one, last}, {looks, eof}}, 3},
		{"a shutdown before a close that is not the last", pair, []done{{one, work}, {one, shut}, {one, leave}, {two, last}, {looks, eof}}, 3},
		{"a shutdown where a descriptor stays open", pair, []done{{one, work}, {one, shut}, {two, leave}, {looks, eof}}, 3},
		{"a shutdown while a descriptor is open", pair, []done{{one, work}, {one, shut}, {two, leave}, {looks, eof}, {one, last}}, 3},
		{"no descriptor is left that listens", bind, []done{{one, work}, {one, work}, {one, leave}, {two, last}, {looks, refused}}, 4},
		{"no socket is left at the address", bind, []done{{looks, rebind}, {one, work}, {one, work}, {one, last}, {two, gone}, {looks, refused}}, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			branches := []*record.Branch{{ID: looks, Actor: "a"}, {ID: one, Actor: "b", Place: 1}, {ID: two, Actor: "c", Place: 2}}
			add := func(b *record.Branch, e event.Event, at int) {
				e.Seq, e.Start, e.End = len(b.Entries), time.Duration(2*at), time.Duration(2*at+1)
				b.Entries = append(b.Entries, record.Entry{Event: &e})
			}
			add(branches[looks], test.first, 0)
			for i, d := range test.order {
				add(branches[d.branch], d.event, i+1)
			}
			g := newGraph(&record.Record{Branches: branches})
			g.addCauses()
			for i, n := range g.Nodes {
				switch e := g.Event(i); {
				case n.Branch.ID != looks || e.Op != eof.Op && e.Op != poll.Op && e.Op != refused.Op:
				case n.Depth != test.depth:
					t.Errorf("the end was seen at depth %d; want %d", n.Depth, test.depth)
				}
			}
		})
	}
}
