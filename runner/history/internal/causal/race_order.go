package causal

import (
	"cmp"
	"slices"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// A finder finds races. What costs much, the clocks, is made only where two
// events of different branches are to be compared.
type finder struct {
	t     Transcript
	g     *Graph
	m     *matcher
	found []Race

	local   map[uint64]bool  // descriptions of local sockets
	endless map[uint64]bool  // those of pairs whose close is no end of file: of datagrams
	cameTo  map[uint64]int64 // how far receiving on a description came
	unlinks map[event.HostAddr][]int
	bound   map[uint64]int    // the bind of a description
	listens map[uint64]int    // the first listen on a description
	queue   map[uint64][]Pair // by socket: what was taken there, in the order of the effects
	takes   map[uint64][]int  // by description: the receives from it
	hasty   map[uint64][]int  // by description: the receives and accepts that did not wait
	full    map[uint64]int    // by description: the last send for which there was not enough room
	effects map[int]int       // by a connect or a send: what took it

	ready  bool
	kin    map[int]Kinship // by branch
	clocks *clocks         // nil where they would be too many
	traces map[int]*trace  // by branch
	parts  map[part]*record.Branch
}

// prepare makes what two events are compared by, and reports whether there is
// such a thing.
func (f *finder) prepare() bool {
	if !f.ready {
		f.ready, f.kin, f.clocks = true, f.t.Kinships(), f.certain()
		f.parts = make(map[part]*record.Branch, len(f.kin))
		for _, b := range f.g.Record.Branches {
			k := f.kin[b.ID]
			f.parts[part{k.Performer, k.Part}] = b
		}
	}
	return f.clocks != nil
}

func (f *finder) branch(i int) *record.Branch { return f.g.Nodes[i].Branch }

// concurrent reports whether two events may have been under way at the same
// time: neither had to end before the other began.
func (f *finder) concurrent(x, y int) bool {
	return f.branch(x) != f.branch(y) && f.prepare() && !f.startsAfter(x, y) && !f.startsAfter(y, x)
}

// interrupts reports whether an event had to come while a call was under way: a
// blocked step saw the call before it.
func (f *finder) interrupts(x, call int) bool {
	n := &f.g.Nodes[call]
	return slices.ContainsFunc(n.Preds[n.Own:], func(p int) bool {
		return f.g.Nodes[p].At >= 0 && f.g.Event(p) != nil && f.g.Event(p).Op == event.OpBlocked && f.before(p, x)
	})
}

// startsAfter reports whether an event had to end before another began. What
// matching found does not count: that orders the ends of calls.
func (f *finder) startsAfter(x, y int) bool {
	if f.clocks.loose[x] {
		return true // what came before it is not known
	}
	n := &f.g.Nodes[x]
	return slices.ContainsFunc(n.Preds[:n.Own], func(p int) bool { return p == y || f.clocks.of(p, x).knows(f.g, y) })
}

// before reports whether an event had ended when another began.
func (f *finder) before(x, y int) bool {
	if f.branch(x) == f.branch(y) {
		return x < y
	}
	return f.prepare() && f.startsAfter(y, x)
}

// add keeps a race of several events. A taker of -1
// stands for the last of them.
func (f *finder) add(kind RaceKind, taker int, racers ...int) {
	if !f.seen(taker, racers) || !f.prepare() {
		return
	}
	f.found = append(f.found, Race{kind, slices.Clone(racers), taker})
}

// seen reports whether the order of events shows at one that is printed: at
// the taker, or where there is none at any of the racers.
func (f *finder) seen(taker int, racers []int) bool {
	if taker >= 0 {
		return f.g.Record.Prints(f.g.Nodes[taker].Entry())
	}
	return slices.ContainsFunc(racers, func(i int) bool { return f.g.Record.Prints(f.g.Nodes[i].Entry()) })
}

// alike reports whether two events print alike and are at the same depth.
func (f *finder) alike(x, y int) bool {
	return f.g.Nodes[x].Depth == f.g.Nodes[y].Depth && f.text(x) == f.text(y)
}

func (f *finder) text(i int) string { return f.t.Text(f.g.Event(i)) }

// mostPairs bounds how many events on one socket are each compared with each;
// above it only those that follow one another are.
const mostPairs = 512

// groups joins those of a list that race with each other into groups, and
// leaves out those that race with none. Events that race with a common one are
// one group. The list is put in the order of time.
func (f *finder) groups(list []Pair, races func(a, b Pair) bool) [][]Pair {
	slices.SortStableFunc(list, func(a, b Pair) int {
		return cmp.Compare(f.g.Event(a.Cause).Start, f.g.Event(b.Cause).Start)
	})
	reach := len(list)
	if len(list) > mostPairs {
		reach = 1
	}
	of := make([]int, len(list)) // one of the group that each belongs to: itself, or one before it
	for i := range of {
		of[i] = i
	}
	find := func(i int) int {
		for of[i] != i {
			of[i] = of[of[i]]
			i = of[i]
		}
		return i
	}
	for i := range list {
		for j := i + 1; j < len(list) && j <= i+reach; j++ {
			if a, b := find(i), find(j); a != b && races(list[i], list[j]) {
				of[max(a, b)] = min(a, b)
			}
		}
	}
	together := make([][]Pair, len(list))
	for i, p := range list {
		at := find(i)
		together[at] = append(together[at], p)
	}
	return slices.DeleteFunc(together, func(group []Pair) bool { return len(group) < 2 })
}
