package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history/record"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A Race is a list of events whose order nothing fixes, although it shows:
// another run may have them the other way round, and then prints another
// transcript, even when all runs so far have agreed. Two runs that have the
// events in different orders give the same Race.
type Race struct {
	// Racers are the events, in the order of the file; only one where replicas
	// race that do not print alike.
	Racers []Racer
	// Taker is the event that shows their order: the accept or receive that
	// takes the first of them, the poll that finds them ready. Where there is
	// none, it is the last of the Racers.
	Taker Racer

	kind raceKind
}

// A Racer is an event of a race, and whose it is.
type Racer struct {
	Actor string // replicas go by their actor's name alone
	Event *event.Event
}

// mostRacers is how many events a race's message names.
const mostRacers = 4

// MostRaces is how many races of a run are reported, the first in the file.
const MostRaces = 100

// A raceKind says what a race's order decides, and what helps.
type raceKind struct {
	// outcome is what may happen: ACTOR is whose the taker is, STEP the taker,
	// EITHER "either" or "any of them".
	outcome string
	hint    string
}

const letOneWait = "let one wait for the other, by a signal or a barrier"

// The kinds of races.
var (
	raceTaken   = raceKind{"ACTOR may take EITHER first", letOneWait}
	raceTakers  = raceKind{"EITHER may take what comes first", letOneWait}
	raceWritten = raceKind{"EITHER may write first", letOneWait}
	raceBytes   = raceKind{
		"STEP makes one call, which may take the bytes of the send or not",
		"say how much is to be received, by size, until, eof or an expected text, or " + letOneWait,
	}
	raceNoWait  = raceKind{"STEP does not wait, so it may find what it needs or not", letOneWait}
	racePolled  = raceKind{"STEP may find one of them or more", "poll one handle, or " + letOneWait}
	raceRefused = raceKind{
		"STEP may come before the socket listens, and be refused",
		"refer to the socket as ${actor.handle}, which waits for the listen, or set retry",
	}
	raceClosing  = raceKind{"STEP may reach the listening socket or be refused", letOneWait}
	raceLost     = raceKind{"the datagram may come before the bind, and be lost", "refer to the socket as ${actor.handle}, which waits for the bind"}
	raceAddress  = raceKind{"EITHER may come first at the address", letOneWait}
	raceBroken   = raceKind{"STEP may come before its peer is closed or after", letOneWait}
	raceShut     = raceKind{"STEP may come before the shutdown or after", letOneWait}
	raceHandle   = raceKind{"STEP may find its handle open or closed", letOneWait}
	raceNamed    = raceKind{"STEP may read one value or another", "give each branch a name of its own, or " + letOneWait}
	raceValue    = raceKind{"STEP may read one value or another", "give the second value another name, or " + letOneWait}
	raceSignaled = raceKind{"STEP goes on after the first of them", "raise the signal in one place, or " + letOneWait}
)

// Problem is the race as a warning at the step that shows it.
func (r Race) Problem() *source.Problem {
	either := "either"
	var what string
	hint := r.kind.hint
	if len(r.Racers) == 1 {
		x := r.Racers[0]
		what = fmt.Sprintf("%s (line %d) of one %s and of another", x.Event.Place.Title, x.Event.Place.Pos.Line, x.Actor)
		hint = "let one wait for the other by a signal, or make them print alike"
	} else {
		var names []string
		for _, x := range r.Racers[:min(len(r.Racers), mostRacers)] {
			names = append(names, fmt.Sprintf("%s of %s (line %d)", x.Event.Place.Title, x.Actor, x.Event.Place.Pos.Line))
		}
		if rest := len(r.Racers) - len(names); rest > 0 {
			names = append(names, fmt.Sprintf("%d more", rest))
		}
		if len(names) > 2 {
			either = "any of them"
		}
		last := len(names) - 1
		what = strings.Join(names[:last], ", ") + " and " + names[last]
	}
	place := r.Taker.Event.Place
	outcome := strings.NewReplacer("ACTOR", r.Taker.Actor, "STEP", place.Title, "EITHER", either).Replace(r.kind.outcome)
	p := place.Warning("nothing orders %s: %s, so another run may differ", what, outcome)
	p.Hint = hint
	return p
}

