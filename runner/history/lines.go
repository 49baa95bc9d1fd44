package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// Order is the order of a transcript's lines.
type Order string

// The orders. Causal is the same on every run; the others show how one run
// went.
const (
	Causal  Order = "causal" // by what had to come before what
	Time    Order = "time"   // as it happened
	ByActor Order = "actor"  // one actor after the other
)

// A Line is one line of a transcript: an event, or what was folded.
type Line struct {
	Actor    string
	At       event.Cause // the event, or the first that was folded
	Depth    int         // in causal order, from 1
	Event    *event.Event
	Fold     *record.Fold // rounds that print like those around them
	Replicas int          // further replicas that print like Actor; neither event nor fold

	place, index int   // of the actor in the file, of the replica
	path         []int // of the branch among those of its actor
	seq          int
}

// Lines are the transcript's lines in an order. Replicas of an actor that print
// alike are interchangeable: they are numbered by the causal order of what they
// did, and all but the first and the last are folded, unless the order is by
// time.
func (r *Record) Lines(order Order, f Form) []Line {
	r.prepare()
	lines := make([]Line, 0, len(r.graph.Nodes))
	if order == Time {
		for _, b := range r.Branches {
			lines = r.addLines(lines, b, b.Name(), b.Index, b.Path)
		}
		slices.SortStableFunc(lines, func(a, b Line) int {
			return cmp.Or(cmp.Compare(a.Start(), b.Start()), a.compare(b))
		})
		return lines
	}
	for _, cast := range r.casts() {
		lines = r.addCast(lines, cast, f)
	}
	slices.SortStableFunc(lines, func(a, b Line) int {
		if order == ByActor {
			return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.index, b.index),
				cmp.Compare(a.Depth, b.Depth), a.compare(b))
		}
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), a.compare(b))
	})
	return lines
}

// Events are all events and folds of the record in causal order, those too that
// a transcript does not show. Actors have the names that the run gave them.
func (r *Record) Events() []Line {
	r.prepare()
	g := r.graph
	turn := make([]int, len(g.Nodes)) // what is not printed has no depth of its own
	for at, i := range g.Order {
		turn[i] = at
	}
	type entry struct {
		Line
		printed bool
		turn    int
	}
	entries := make([]entry, 0, g.Meets)
	for i := range g.Nodes[:g.Meets] {
		n := &g.Nodes[i]
		en, b := n.Entry(), n.Branch
		x := entry{Line: Line{
			Actor: b.Name(), At: g.CauseOf(i), Depth: n.Depth, Event: en.Event, Fold: en.Fold,
			place: b.Place, index: b.Index, path: b.Path, seq: n.At,
		}, printed: r.Prints(en)}
		if !x.printed {
			x.turn = turn[i]
		}
		entries = append(entries, x)
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.Depth == b.Depth && a.printed != b.printed {
			if a.printed {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.turn, b.turn), a.compare(b.Line))
	})
	lines := make([]Line, len(entries))
	for i := range entries {
		lines[i] = entries[i].Line
	}
	return lines
}

// Depth is the depth of an event in causal order, or of the fold that took it:
// that of its line. Of an event that is not printed it is that of the lines
// before it.
func (r *Record) Depth(c event.Cause) int {
	r.prepare()
	i := r.graph.Find(c)
	if i < 0 {
		return 0
	}
	return r.graph.Nodes[i].Depth
}

// LengthVaries reports whether the data of an event holds a masked text that
// may be longer in another run.
func (r *Record) LengthVaries(e *event.Event) bool {
	r.prepare()
	return e.Mask != "" || r.masks.lengthVaries(e)
}

// Start is when the line's call was made, since the run's start: of folded
// rounds the first one's. Replicas that are folded have no time of their own.
func (l Line) Start() time.Duration {
	switch {
	case l.Event != nil:
		return l.Event.Start
	case l.Fold != nil:
		return l.Fold.Start
	}
	return 0
}

// Rest says what a line stands for that is not an event: "98 more rounds
// alike".
func (l Line) Rest() string {
	switch {
	case l.Fold == nil:
		return source.Count(l.Replicas, "more replica", "more replicas") + " alike"
	case l.Fold.Mixed:
		return source.Count(l.Fold.Rounds, "more round", "more rounds")
	}
	return source.Count(l.Fold.Rounds, "more round", "more rounds") + " alike"
}

func (l Line) compare(m Line) int {
	return cmp.Or(cmp.Compare(l.place, m.place), cmp.Compare(l.index, m.index),
		slices.Compare(l.path, m.path), cmp.Compare(l.seq, m.seq))
}
