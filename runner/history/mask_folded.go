package history

import (
	"cmp"
	"slices"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// markedIn are the ranges of all folds, by description and in order; datagrams
// are by their hashes.
func markedIn(g *causal.Graph) map[uint64][]record.MarkedRange {
	ranges := make(map[uint64][]record.MarkedRange)
	for i := range g.Nodes[:g.Meets] {
		if f := g.Nodes[i].Entry().Fold; f != nil {
			for _, r := range f.Marked {
				key := cmp.Or(r.Sum, r.Sock)
				ranges[key] = append(ranges[key], r)
			}
		}
	}
	for _, list := range ranges {
		slices.SortFunc(list, func(a, b record.MarkedRange) int { return cmp.Compare(a.From, b.From) })
	}
	return ranges
}

// foldedDatagram are the marks of a datagram that a fold sent, by the hash of
// its bytes.
func (m *masks) foldedDatagram(sum uint64) ([]event.Mark, bool) {
	if m.ranges == nil {
		m.ranges = markedIn(m.graph)
	}
	for _, r := range m.ranges[sum] {
		if r.Sum == sum {
			return r.Marks, true
		}
	}
	return nil, false
}

// folded are the marks of what folds sent on a description, from one place up
// to another or to where they know no more, which it returns too.
func (m *masks) folded(sock uint64, from, to int64) ([]event.Mark, int64) {
	if m.ranges == nil {
		m.ranges = markedIn(m.graph)
	}
	list := m.ranges[sock]
	k, _ := slices.BinarySearchFunc(list, from+1, func(r record.MarkedRange, at int64) int { return cmp.Compare(r.To, at) })
	var marks []event.Mark
	at := from
	for ; k < len(list) && list[k].From <= at && at < to; k++ {
		marks = append(marks, event.MovedMarks(list[k].Marks, int(list[k].From-from))...)
		at = list[k].To
	}
	return marks, at
}
