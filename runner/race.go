package runner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
)

// A Race is a list of events whose order nothing fixes, although one socket
// takes them one after the other: another run may have them the other way
// round, and then prints another transcript, even when all runs so far have
// agreed. Two runs that have the events in different orders give the same Race.
type Race struct {
	// Racers are connects, or sends of datagrams, in the order of the file; only
	// one where replicas race that do not print alike.
	Racers []Racer
	Taker  Racer // the accept or receive that takes the first of them
}

// A Racer is an event of a race, and whose it is.
type Racer struct {
	Actor string // replicas go by their actor's name alone
	Event *steps.Event
}

// mostRacers is how many events a race's message names.
const mostRacers = 4

// Problem is the race as a warning at the step that takes.
func (r Race) Problem() *source.Problem {
	if len(r.Racers) == 1 {
		x := r.Racers[0]
		p := r.Taker.Event.Place.Warning("nothing orders %s (line %d) of one %s and of another: %s may take either first, so another run may differ",
			x.Event.Place.Title, x.Event.Place.Pos.Line, x.Actor, r.Taker.Actor)
		return p.WithHint("let one wait for the other by a signal, or make them print alike")
	}
	var names []string
	for _, x := range r.Racers[:min(len(r.Racers), mostRacers)] {
		names = append(names, fmt.Sprintf("%s of %s (line %d)", x.Event.Place.Title, x.Actor, x.Event.Place.Pos.Line))
	}
	either := "either"
	if rest := len(r.Racers) - len(names); rest > 0 {
		names = append(names, fmt.Sprintf("%d more", rest))
	}
	if len(names) > 2 {
		either = "any of them"
	}
	last := len(names) - 1
	p := r.Taker.Event.Place.Warning("nothing orders %s and %s: %s may take %s first, so another run may differ",
		strings.Join(names[:last], ", "), names[last], r.Taker.Actor, either)
	return p.WithHint("let one wait for the other, by a signal or a barrier")
}

// pairing is a cause that lies in the kernel, with its effect: a connect with
// the accept that took it, a send with the receive of its datagram.
type pairing struct {
	cause, effect int
	on            uint64 // the listening socket, or the receiving one
}

// Races finds the connects to one listener, and the datagrams to one socket,
// that came in one order and might as well have come in another: those that no
// cause orders, by the vector clocks of the events. Replicas that print alike
// are interchangeable, so between these there is no race; nor between datagrams
// where nothing would show.
func (r *Result) Races() []Race {
	r.prepare()
	bySocket := make(map[uint64][]pairing)
	for _, p := range r.graph.pairs {
		bySocket[p.on] = append(bySocket[p.on], p)
	}
	var f *finder
	var races []Race
	for _, list := range bySocket {
		if !r.graph.severalStrands(list) {
			continue
		}
		if f == nil {
			f = &finder{r, r.graph, r.kin(), r.graph.clocks()}
		}
		races = append(races, f.races(list)...)
	}
	slices.SortFunc(races, func(a, b Race) int {
		return cmp.Or(compareSteps(a.Taker, b.Taker), slices.CompareFunc(a.Racers, b.Racers, compareSteps))
	})
	return slices.CompactFunc(races, func(a, b Race) bool {
		return compareSteps(a.Taker, b.Taker) == 0 && slices.CompareFunc(a.Racers, b.Racers, compareSteps) == 0
	})
}

func compareSteps(a, b Racer) int {
	return cmp.Or(cmp.Compare(a.Event.Place.ID, b.Event.Place.ID), cmp.Compare(a.Actor, b.Actor))
}

// severalStrands reports whether the causes are not all of one strand.
func (g *graph) severalStrands(list []pairing) bool {
	first := g.nodes[list[0].cause].strand
	return slices.ContainsFunc(list, func(p pairing) bool { return g.nodes[p.cause].strand != first })
}

// A kinship tells which strands are interchangeable: those of one group that
// belong to different performers.
type kinship struct {
	group     int
	performer *performer
	label     string // without the number of a replica or branch
}

func (k kinship) interchangeable(with kinship) bool {
	return k.group == with.group && k.performer != with.performer
}

