package runner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
)

// A Race is two events whose order nothing fixes: another run may have them the
// other way round, and then prints another transcript, even when all runs so far
// have agreed.
type Race struct {
	First, Second *steps.Event // what was taken, in the order of this run
	Actors        [2]string    // whose events these are
	Taker         *steps.Event // the accept or receive that took the first
	What          string
}

// Problem is the race as a warning at the step that takes.
func (r Race) Problem() *source.Problem {
	p := r.Taker.Step.Node.Warning("%s", r.What)
	return p.WithHint("let one wait for the other, by a signal or a reference, or make them replicas that print alike")
}

// pairing is a cause that lies in the kernel, with its effect: a connect with
// the accept that took it, a send with the receive of its datagram.
type pairing struct {
	cause, effect int
	on            uint64 // the listening socket, or the receiving one
}

// Races finds the pairs of connects to one listener, and of datagrams to one
// socket, that came in one order and might as well have come in the other: those
// that no cause orders, by the vector clocks of the events.
func (r *Result) Races() []Race {
	r.prepare()
	clocks := r.graph.clocks()
	if clocks == nil {
		return nil
	}
	bySocket := make(map[uint64][]pairing)
	for _, p := range r.graph.pairs {
		bySocket[p.on] = append(bySocket[p.on], p)
	}
	var races []Race
	for _, list := range bySocket {
		slices.SortFunc(list, func(a, b pairing) int {
			return cmp.Compare(r.graph.event(a.effect).Start, r.graph.event(b.effect).Start)
		})
		for i := range len(list) - 1 {
			if race, found := r.race(clocks, list[i], list[i+1]); found {
				races = append(races, race)
			}
		}
	}
	slices.SortFunc(races, func(a, b Race) int {
		return cmp.Or(cmp.Compare(a.Taker.Step.ID, b.Taker.Step.ID), cmp.Compare(a.First.Step.ID, b.First.Step.ID),
			cmp.Compare(a.Second.Step.ID, b.Second.Step.ID))
	})
	return slices.CompactFunc(races, func(a, b Race) bool {
		return a.Taker.Step == b.Taker.Step && a.First.Step == b.First.Step && a.Second.Step == b.Second.Step
	})
}

// race tells whether the second of two pairings might have come first: neither
// cause orders the other, nor does the effect of the first.
func (r *Result) race(clocks []clock, a, b pairing) (Race, bool) {
	g := r.graph
	if clocks[b.cause].knows(g, a.cause) || clocks[a.cause].knows(g, b.cause) || clocks[b.cause].knows(g, a.effect) {
		return Race{}, false
	}
	x, y := g.nodes[a.cause].strand, g.nodes[b.cause].strand
	if x == y || x.member.actor == y.member.actor && x.member != y.member {
		return Race{}, false // replicas are numbered by their causal order
	}
	first, second := g.event(a.cause), g.event(b.cause)
	verb := "takes the connection of"
	if first.Op == steps.OpSend {
		verb = "receives from"
	}
	return Race{
		First: first, Second: second, Actors: [2]string{x.label(), y.label()}, Taker: g.event(a.effect),
		What: fmt.Sprintf("%s %s %s before that of %s, but nothing orders the two: another run may have it the other way round",
			g.nodes[a.effect].strand.label(), verb, x.label(), y.label()),
	}, true
}

func (g *graph) event(i int) *steps.Event { return g.nodes[i].entry().event }

// A clock is a vector clock: how far each strand had come when an event
// happened, as far as causes tell.
type clock []int32

// knows reports whether an event comes before the clock's own, or is it.
func (c clock) knows(g *graph, i int) bool {
	n := &g.nodes[i]
	return c[g.column(n.strand)] > int32(n.at)
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
			c[g.column(n.strand)] = int32(n.at) + 1
		}
		clocks[i] = c
	}
	return clocks
}

// column is a strand's place in the clocks.
func (g *graph) column(s *strand) int { return s.id }
