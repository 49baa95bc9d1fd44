package causal

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// A Race is a list of events whose order nothing fixes, although it shows.
type Race struct {
	Kind   RaceKind
	Racers []int // the nodes of the events, as they were found
	Taker  int   // that of the event which shows their order; -1 where it is the last of the racers
}

// A RaceKind says what a race's order decides, and what helps.
type RaceKind struct {
	// Outcome is what may happen: ACTOR is whose the taker is, STEP the taker,
	// EITHER "either" or "any of them".
	Outcome string
	Hint    string
}

const letOneWait = "let one wait for the other, by a signal or a barrier"

// The kinds of races.
var (
	raceTaken   = RaceKind{"ACTOR may take EITHER first", letOneWait}
	raceTakers  = RaceKind{"EITHER may take what comes first", letOneWait}
	raceWritten = RaceKind{"EITHER may write first", letOneWait}
	raceBytes   = RaceKind{
		"STEP makes one call, which may take the bytes of the send or not",
		"say how much is to be received, by size, until, eof or an expected text, or " + letOneWait,
	}
	raceNoWait  = RaceKind{"STEP does not wait, so it may find what it needs or not", letOneWait}
	racePolled  = RaceKind{"STEP may find one of them or more", "poll one handle, or " + letOneWait}
	raceRefused = RaceKind{
		"STEP may come before the socket listens, and be refused",
		"refer to the socket as ${actor.handle}, which waits for the listen, or set retry",
	}
	raceClosing  = RaceKind{"STEP may reach the listening socket or be refused", letOneWait}
	raceLost     = RaceKind{"the datagram may come before the bind, and be lost", "refer to the socket as ${actor.handle}, which waits for the bind"}
	raceAddress  = RaceKind{"EITHER may come first at the address", letOneWait}
	raceBroken   = RaceKind{"STEP may come before its peer is closed or after", letOneWait}
	raceShut     = RaceKind{"STEP may come before the shutdown or after", letOneWait}
	raceHandle   = RaceKind{"STEP may find its handle open or closed", letOneWait}
	raceNamed    = RaceKind{"STEP may read one value or another", "give each branch a name of its own, or " + letOneWait}
	raceValue    = RaceKind{"STEP may read one value or another", "give the second value another name, or " + letOneWait}
	raceSignaled = RaceKind{"STEP goes on after the first of them", "raise the signal in one place, or " + letOneWait}
)

// A Transcript is that in which the order of events may show.
type Transcript interface {
	// Text is an event as the transcript shows it.
	Text(e *event.Event) string
	// Kinships are those of the branches, by their ids.
	Kinships() map[int]Kinship
}

// Races are those of the record, maybe some more than once.
func (g *Graph) Races(t Transcript) []Race {
	f := &finder{t: t, g: g, m: g.kernel}
	f.find()
	return f.found
}

// find goes through the events once, and looks closer at those whose result may
// depend on an order.
func (f *finder) find() {
	f.local, f.cameTo = make(map[uint64]bool), make(map[uint64]int64)
	f.endless = make(map[uint64]bool)
	f.bound, f.effects = make(map[uint64]int), make(map[int]int)
	f.takes, f.hasty, f.full = make(map[uint64][]int), make(map[uint64][]int), make(map[uint64]int)
	var use usage
	for _, i := range f.m.events {
		e := f.m.event(i)
		use.note(f, i, e)
		f.learn(i, e)
	}
	f.queues()
	for _, i := range f.m.events {
		e := f.m.event(i)
		switch e.Op {
		case event.OpRecv:
			f.received(i, e)
		case event.OpAccept:
			f.accepted(i, e)
		case event.OpSend:
			f.sent(i, e)
			f.lands(i, e)
		case event.OpPoll:
			f.polled(i, e)
		case event.OpConnect:
			f.connected(i, e)
		}
	}
	f.shared(use.shared)
	f.addresses(use.addresses)
	f.names(use.named)
	f.given()
}

