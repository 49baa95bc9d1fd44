package causal

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// Of two events that nothing orders, the one that happened to come first, or
// last, is not a cause because of that.
func TestClockOrdersNothing(t *testing.T) {
	const looks, one, two = 0, 1, 2 // the branches
	at := func(port uint16) sock.Addr {
		return sock.Addr{Family: unix.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: port}
	}
	work := event.Event{}
	pair := event.Event{Op: event.OpPair, Sock: 1, Endpoints: &event.Endpoints{Peer: 2}}
	urgent := event.Event{Op: event.OpSend, Sock: 2, Urgent: true}
	oob := event.Event{Op: event.OpRecv, Sock: 1, Urgent: true}
	pri := event.Event{Op: event.OpPoll, Ready: []event.ReadyHandle{{Sock: 1, Urgent: true}}}
	datagrams := &event.Endpoints{Type: unix.SOCK_DGRAM, Local: at(1), Remote: at(2)}
	send := func(text string) event.Event {
		return event.Event{Op: event.OpSend, Sock: 3, Endpoints: datagrams, Sums: []event.Datagram{event.NewDatagram([]byte(text), at(2))}}
	}
	report := event.Event{Op: event.OpRecv, Sock: 3, Look: event.Look{Errqueue: true}, Sums: []event.Datagram{event.NewDatagram([]byte("a"), at(2))}}
	back := event.Event{Op: event.OpRecv, Sock: 3, Errno: unix.ECONNREFUSED, Endpoints: datagrams}
	failed := send("a")
	failed.Errno = unix.ECONNREFUSED
	kill := event.Event{Op: event.OpKill, Proc: &event.Proc{ID: 9, Signal: unix.SIGUSR1}}
	fork := event.Event{Op: event.OpFork, Proc: &event.Proc{ID: 9}, Process: 8}
	forks := event.Event{Op: event.OpFork, Proc: &event.Proc{ID: 10}, Process: 8}
	exit := event.Event{Op: event.OpExit, Proc: &event.Proc{ID: 9}}
	exits := event.Event{Op: event.OpExit, Proc: &event.Proc{ID: 10}}
	signals := func(process uint64, sig unix.Signal, nth int) event.Event {
		return event.Event{Process: process, Signals: 1 << (sig - 1), Nth: nth}
	}
	flow := &event.Endpoints{Type: unix.SOCK_STREAM, Local: at(5), Remote: at(6)}
	seen := &event.Endpoints{Type: unix.SOCK_STREAM, Local: at(6), Remote: at(5)}
	asks := event.Event{Op: event.OpConnect, Sock: 4, Endpoints: seen, Errno: unix.EINPROGRESS}
	answer := event.Event{Op: event.OpInject, Sock: 5, Endpoints: flow, Segment: &event.Segment{Flags: event.TCPSyn | event.TCPAck}}
	reset := func(seq uint32) event.Event {
		return event.Event{Op: event.OpInject, Sock: 5, Endpoints: flow, Segment: &event.Segment{Flags: event.TCPRst, Seq: seq}}
	}
	broken := event.Event{Op: event.OpRecv, Sock: 4, Errno: unix.ECONNRESET}
	path := &event.Endpoints{Backlog: 1, Type: unix.SOCK_STREAM, Local: sock.Addr{Family: unix.AF_UNIX, Path: "/l"}}
	listen := event.Event{Op: event.OpListen, Sock: 20, Endpoints: path}
	connect := func(n uint64) event.Event {
		return event.Event{Op: event.OpConnect, Sock: 20 + n, Endpoints: &event.Endpoints{Type: unix.SOCK_STREAM, Remote: path.Local, Inode: 30 + n}}
	}
	accept := func(n uint64) event.Event {
		return event.Event{Op: event.OpAccept, Sock: 20, Endpoints: &event.Endpoints{Type: unix.SOCK_STREAM, Local: path.Local, PeerNode: 30 + n, Made: 40 + n}}
	}
	type done struct {
		branch int
		event  event.Event
	}
	for _, test := range []struct {
		name  string
		order []done // in the order of time
		depth int    // of the last of them
	}{
		{"a place that one of two accepts has freed", []done{{two, listen}, {looks, connect(1)}, {looks, connect(2)}, {two, work}, {two, work}, {two, work}, {two, accept(1)}, {one, accept(2)}, {looks, connect(3)}, {one, accept(3)}, {looks, work}}, 5},
		{"the one or the other urgent byte", []done{{looks, pair}, {one, urgent}, {two, work}, {two, work}, {two, urgent}, {looks, oob}}, 2},
		{"the same the other way", []done{{looks, pair}, {two, work}, {two, work}, {two, urgent}, {one, urgent}, {looks, oob}}, 2},
		{"each of two urgent bytes", []done{{looks, pair}, {two, work}, {two, work}, {two, urgent}, {one, urgent}, {looks, oob}, {looks, oob}}, 4},
		{"a poll of the one or the other urgent byte", []done{{looks, pair}, {one, urgent}, {two, work}, {two, work}, {two, urgent}, {looks, pri}}, 2},
		{"a poll of the next urgent byte", []done{{looks, pair}, {two, urgent}, {looks, oob}, {two, work}, {two, urgent}, {looks, pri}}, 4},
		{"a report of the one send", []done{{one, send("a")}, {two, work}, {two, work}, {two, send("b")}, {looks, report}}, 2},
		{"a report of one of two sends alike", []done{{one, send("a")}, {two, work}, {two, work}, {two, send("a")}, {looks, report}}, 1},
		{"reports of both sends", []done{{two, work}, {two, work}, {two, send("a")}, {one, send("a")}, {looks, report}, {looks, report}}, 4},
		{"a refusal of what was sent before", []done{{one, send("a")}, {two, work}, {two, work}, {two, failed}, {looks, back}}, 2},
		{"a refusal of one of two sends", []done{{one, send("a")}, {two, work}, {two, work}, {two, send("b")}, {looks, back}}, 1},
		{"refusals of two sends", []done{{one, send("a")}, {two, work}, {two, work}, {two, send("b")}, {looks, back}, {looks, back}}, 4},
		{"both signals of a count", []done{{two, work}, {two, work}, {two, kill}, {one, kill}, {looks, signals(9, unix.SIGUSR1, 2)}}, 4},
		{"one of two signals", []done{{one, kill}, {two, work}, {two, work}, {two, kill}, {looks, signals(9, unix.SIGUSR1, 1)}}, 1},
		{"an interruption by one of two signals", []done{{one, kill}, {two, work}, {two, work}, {two, kill}, {looks, signals(9, unix.SIGUSR1, 0)}}, 1},
		{"the ends of two processes", []done{{looks, fork}, {looks, forks}, {two, work}, {two, work}, {two, work}, {two, exit}, {one, exits}, {looks, signals(8, unix.SIGCHLD, 2)}}, 5},
		{"the end of one of two processes", []done{{looks, fork}, {looks, forks}, {one, exits}, {two, work}, {two, work}, {two, work}, {two, exit}, {looks, signals(8, unix.SIGCHLD, 1)}}, 3},
		{"a far end that resets again", []done{{looks, asks}, {one, answer}, {one, reset(1)}, {one, work}, {one, reset(1)}, {looks, broken}}, 3},
		{"a far end that resets in vain before", []done{{looks, asks}, {one, answer}, {one, reset(7)}, {one, work}, {one, reset(1)}, {looks, broken}}, 5},
		{"two resets of a far end", []done{{looks, asks}, {one, answer}, {two, work}, {two, work}, {one, reset(1)}, {two, reset(1)}, {looks, broken}}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			branches := []*record.Branch{{ID: looks, Actor: "a"}, {ID: one, Actor: "b", Place: 1}, {ID: two, Actor: "c", Place: 2}}
			for i, d := range test.order {
				b := branches[d.branch]
				d.event.Seq, d.event.Start, d.event.End = len(b.Entries), time.Duration(2*i), time.Duration(2*i+1)
				b.Entries = append(b.Entries, record.Entry{Event: &d.event})
			}
			g := New(&record.Record{Branches: branches})
			last := test.order[len(test.order)-1].branch
			i := slices.IndexFunc(g.Nodes, func(n Node) bool { return n.Branch.ID == last && n.At == len(branches[last].Entries)-1 })
			if got := g.Nodes[i].Depth; got != test.depth {
				t.Errorf("the effect is at depth %d; want %d", got, test.depth)
			}
		})
	}
}
