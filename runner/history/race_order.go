package history

import (
	"cmp"
	"slices"

	"github.com/sockscript/sockscript/runner/history/record"

	"github.com/sockscript/sockscript/steps/event"
)

// A finder finds races. What costs much, the clocks, is made only where two
// events of different branches are to be compared.
type finder struct {
	r     *Record
	g     *graph
	m     *matcher
	found []Race

	local   map[uint64]bool      // descriptions of local sockets
	cameTo  map[uint64]int64     // how far receiving on a description came
	bound   map[uint64]int       // the bind of a description
	listens map[uint64]int       // the first listen on a description
	queue   map[uint64][]pairing // by socket: what was taken there, in the order of the effects
	takes   map[uint64][]int     // by description: the receives from it
	hasty   map[uint64][]int     // by description: the receives and accepts that did not wait
	full    map[uint64]int       // by description: the last send for which there was not enough room
	effects map[int]int          // by a connect or a send: what took it

	ready  bool
	kin    map[int]kinship // by branch
	clocks []clock         // nil where they would be too many
}

// prepare makes what two events are compared by, and reports whether there is
// such a thing.
func (f *finder) prepare() bool {
	if !f.ready {
		f.ready, f.kin, f.clocks = true, f.r.kin(), f.g.clocks()
	}
	return f.clocks != nil
}

func (f *finder) branch(i int) *record.Branch { return f.g.nodes[i].branch }

// concurrent reports whether two events may have been under way at the same
// time: neither had to end before the other began.
func (f *finder) concurrent(x, y int) bool {
	return f.branch(x) != f.branch(y) && f.prepare() && !f.startsAfter(x, y) && !f.startsAfter(y, x)
}

// interrupts reports whether an event had to come while a call was under way: a
// blocked step saw the call before it.
func (f *finder) interrupts(x, call int) bool {
	n := &f.g.nodes[call]
	return slices.ContainsFunc(n.preds[n.own:], func(p int) bool {
		return f.g.nodes[p].at >= 0 && f.g.event(p) != nil && f.g.event(p).Op == event.OpBlocked && f.before(p, x)
	})
}

// startsAfter reports whether an event had to end before another began. What
// matching found does not count: that orders the ends of calls.
func (f *finder) startsAfter(x, y int) bool {
	n := &f.g.nodes[x]
	if n.loose {
		return true // what came before it is not known
	}
	for _, p := range n.preds[:n.own] {
		if p == y || f.clocks[p] != nil && f.clocks[p].knows(f.g, y) {
			return true
		}
	}
	return false
}

// before reports whether an event had ended when another began.
func (f *finder) before(x, y int) bool {
	if f.branch(x) == f.branch(y) {
		return x < y
	}
	return f.prepare() && f.startsAfter(y, x)
}

// add keeps a race of several events, each step of an actor once. A taker of -1
// stands for the last of them.
func (f *finder) add(kind raceKind, taker int, racers ...int) {
	if !f.seen(taker, racers) || !f.prepare() {
		return
	}
	race := Race{kind: kind}
	for _, i := range racers {
		race.Racers = append(race.Racers, f.racer(i))
	}
	slices.SortFunc(race.Racers, compareSteps)
	race.Racers = slices.CompactFunc(race.Racers, func(a, b Racer) bool { return compareSteps(a, b) == 0 })
	race.Taker = race.Racers[len(race.Racers)-1]
	if taker >= 0 {
		race.Taker = f.racer(taker)
	}
	f.found = append(f.found, race)
}

// seen reports whether the order of events shows at one that is printed: at
// the taker, or where there is none at any of the racers.
func (f *finder) seen(taker int, racers []int) bool {
	if taker >= 0 {
		return f.r.Prints(f.g.nodes[taker].entry())
	}
	return slices.ContainsFunc(racers, func(i int) bool { return f.r.Prints(f.g.nodes[i].entry()) })
}

func (f *finder) racer(i int) Racer { return Racer{f.kin[f.branch(i).ID].label, f.g.event(i)} }

// alike reports whether two events print alike and are at the same depth.
func (f *finder) alike(x, y int) bool {
	return f.g.nodes[x].depth == f.g.nodes[y].depth && f.text(x) == f.text(y)
}

func (f *finder) text(i int) string { return f.r.Text(f.g.event(i), Form{}) }

// interchangeable reports whether two events are of replicas that print alike.
func (f *finder) interchangeable(x, y int) bool {
	return f.prepare() && f.kin[f.branch(x).ID].interchangeable(f.kin[f.branch(y).ID])
}

// A pairing is a cause that lies in the kernel, with its effect: a connect with
// the accept that took it, a send with the receive of its datagram. Where only
// the cause matters, the effect is -1.
type pairing struct {
	cause, effect int
	on            uint64 // the listening socket, or the receiving one
}

// A kinship says which branches are interchangeable: those of one group that
// belong to different performers.
type kinship struct {
	group     int
	performer *performer
	label     string // without the number of a replica or branch
}

func (k kinship) interchangeable(with kinship) bool {
	return k.group == with.group && k.performer != with.performer
}

func (r *Record) kin() map[int]kinship {
	kin := make(map[int]kinship)
	group := 0
	for _, c := range r.casts() {
		groups := []cast{c}
		if len(c) > 1 {
			groups = r.alike(c, Form{})
		}
		for _, alike := range groups {
			group++
			for _, p := range alike {
				p.number = -1
				for _, s := range p.branches {
					kin[s.ID] = kinship{group, p, p.label(s)}
				}
			}
		}
	}
	return kin
}

// mostPairs bounds how many events on one socket are each compared with each;
// above it only those that follow one another are.
const mostPairs = 512

// groups joins those of a list that race with each other into groups, and
// leaves out those that race with none. Events that race with a common one are
// one group. The list is put in the order of time.
func (f *finder) groups(list []pairing, races func(a, b pairing) bool) [][]pairing {
	slices.SortStableFunc(list, func(a, b pairing) int {
		return cmp.Compare(f.g.event(a.cause).Start, f.g.event(b.cause).Start)
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
	together := make([][]pairing, len(list))
	for i, p := range list {
		at := find(i)
		together[at] = append(together[at], p)
	}
	return slices.DeleteFunc(together, func(group []pairing) bool { return len(group) < 2 })
}

func (g *graph) event(i int) *event.Event { return g.nodes[i].entry().Event }

// A clock is a vector clock: how far each branch had come when an event
// happened, as far as causes tell.
type clock []int32

// knows reports whether an event comes before the clock's own, or is it.
func (c clock) knows(g *graph, i int) bool {
	n := &g.nodes[i]
	return c[n.branch.ID] > int32(n.at)
}

// mostCells bounds the memory that the clocks take, to 64 MiB; of a run with
// more events times actors and branches no races are reported.
const mostCells = 1 << 24

// clocks computes the vector clock of each node; nil where they would be too
// many.
func (g *graph) clocks() []clock {
	width := len(g.record.Branches)
	if width*len(g.nodes) > mostCells {
		return nil
	}
	clocks := make([]clock, len(g.nodes))
	cells := make(clock, width*len(g.nodes))
	for _, i := range g.order {
		c := cells[i*width : (i+1)*width]
		n := &g.nodes[i]
		for _, p := range n.preds {
			for k, v := range clocks[p] {
				c[k] = max(c[k], v)
			}
		}
		if n.at >= 0 {
			c[n.branch.ID] = int32(n.at) + 1
		}
		clocks[i] = c
	}
	return clocks
}