// usage is what the first look at the events finds.
type usage struct {
	branch    map[uint64]*record.Branch // by description: the first branch that used it
	shared    map[uint64]bool           // descriptions that several branches used
	addresses []int                     // binds, and what else concerns a path
	named     []int                     // events that use names which branches share
}

func (u *usage) note(f *finder, i int, e *event.Event) {
	if u.branch == nil {
		u.branch, u.shared = make(map[uint64]*record.Branch), make(map[uint64]bool)
	}
	if len(e.Uses) > 0 {
		u.named = append(u.named, i)
	}
	switch {
	case e.Op == event.OpBind || e.Op == event.OpUnlink, e.Op == event.OpConnect && e.Endpoints.Remote.Path != "":
		u.addresses = append(u.addresses, i)
	}
	u.by(f, i, e.Sock)
	if e.Also != nil {
		u.by(f, i, e.Also.Sock)
	}
}

// by notes that an event used a description.
func (u *usage) by(f *finder, i int, id uint64) {
	if id == 0 {
		return
	}
	s := f.branch(i)
	if first, ok := u.branch[id]; !ok {
		u.branch[id] = s
	} else if first != s {
		u.shared[id] = true
	}
}

// picks reports whether an event is an accept of a certain peer's connection.
func (f *finder) picks(i int) bool {
	e := f.g.Event(i)
	return e != nil && e.Picks
}

// queues finds connects to one listener, and messages to one socket, of which
// either might have been taken first.
func (f *finder) queues() {
	f.queue = make(map[uint64][]Pair)
	for _, p := range f.g.Pairs {
		if f.g.Nodes[p.Cause].Entry().Event != nil && !f.picks(p.Effect) {
			f.queue[p.On] = append(f.queue[p.On], p)
		}
		f.effects[p.Cause] = p.Effect
	}
	all := maps.Clone(f.queue) // those that an accept picks come in no order
	for id, list := range f.m.left() {
		for _, by := range list {
			all[id] = append(all[id], Pair{by, -1, id})
		}
	}
	for _, p := range f.m.takenByFolds() {
		all[p.On] = append(all[p.On], p)
	}
	for id, list := range f.queue {
		all[id] = slices.Clone(all[id]) // which is put into another order
		slices.SortFunc(list, func(a, b Pair) int { return a.Effect - b.Effect })
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		list := all[id]
		f.lost(list)
		if !f.severalBranches(list) {
			continue
		}
		for _, group := range f.groups(list, f.overtakes) {
			if taker := f.firstEffect(group); taker >= 0 {
				f.add(raceTaken, taker, causesOf(group)...)
			}
		}
	}
}

// severalBranches reports whether the causes are not all of one branch.
func (f *finder) severalBranches(list []Pair) bool {
	first := f.branch(list[0].Cause)
	return slices.ContainsFunc(list, func(p Pair) bool { return f.branch(p.Cause) != first })
}

func causesOf(group []Pair) []int {
	var list []int
	for _, p := range group {
		list = append(list, p.Cause)
	}
	return list
}

// firstEffect is the effect that is first in the file; -1 where folds have
// them all.
func (f *finder) firstEffect(group []Pair) int {
	best := -1
	for _, p := range group {
		if p.Effect < 0 || f.g.Event(p.Effect) == nil {
			continue
		}
		if best < 0 || f.compareSteps(p.Effect, best) < 0 {
			best = p.Effect
		}
	}
	return best
}

// compareSteps orders events by their place in the file, and by whose they are.
func (f *finder) compareSteps(x, y int) int {
	return cmp.Or(cmp.Compare(f.g.Event(x).Place.ID, f.g.Event(y).Place.ID),
		cmp.Compare(f.kin[f.branch(x).ID].Name, f.kin[f.branch(y).ID].Name))
}

