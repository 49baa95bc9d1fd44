package causal

import (
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// A receive with a short buffer is matched to its send by the beginning. Many
// of them take time that grows as their number does: a hundred thousand would
// else take minutes.
func TestMatchCutDatagrams(t *testing.T) {
	count := ci.Rounds(25_000, 100_000)
	at := func(port uint16) sock.Addr {
		return sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: port}
	}
	sender, receiver := &record.Branch{ID: 0, Actor: "a"}, &record.Branch{ID: 1, Actor: "b"}
	began := processorTime(t)
	for i := range count {
		now := time.Duration(2 * i)
		sent := event.Datagram{Sum: uint64(i), Len: 2, Remote: at(9)}
		sent.Head[0] = byte(i)
		cut := event.Datagram{Sum: 1 << 40, Len: 1, Head: sent.Head, Cut: true, Remote: at(8)}
		sender.Entries = append(sender.Entries, record.Entry{Event: &event.Event{
			Seq: i, Op: event.OpSend, Sock: 1, Start: now, End: now, Sums: []event.Datagram{sent},
			Endpoints: &event.Endpoints{Type: syscall.SOCK_DGRAM, Local: at(8), Remote: at(9)},
		}})
		receiver.Entries = append(receiver.Entries, record.Entry{Event: &event.Event{
			Seq: i, Op: event.OpRecv, Sock: 2, Start: now + 1, End: now + 1, Sums: []event.Datagram{cut},
			Endpoints: &event.Endpoints{Type: syscall.SOCK_DGRAM, Local: at(9)},
		}})
	}
	g := newGraph(&record.Record{Branches: []*record.Branch{sender, receiver}})
	g.addCauses()
	for _, i := range []int{0, 1, count - 1} {
		if got := g.kernel.taken[count+i]; len(got) != 1 || got[0] != i {
			t.Errorf("receive %d took the sends %v", i, got)
		}
	}
	// What grows as the square of their number takes longer.
	most := time.Duration(count) * time.Duration(count) * (time.Minute / (100_000 * 100_000))
	if took := processorTime(t) - began; took > most {
		t.Errorf("it took %v of processor time", took)
	}
}

// Of two receives that wait at one socket for the same bytes, the first to end
// takes the first message, whichever began first.
func TestMatchWaitingReceives(t *testing.T) {
	x := talkOf("aa", false)
	for i, en := range x.branches[1].Entries {
		en.Event.Start = time.Duration(4 + 5*i)
		en.Event.End = en.Event.Start
	}
	first, second := x.branches[0].Entries[0], x.branches[0].Entries[1]
	first.Event.Start, first.Event.End = 1, 10
	second.Event.Start, second.Event.End, second.Event.Seq = 2, 5, 0
	x.branches[0].Entries, x.branches[2].Entries = []record.Entry{first}, []record.Entry{second}
	g := x.graph(false)
	for i, want := range map[int]int{0: 2, 3: 1} {
		if got := g.kernel.taken[i]; !slices.Equal(got, []int{want}) {
			t.Errorf("receive %d took %v; want %d", i, got, want)
		}
	}
}

// processorTime is how long the process has run so far, whatever else the
// machine does.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
