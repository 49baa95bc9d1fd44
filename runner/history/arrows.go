package history

import (
	"cmp"
	"slices"

	"github.com/sockscript/sockscript/steps/event"
)

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
	return event.Cause{Branch: n.branch.ID, Seq: n.entry().firstSeq()}
}

func compareCauses(a, b event.Cause) int {
	return cmp.Or(cmp.Compare(a.Branch, b.Branch), cmp.Compare(a.Seq, b.Seq))
}
