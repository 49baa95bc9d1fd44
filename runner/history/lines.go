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
	lines := make([]Line, 0, len(r.graph.nodes))
	if order == Time {
		for _, s := range r.Branches {
			lines = r.graph.addLines(lines, s, s.Name(), s.Index, s.Path)
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
	turn := make([]int, len(g.nodes)) // what is not printed has no depth of its own
	for at, i := range g.order {
		turn[i] = at
	}
	type entry struct {
		Line
		printed bool
		turn    int
	}
	entries := make([]entry, 0, g.meets)
	for i := range g.nodes[:g.meets] {
		n := &g.nodes[i]
		en, b := n.entry(), n.branch
		x := entry{Line: Line{
			Actor: b.Name(), At: g.causeOf(i), Depth: n.depth, Event: en.Event, Fold: en.Fold,
			place: b.Place, index: b.Index, path: b.Path, seq: n.at,
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

// Depth is the depth of an event in causal order, or of the fold that took it: that
// of its line. Of an event that is not printed it is that of the lines before it.
func (r *Record) Depth(c event.Cause) int {
	r.prepare()
	i := r.graph.find(c)
	if i < 0 {
		return 0
	}
	return r.graph.nodes[i].depth
}

// LengthVaries reports whether the data of an event holds a masked text that may
// be longer in another run.
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

// Rest says what a line stands for that is not an event: "98 more rounds alike".
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

// An Arrow leads from an event to one of another branch that had to come after
// it. Where a fold has taken an event, the arrow is that of the fold: of its
// first event.
type Arrow struct {
	Cause, Effect event.Cause
	// Sock is the description over which the effect learned of the cause: that
	// of the effect. It is 0 where they are tied by a name, a signal, a barrier
	// or a branch.
	Sock uint64
}

// Arrows are the arrows of the record, in the order of the effects. A barrier
// is an arrow from each who came last in its line to each who went on.
func (r *Record) Arrows() []Arrow {
	r.prepare()
	g := r.graph
	var list []Arrow
	for i := range g.nodes[:g.meets] {
		n := &g.nodes[i]
		for k, p := range n.preds {
			var sock uint64
			if e := n.entry().Event; k >= n.own && e != nil {
				sock = e.Sock
			}
			for _, by := range g.behind(p) {
				if g.nodes[by].branch != n.branch {
					list = append(list, Arrow{g.causeOf(by), g.causeOf(i), sock})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b Arrow) int {
		return cmp.Or(compareCauses(a.Effect, b.Effect), compareCauses(a.Cause, b.Cause), cmp.Compare(b.Sock, a.Sock))
	})
	return slices.CompactFunc(list, func(a, b Arrow) bool { return a.Cause == b.Cause && a.Effect == b.Effect })
}

// behind is the node itself, or of a meeting those who came to it.
func (g *graph) behind(i int) []int {
	if g.nodes[i].at < 0 {
		return g.nodes[i].preds
	}
	return []int{i}
}

// causeOf names a node's event, or the first of its fold.
func (g *graph) causeOf(i int) event.Cause {
	n := &g.nodes[i]
	return event.Cause{Branch: n.branch.ID, Seq: n.entry().First()}
}

func compareCauses(a, b event.Cause) int {
	return cmp.Or(cmp.Compare(a.Branch, b.Branch), cmp.Compare(a.Seq, b.Seq))
}
