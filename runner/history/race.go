package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A Race is a list of events whose order nothing fixes, although it shows:
// another run may have them the other way round, and then prints another
// transcript, even when all runs so far have agreed. Two runs that have the
// events in different orders give the same Race.
type Race struct {
	// Racers are the events, in the order of the file; only one where replicas
	// race with each other.
	Racers []Racer
	// Taker is the event that shows their order: the accept or receive that
	// takes the first of them, the poll that finds them ready. Where there is
	// none, it is the last of the Racers.
	Taker Racer

	kind causal.RaceKind
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

// Problem is the race as a warning at the step that shows it.
func (r Race) Problem() *source.Problem {
	either := "either"
	var what string
	hint := r.kind.Hint
	if len(r.Racers) == 1 {
		x := r.Racers[0]
		what = fmt.Sprintf("%s (line %d) of one %s and of another", x.Event.Place.Title, x.Event.Place.Pos.Line, x.Actor)
		hint = "let one wait for the other by a signal, or make them print alike and come only once"
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
	outcome := strings.NewReplacer("ACTOR", r.Taker.Actor, "STEP", place.Title, "EITHER", either).Replace(r.kind.Outcome)
	p := place.Warning("nothing orders %s: %s, so another run may differ", what, outcome)
	p.Hint = hint
	return p
}

// Races finds the events whose order shows and is not fixed by any cause, by
// the vector clocks of the events. Replicas that print alike are
// interchangeable as long as all their lines are at the same depths and what
// they send is the same, so between these there is no race; nor is there one
// where nothing would show.
//
// Not every race can be seen: of rounds that are folded, only the first and the
// last are looked at, and what a program does has no known order.
func (r *Record) Races() []Race {
	r.prepare()
	r.racing.Do(func() {
		if len(r.Branches) < 2 {
			return
		}
		p := &printed{record: r}
		var list []Race
		for _, found := range r.graph.Races(p) {
			list = append(list, p.race(found))
		}
		slices.SortFunc(list, compareRaces)
		list = slices.CompactFunc(list, func(a, b Race) bool { return compareRaces(a, b) == 0 })
		r.races = list[:min(len(list), MostRaces)]
	})
	return r.races
}

// printed is the transcript in which the order of events may show.
type printed struct {
	record *Record
	kin    map[int]causal.Kinship // by branch
}

// Text is an event as the transcript shows it.
func (p *printed) Text(e *event.Event) string { return p.record.Text(e, Form{}) }

// Kinships are those of the branches.
func (p *printed) Kinships() map[int]causal.Kinship {
	if p.kin != nil {
		return p.kin
	}
	p.kin = make(map[int]causal.Kinship)
	var group, performers int
	for _, c := range p.record.casts() {
		groups := []cast{c}
		if len(c) > 1 {
			groups = p.record.alike(c, Form{})
		}
		for _, alike := range groups {
			group++
			for _, x := range alike {
				performers++
				x.number = -1
				for part, b := range x.branches {
					p.kin[b.ID] = causal.Kinship{Group: group, Performer: performers, Part: part, Name: x.label(b)}
				}
			}
		}
	}
	return p.kin
}

// race names each step of an actor once.
func (p *printed) race(found causal.Race) Race {
	race := Race{kind: found.Kind}
	for _, i := range found.Racers {
		race.Racers = append(race.Racers, p.racer(i))
	}
	slices.SortFunc(race.Racers, compareSteps)
	race.Racers = slices.CompactFunc(race.Racers, func(a, b Racer) bool { return compareSteps(a, b) == 0 })
	race.Taker = race.Racers[len(race.Racers)-1]
	if found.Taker >= 0 {
		race.Taker = p.racer(found.Taker)
	}
	return race
}

func (p *printed) racer(i int) Racer {
	g := p.record.graph
	return Racer{p.kin[g.Nodes[i].Branch.ID].Name, g.Event(i)}
}

func compareRaces(a, b Race) int {
	return cmp.Or(compareSteps(a.Taker, b.Taker), cmp.Compare(a.kind.Outcome, b.kind.Outcome),
		slices.CompareFunc(a.Racers, b.Racers, compareSteps))
}

func compareSteps(a, b Racer) int {
	return cmp.Or(cmp.Compare(a.Event.Place.ID, b.Event.Place.ID), cmp.Compare(a.Actor, b.Actor))
}