// Races finds the events whose order shows and is not fixed by any cause, by
// the vector clocks of the events. Replicas that print alike are
// interchangeable, so between these there is no race; nor is there one where
// nothing would show.
//
// Not every race can be seen: of rounds that are folded, only the first and the
// last are looked at, and what a program does has no known order.
func (r *Record) Races() []Race {
	r.prepare()
	r.racing.Do(func() {
		if len(r.Branches) < 2 {
			return
		}
		f := &finder{r: r, g: r.graph, m: r.graph.kernel}
		f.find()
		slices.SortFunc(f.found, compareRaces)
		f.found = slices.CompactFunc(f.found, func(a, b Race) bool { return compareRaces(a, b) == 0 })
		r.races = f.found[:min(len(f.found), MostRaces)]
	})
	return r.races
}

func compareRaces(a, b Race) int {
	return cmp.Or(compareSteps(a.Taker, b.Taker), cmp.Compare(a.kind.outcome, b.kind.outcome),
		slices.CompareFunc(a.Racers, b.Racers, compareSteps))
}

func compareSteps(a, b Racer) int {
	return cmp.Or(cmp.Compare(a.Event.Place.ID, b.Event.Place.ID), cmp.Compare(a.Actor, b.Actor))
}

// find goes through the events once, and looks closer at those whose result may
// depend on an order.
func (f *finder) find() {
	f.local, f.cameTo = make(map[uint64]bool), make(map[uint64]int64)
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
	e := f.g.event(i)
	return e != nil && e.Picks
}

// queues finds connects to one listener, and messages to one socket, of which
// either might have been taken first.
func (f *finder) queues() {
	f.queue = make(map[uint64][]pairing)
	for _, p := range f.g.pairs {
		if f.g.nodes[p.cause].entry().Event != nil && !f.picks(p.effect) {
			f.queue[p.on] = append(f.queue[p.on], p)
		}
		f.effects[p.cause] = p.effect
	}
	all := maps.Clone(f.queue) // those that an accept picks come in no order
	for id, list := range f.m.left() {
		for _, by := range list {
			all[id] = append(all[id], pairing{by, -1, id})
		}
	}
	for id, list := range f.queue {
		all[id] = slices.Clone(all[id]) // which is put into another order
		slices.SortFunc(list, func(a, b pairing) int { return a.effect - b.effect })
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
func (f *finder) severalBranches(list []pairing) bool {
	first := f.branch(list[0].cause)
	return slices.ContainsFunc(list, func(p pairing) bool { return f.branch(p.cause) != first })
}

func causesOf(group []pairing) []int {
	var list []int
	for _, p := range group {
		list = append(list, p.cause)
	}
	return list
}

// firstEffect is the effect that is first in the file; -1 where folds have
// them all.
func (f *finder) firstEffect(group []pairing) int {
	best := -1
	for _, p := range group {
		if p.effect < 0 || f.g.event(p.effect) == nil {
			continue
		}
		if best < 0 || compareSteps(f.racer(p.effect), f.racer(best)) < 0 {
			best = p.effect
		}
	}
	return best
}

// overtakes reports whether either of two might have come first, and it shows:
// one of them at least was taken.
func (f *finder) overtakes(a, b pairing) bool {
	return max(a.effect, b.effect) >= 0 && f.concurrent(a.cause, b.cause) && !f.interchangeable(a.cause, b.cause) && !f.same(a, b)
}

// same reports whether two messages might change places and nothing show: they
// were sent at the same depth, and their receives print alike.
func (f *finder) same(a, b pairing) bool {
	x, y := &f.g.nodes[a.cause], &f.g.nodes[b.cause]
	if x.entry().Event.Op != event.OpSend || x.depth != y.depth {
		return false
	}
	if min(a.effect, b.effect) < 0 || f.g.event(a.effect) == nil || f.g.event(b.effect) == nil {
		return f.text(a.cause) == f.text(b.cause)
	}
	return f.text(a.effect) == f.text(b.effect)
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
	case e.Op == event.OpPair:
		f.local[e.Sock], f.local[e.Endpoints.Peer] = true, true
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