// overtakes reports whether either of two might have come first, and it shows:
// one of them at least was taken.
func (f *finder) overtakes(a, b Pair) bool {
	return max(a.Effect, b.Effect) >= 0 && f.concurrent(a.Cause, b.Cause) && !f.replaces(a.Cause, b.Cause) && !f.same(a, b)
}

// replaces reports whether two events are of interchangeable replicas, and it
// does not show which part of what a replica sends came first.
func (f *finder) replaces(x, y int) bool {
	return f.interchangeable(x, y) && (f.g.Event(x).Op != event.OpSend || f.text(x) == f.text(y))
}

// same reports whether two messages might change places and nothing show: they
// were sent at the same depth, their receives print alike, and neither sender
// gets an answer first.
func (f *finder) same(a, b Pair) bool {
	x, y := &f.g.Nodes[a.Cause], &f.g.Nodes[b.Cause]
	if x.Entry().Event.Op != event.OpSend || x.Depth != y.Depth || f.answered(a, b) || f.answered(b, a) {
		return false
	}
	if min(a.Effect, b.Effect) < 0 || f.g.Event(a.Effect) == nil || f.g.Event(b.Effect) == nil {
		return f.text(a.Cause) == f.text(b.Cause)
	}
	if a.Effect == b.Effect {
		return sameMessages(x.Entry().Event, y.Entry().Event)
	}
	return f.text(a.Effect) == f.text(b.Effect)
}

// sameMessages reports whether what two sends have sent looks alike in one
// receive of both.
func sameMessages(x, y *event.Event) bool {
	return x.Endpoints.LocalAddr() == y.Endpoints.LocalAddr() &&
		slices.EqualFunc(x.Sums, y.Sums, func(a, b event.Datagram) bool { return a.Sum == b.Sum })
}

// answered reports whether who sent a message goes on after it was taken, but
// before another was.
func (f *finder) answered(a, b Pair) bool {
	if a.Effect < 0 || f.g.isFold(a.Effect) {
		return false
	}
	sent := f.g.Nodes[a.Cause].At
	later := f.branch(a.Cause).Entries[sent+1:]
	knows := func(n, effect int) bool { return f.clocks.ends[a.Cause+1+n].knows(f.g, effect) }
	n := sort.Search(len(later), func(n int) bool { return knows(n, a.Effect) })
	for ; n < len(later); n++ {
		if f.g.Record.Prints(later[n]) {
			return b.Effect < 0 || !knows(n, b.Effect)
		}
	}
	return false
}

// learn keeps what an event says of its descriptions: whether they are local,
// where they were bound, and how far receiving came.
func (f *finder) learn(i int, e *event.Event) {
	if (e.Op == event.OpRecv || e.Op == event.OpAccept) && (e.NoWait || e.Errno == unix.EAGAIN) {
		f.hasty[e.Sock] = append(f.hasty[e.Sock], i)
	}
	switch {
	case e.Op == event.OpBind && e.Errno == 0:
		f.bound[e.Sock] = i
	case e.Op == event.OpUnlink && e.Errno == 0:
		at := pathAddr(e.Endpoints.RemoteAddr())
		put(&f.unlinks, at, append(f.unlinks[at], i))
	case e.Op == event.OpPair:
		f.local[e.Sock], f.local[e.Endpoints.Peer] = true, true
		if e.Endpoints.Type == unix.SOCK_DGRAM {
			f.endless[e.Sock], f.endless[e.Endpoints.Peer] = true, true
		}
	case e.Op == event.OpRecv:
		f.cameTo[e.Sock] = max(f.cameTo[e.Sock], e.Offset)
		f.takes[e.Sock] = append(f.takes[e.Sock], i)
	case e.Endpoints == nil || e.Endpoints.Inode == 0:
	case e.Op == event.OpConnect:
		f.local[e.Sock] = true
	case e.Op == event.OpAccept:
		f.local[e.Endpoints.Made] = true
	}
}