func (r *Result) kin() map[*strand]kinship {
	kin := make(map[*strand]kinship)
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
				for _, s := range p.strands {
					kin[s] = kinship{group, p, p.label(s)}
				}
			}
		}
	}
	return kin
}

// A finder finds races by vector clocks; clocks are nil where they would be too
// many.
type finder struct {
	r      *Result
	g      *graph
	kin    map[*strand]kinship
	clocks []clock
}

// mostPairs bounds how many events on one socket are each held against each;
// above it only those that follow one another are.
const mostPairs = 512

// races are the races on one socket. Events that race with a common one are one
// race.
func (f *finder) races(list []pairing) []Race {
	if f.clocks == nil {
		return nil
	}
	slices.SortFunc(list, func(a, b pairing) int {
		return cmp.Compare(f.g.event(a.cause).Start, f.g.event(b.cause).Start)
	})
	reach := len(list)
	if len(list) > mostPairs {
		reach = 1
	}
	of := make([]int, len(list)) // the race that an event belongs to
	for i := range of {
		of[i] = i
	}
	for i := range list {
		for j := i + 1; j < len(list) && j <= i+reach; j++ {
			if of[i] != of[j] && f.race(list[i], list[j]) {
				from, to := of[j], of[i]
				for k := range of {
					if of[k] == from {
						of[k] = to
					}
				}
			}
		}
	}
	together := make(map[int][]pairing)
	for i, p := range list {
		together[of[i]] = append(together[of[i]], p)
	}
	var races []Race
	for _, group := range together {
		if race := f.tell(group); len(group) > 1 && race.Taker.Event != nil {
			races = append(races, race)
		}
	}
	return races
}

// race reports whether either of two pairings might have come first: neither
// cause orders the other, nor does the other's effect, which comes after it.
func (f *finder) race(a, b pairing) bool {
	x, y := f.g.nodes[a.cause].strand, f.g.nodes[b.cause].strand
	if x == y || f.kin[x].interchangeable(f.kin[y]) {
		return false
	}
	return !f.clocks[b.cause].knows(f.g, a.cause) && !f.clocks[a.cause].knows(f.g, b.cause) && !f.same(a, b)
}

// same reports whether two datagrams might change places and nothing show: they
// were sent at the same depth, and their receives print alike.
func (f *finder) same(a, b pairing) bool {
	x, y := &f.g.nodes[a.cause], &f.g.nodes[b.cause]
	if x.entry().event.Op != steps.OpSend || x.depth != y.depth {
		return false
	}
	return f.r.Text(f.g.event(a.effect), Form{}) == f.r.Text(f.g.event(b.effect), Form{})
}

// tell names the events of a race, each step of an actor once.
func (f *finder) tell(group []pairing) Race {
	var race Race
	for _, p := range group {
		race.Racers = append(race.Racers, f.racer(p.cause))
		taker := f.racer(p.effect) // no event where a fold took it
		if taker.Event != nil && (race.Taker.Event == nil || compareSteps(taker, race.Taker) < 0) {
			race.Taker = taker
		}
	}
	slices.SortFunc(race.Racers, compareSteps)
	race.Racers = slices.CompactFunc(race.Racers, func(a, b Racer) bool { return compareSteps(a, b) == 0 })
	return race
}

func (f *finder) racer(i int) Racer {
	return Racer{f.kin[f.g.nodes[i].strand].label, f.g.event(i)}
}

func (g *graph) event(i int) *steps.Event { return g.nodes[i].entry().event }

// A clock is a vector clock: how far each strand had come when an event
// happened, as far as causes tell.
type clock []int32

// knows reports whether an event comes before the clock's own, or is it.
func (c clock) knows(g *graph, i int) bool {
	n := &g.nodes[i]
	return c[n.strand.id] > int32(n.at)
}

// mostCells bounds the memory that the clocks take; a run with thousands of
// actors goes without.
const mostCells = 1 << 24

// clocks computes the vector clock of each node; nil where they would be too
// many.
func (g *graph) clocks() []clock {
	width := len(g.history.strands)
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
			c[n.strand.id] = int32(n.at) + 1
		}
		clocks[i] = c
	}
	return clocks
}
