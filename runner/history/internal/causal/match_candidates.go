package causal

import "time"

// candidates are those of a list that may be the cause of a node. The clock
// rules out what began after the node had ended, and the known causes what
// comes after it.
func (m *matcher) candidates(i int, list []int) []int {
	var left []int
	_, end := m.g.Span(i)
	for _, c := range list {
		if c < 0 || c == i {
			continue
		}
		if begin, _ := m.g.Span(c); begin <= end && !m.precedes(i, c) {
			left = append(left, c)
		}
	}
	return left
}

// oneOf is what a node comes after when one of a list is its cause, and which
// one is not known: the first, where all others come after it. Else nothing is
// known, and it is -1.
func (m *matcher) oneOf(i int, list []int) int {
	left := m.candidates(i, list)
	if len(left) == 0 {
		return -1
	}
	first := left[0]
	for _, c := range left[1:] {
		if m.precedes(c, first) {
			first = c
		}
	}
	for _, c := range left {
		if c != first && !m.precedes(first, c) {
			return -1
		}
	}
	return first
}

// precedes reports whether node a is known to come before node b. What ended
// before a began cannot come after it, and need not be searched.
func (m *matcher) precedes(a, b int) bool {
	if x, y := &m.g.Nodes[a], &m.g.Nodes[b]; x.Branch == y.Branch {
		return x.At < y.At
	}
	begin, _ := m.g.Span(a)
	seen := map[int]bool{b: true}
	for todo := []int{b}; len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range m.g.Nodes[i].Preds {
			if p == a {
				return true
			}
			if _, end := m.g.Span(p); end >= begin && !seen[p] {
				seen[p] = true
				todo = append(todo, p)
			}
		}
	}
	return false
}

// Span is when a node began and ended; a meeting has no time of its own.
func (g *Graph) Span(i int) (begin, end time.Duration) {
	if g.Nodes[i].At < 0 {
		return 0, 1<<63 - 1
	}
	en := g.Nodes[i].Entry()
	if en.Fold != nil {
		return en.Fold.Start, en.Fold.End
	}
	return en.Event.Start, en.Event.End
}
