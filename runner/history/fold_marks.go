package history

import (
	"cmp"
	"slices"

	"github.com/sockscript/sockscript/steps/event"
)

// A markedRange is a range of the bytes that a description sent, with their marks.
// A fold keeps it for those who received the bytes.
type markedRange struct {
	sock     uint64
	from, to int64
	sum      uint64       // of a datagram: the hash of its bytes; it has no range
	marks    []event.Mark // by their places in the range
}

// mostMarked is how many ranges a fold keeps. Beyond it nothing is known of what
// was sent.
const mostMarked = 1 << 14

// marks keeps the marks of what an event sent on a stream.
func (t *taker) marks(e *event.Event) {
	n, counted := sentBytes(e)
	if e.Endpoints != nil && counted && len(e.Sums) == 1 && slices.ContainsFunc(e.Args, hasMarks) {
		t.keep(markedRange{sock: e.Sock, sum: e.Sums[0].Sum, marks: joined(dataParts(e.Args))})
	}
	if e.Endpoints != nil || !counted || endOf(t.ends, e.Sock) != nil || slices.Contains(t.made, e.Sock) {
		return
	}
	var marks []event.Mark
	if slices.ContainsFunc(e.Args, hasMarks) {
		marks = joined(dataParts(e.Args))
	}
	t.keep(markedRange{sock: e.Sock, from: e.Offset - n, to: e.Offset, marks: marks})
}

// hasMarks reports whether a part may have marks.
func hasMarks(part any) bool {
	switch p := part.(type) {
	case event.Data:
		return len(p.Marks) > 0
	case []any:
		return slices.ContainsFunc(p, hasMarks)
	}
	return false
}

// keep adds a range. One without marks is joined to another before it.
func (f *Fold) keep(r markedRange) {
	if k := len(f.marked) - 1; k >= 0 && len(r.marks) == 0 {
		if last := &f.marked[k]; last.sock == r.sock && last.to == r.from && len(last.marks) == 0 {
			last.to = r.to
			return
		}
	}
	if len(f.marked) < mostMarked {
		f.marked = append(f.marked, r)
	}
}

// markedIn are the ranges of all folds, by description and in order; datagrams are
// by their hashes.
func (m *matcher) markedIn() map[uint64][]markedRange {
	ranges := make(map[uint64][]markedRange)
	for i := range m.g.nodes[:m.g.meets] {
		if f := m.g.nodes[i].entry().Fold; f != nil {
			for _, r := range f.marked {
				key := cmp.Or(r.sum, r.sock)
				ranges[key] = append(ranges[key], r)
			}
		}
	}
	for _, list := range ranges {
		slices.SortFunc(list, func(a, b markedRange) int { return cmp.Compare(a.from, b.from) })
	}
	return ranges
}

// foldedDatagram are the marks of a datagram that a fold sent, by the hash of its
// bytes.
func (m *masks) foldedDatagram(sum uint64) ([]event.Mark, bool) {
	if m.ranges == nil {
		m.ranges = m.graph.kernel.markedIn()
	}
	for _, r := range m.ranges[sum] {
		if r.sum == sum {
			return r.marks, true
		}
	}
	return nil, false
}

// folded are the marks of what folds sent on a description, from one place up to
// another or to where they know no more, which it returns too.
func (m *masks) folded(sock uint64, from, to int64) ([]event.Mark, int64) {
	if m.ranges == nil {
		m.ranges = m.graph.kernel.markedIn()
	}
	list := m.ranges[sock]
	k, _ := slices.BinarySearchFunc(list, from+1, func(r markedRange, at int64) int { return cmp.Compare(r.to, at) })
	var marks []event.Mark
	at := from
	for ; k < len(list) && list[k].from <= at && at < to; k++ {
		marks = append(marks, moved(list[k].marks, int(list[k].from-from))...)
		at = list[k].to
	}
	return marks, at
}
