package flows

import "slices"

// A span is a range of the bytes of a stream, from 1; the last is not in it.
type span struct{ first, last int64 }

func (s span) empty() bool { return s.last <= s.first }

// meet is what two spans have in common.
func (s span) meet(o span) span { return span{max(s.first, o.first), min(s.last, o.last)} }

// spans are some of the bytes of a stream: the fewest spans that hold them, in
// order.
type spans []span

// add adds the bytes of a span.
func (l *spans) add(s span) {
	if s.empty() {
		return
	}
	from, _ := slices.BinarySearchFunc(*l, s.first, func(o span, first int64) int { return int(o.last - first) })
	to := from
	for to < len(*l) && (*l)[to].first <= s.last {
		s = span{min(s.first, (*l)[to].first), max(s.last, (*l)[to].last)}
		to++
	}
	*l = slices.Replace(*l, from, to, s)
}

// hold reports whether all bytes of a span are among them.
func (l spans) hold(s span) bool {
	return slices.ContainsFunc(l, func(o span) bool { return o.first <= s.first && s.last <= o.last })
}
