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
)

// A talk is a server that takes one datagram after the other, and its clients,
// each with a socket of its own.
type talk struct {
	branches []*record.Branch
	sent     [3]int64 // by branch
	received [3]int64
	now      time.Duration
}

// talkOf is a talk in which clients are served in an order: "aab" is two rounds
// of client a and one of b. With answers, each waits for one.
func talkOf(order string, answers bool) *talk {
	t := &talk{branches: []*record.Branch{{ID: 0, Actor: "server"}, {ID: 1, Actor: "client", Place: 1}, {ID: 2, Actor: "client", Place: 1, Index: 1}}}
	for _, c := range order {
		client := int(c-'a') + 1
		t.passes(client, 0)
		if answers {
			t.passes(0, client)
		}
	}
	return t
}

// passes takes a datagram from one to another.
func (t *talk) passes(from, to int) {
	at := func(i int) sock.Addr {
		return sock.Addr{Family: syscall.AF_INET, IP: netip.MustParseAddr("127.0.0.1"), Port: uint16(i + 1)}
	}
	t.sent[from]++
	t.received[to]++
	t.add(from, event.Event{
		Op: event.OpSend, Sock: uint64(from + 1), Offset: t.sent[from], Sums: []event.Datagram{{Sum: 1, Len: 2, Remote: at(to)}},
		Endpoints: &event.Endpoints{Type: syscall.SOCK_DGRAM, Local: at(from), Remote: at(to)},
	})
	t.add(to, event.Event{
		Op: event.OpRecv, Sock: uint64(to + 1), Offset: t.received[to], Sums: []event.Datagram{{Sum: 1, Len: 2, Remote: at(from)}},
		Endpoints: &event.Endpoints{Type: syscall.SOCK_DGRAM, Local: at(to)},
	})
}

func (t *talk) add(to int, e event.Event) {
	t.now++
	b := t.branches[to]
	e.Start, e.End, e.Seq, e.Place = t.now, t.now, len(b.Entries), &event.Place{}
	b.Entries = append(b.Entries, record.Entry{Event: &e})
}

// fold folds the rounds of a branch, except for the first and the last. Each
// round has this many events.
func (t *talk) fold(b *record.Branch, round int) {
	inner := b.Entries[round : len(b.Entries)-round]
	if len(inner) == 0 {
		return
	}
	f := &record.Fold{
		ID: b.ID + 1, Rounds: len(inner) / round, First: inner[0].First(), Last: inner[len(inner)-1].First(),
		Start: inner[0].Event.Start, End: inner[len(inner)-1].Event.End,
		Sent: make(map[uint64]int64), Received: make(map[uint64]int64),
	}
	for _, en := range inner {
		if en.Event.Op == event.OpSend {
			f.Sent[en.Event.Sock] = en.Event.Offset
		} else {
			f.Received[en.Event.Sock] = en.Event.Offset
		}
	}
	b.Entries = slices.Concat(b.Entries[:round], []record.Entry{{Fold: f}}, b.Entries[len(b.Entries)-round:])
}

// graph is that of the talk, maybe with its rounds folded.
func (t *talk) graph(folded bool) *Graph {
	if folded {
		for _, b := range t.branches {
			round := 1
			if t.sent[b.ID] > 0 && t.received[b.ID] > 0 {
				round = 2
			}
			t.fold(b, round)
		}
	}
	return New(&record.Record{Branches: t.branches})
}

// uniform is a transcript in which all events print alike.
type uniform struct{ replicas bool }

func (uniform) Text(*event.Event) string { return "" }

func (u uniform) Kinships() map[int]Kinship {
	kin := map[int]Kinship{0: {Group: 1, Performer: 1}, 1: {Group: 2, Performer: 2, Name: "a"}, 2: {Group: 3, Performer: 3, Name: "b"}}
	if u.replicas {
		kin[2] = Kinship{Group: 2, Performer: 3, Name: "a"}
	}
	return kin
}

// Clients that come once are interchangeable, and so are those who get no
// answer. Who comes again after an answer is not: whether the first one to be
// served is also the second, or the last, shows. That is so in whichever order
// they came, and also where most rounds were folded.
func TestRacesOfReplicas(t *testing.T) {
	for _, test := range []struct {
		name            string
		orders          []string
		answers, folded bool
		replicas, races bool
	}{
		{"once", []string{"ab", "ba"}, true, false, true, false},
		{"again", []string{"aabb", "abab", "abba", "bbaa"}, true, false, true, true},
		{"again, without an answer", []string{"aabb", "abab", "abba"}, false, false, true, false},
		{"folded", []string{"aaaabbbb", "abababab", "abbbbaaa", "baaabbba"}, true, true, true, true},
		{"folded, without an answer", []string{"aaaabbbb", "abababab", "abbbbaaa"}, false, true, true, false},
		{"different actors", []string{"ab", "ba"}, true, false, false, true},
		{"different actors, folded", []string{"aaaabbbb", "abababab", "abbbbaaa", "baaabbba"}, true, true, false, true},
	} {
		for _, order := range test.orders {
			t.Run(test.name+" "+order, func(t *testing.T) {
				g := talkOf(order, test.answers).graph(test.folded)
				if races := g.Races(uniform{test.replicas}); len(races) > 0 != test.races {
					t.Errorf("the races are %+v", races)
				}
			})
		}
	}
}

// What follows a fold comes after the last rounds of the others, not after
// their first ones.
func TestDatagramsBehindFolds(t *testing.T) {
	for _, order := range []string{"aaaabbbb", "abababab", "abbbbaaa"} {
		g := talkOf(order, true).graph(true)
		last := g.base[0] + len(g.Record.Branches[0].Entries) - 2
		client := g.Record.Branches[order[len(order)-1]-'a'+1]
		want := g.base[client.ID] + len(client.Entries) - 2
		if got := g.kernel.taken[last]; !slices.Equal(got, []int{want}) {
			t.Errorf("%s: the last receive took %v; want %d", order, got, want)
		}
	}
}

// Where the sends were folded, and the receives were not, each receive comes
// after the send of the same number, or after the fold that has it, however
// fast the sender was.
func TestDatagramsOfFolds(t *testing.T) {
	for _, test := range []struct {
		name   string
		folded bool // some receives too
		want   []int
	}{
		{"all receives", false, []int{5, 6, 6, 6, 7}},
		{"receives behind a fold", true, []int{3, 4, 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := talkOf("aaaaa", false)
			for _, en := range x.branches[0].Entries {
				en.Event.Start, en.Event.End = x.now+en.Event.Start, x.now+en.Event.End
			}
			x.fold(x.branches[1], 1)
			if test.folded {
				x.fold(x.branches[0], 1)
			}
			g := x.graph(false)
			for i, want := range test.want {
				if g.Event(i) == nil {
					continue
				}
				if got := g.kernel.taken[i]; !slices.Equal(got, []int{want}) {
					t.Errorf("receive %d took %v; want %d", i, got, want)
				}
			}
		})
	}
}
