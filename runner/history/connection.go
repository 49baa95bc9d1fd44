package history

import (
	"cmp"
	"slices"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/steps/event"
)

// A Connection is one that a socket of the scenario, or a far end that the
// script plays, has asked for.
type Connection struct {
	Connect  event.Cause // the event that asked for it
	Listener uint64      // the description that it reached; 0 where that is not the scenario's
	Accept   event.Cause // the event that took it
	Taker    uint64      // the description that the accept made; 0 where nobody has taken it
}

// Connections are those of the record of which the event that asked for them
// was kept.
func (r *Record) Connections() []Connection {
	r.prepare()
	g := r.graph
	taken := make(map[int]causal.Pair)
	for _, p := range g.Pairs {
		if g.Event(p.Effect).Op == event.OpAccept {
			taken[p.Cause] = p
		}
	}
	var list []Connection
	for _, o := range g.Openings() {
		x := Connection{Connect: g.CauseOf(o.Node), Listener: o.Listener}
		if p, ok := taken[o.Node]; ok {
			x.Accept, x.Listener = g.CauseOf(p.Effect), p.On
			x.Taker = g.Event(p.Effect).Endpoints.Made
		}
		list = append(list, x)
	}
	return list
}

// Peer is the description at the other end of a connection, where both are of
// the scenario; 0 where that is not known.
func (r *Record) Peer(id uint64) uint64 {
	r.prepare()
	return r.graph.Peer(id)
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
	for i := range g.Nodes[:g.Meets] {
		n := &g.Nodes[i]
		for k, p := range n.Preds {
			var sock uint64
			if e := n.Entry().Event; k >= n.Own && e != nil {
				sock = e.Sock
			}
			for _, by := range g.Behind(p) {
				if g.Nodes[by].Branch != n.Branch {
					list = append(list, Arrow{g.CauseOf(by), g.CauseOf(i), sock})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b Arrow) int {
		return cmp.Or(compareCauses(a.Effect, b.Effect), compareCauses(a.Cause, b.Cause), cmp.Compare(b.Sock, a.Sock))
	})
	return slices.CompactFunc(list, func(a, b Arrow) bool { return a.Cause == b.Cause && a.Effect == b.Effect })
}

func compareCauses(a, b event.Cause) int {
	return cmp.Or(cmp.Compare(a.Branch, b.Branch), cmp.Compare(a.Seq, b.Seq))
}
