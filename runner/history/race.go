package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
	// Taker is the event that shows their order: the accept or receive that takes
	// the first of them, the poll that finds them ready. Where there is none, it
	// is the last of the Racers.
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

// Races finds the events whose order shows and is not fixed by any cause, by the
// vector clocks of the events. Replicas that print alike are interchangeable,
// so between these there is no race; nor is there one where nothing would show.
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
