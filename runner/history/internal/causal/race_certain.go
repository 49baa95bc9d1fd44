package causal

import (
	"cmp"
	"slices"
)

// A feed is a queue or a stream from which receives or accepts take, and of
// which it depends on the run who takes what.
type feed struct {
	gives []portion
	takes []int
}

// A portion is what one event gave: messages, connections or bytes.
type portion struct {
	node int
	size int64
}

// A taker is an event which took something that it does not take in every run.
type taker struct {
	from  *feed
	took  []int // what gave it that in this run
	count int64 // how much that was
	least int64 // how much it takes in every run, whatever is there when it begins
	need  int64 // how much must be there before it can end
}

// mostRounds bounds how often the clocks are computed. They know less each
// time, but never less than what is sure.
const mostRounds = 64

// certain are the clocks of what holds in every run in which the branches do
// the same: a receive comes after the send of what it took only if it would
// always have taken that. So two runs in which the same events came in
// different orders have the same clocks. They begin as those of this run, and
// then forget all that is not sure, until nothing is left to be forgotten.
func (f *finder) certain() *clocks {
	c := f.g.clocks()
	if c == nil {
		return nil
	}
	takers := f.takers(c)
	if len(takers) == 0 {
		return c
	}
	c.sure = make(map[int]int64, len(takers))
	for i, t := range takers {
		c.sure[i] = t.count
	}
	spare := make(clock, len(c.cells))
	for range mostRounds {
		next := c.again(takers, spare)
		same := slices.Equal(next.cells, c.cells)
		c, spare = next, c.cells
		if same {
			break
		}
	}
	return c
}

// again computes the clocks once more, from what is sure by now.
func (c *clocks) again(takers map[int]*taker, cells clock) *clocks {
	clear(cells)
	next := &clocks{g: c.g, width: c.width, cells: cells, takers: takers, sure: make(map[int]int64, len(takers)), before: c}
	next.compute()
	next.before = nil
	return next
}

// take makes a taker's clock know what it comes after in every run, and notes
// how much it takes. Before it, others have taken something for certain; so at
// least as much has been given, and what all who could give it have in common
// is known.
func (c *clocks) take(i int, t *taker, end clock) {
	var gone int64
	for _, j := range t.from.takes {
		if j != i && end.knows(c.g, j) {
			gone += c.sureOf(j)
		}
	}
	if t.need > 0 {
		c.await(i, t, end, gone+t.need)
	}
	there, _ := c.given(i, t.from, end)
	c.sure[i] = min(max(there-gone, t.least), t.count)
}

// await makes a clock know what it must, so that so much can have been given.
func (c *clocks) await(i int, t *taker, end clock, need int64) {
	there, rest := c.given(i, t.from, end)
	all := there
	for _, p := range rest {
		all += p.size
	}
	if all < need { // something that gave it is not known
		for _, p := range t.took {
			end.join(c.latest(p))
		}
		return
	}
	if there >= need {
		return
	}
	for k, v := range end {
		end[k] = max(v, c.reach(rest, k, need-there))
	}
}

// reach is how far a branch has come for certain when so much of some portions
// has been given: those that need least of it come first.
func (c *clocks) reach(list []portion, branch int, need int64) int32 {
	slices.SortFunc(list, func(a, b portion) int {
		return cmp.Compare(c.latest(a.node)[branch], c.latest(b.node)[branch])
	})
	for _, p := range list {
		if need -= p.size; need <= 0 {
			return c.latest(p.node)[branch]
		}
	}
	return 0
}

// given is how much a clock knows to have been given, and what else may have
// been given before an event ended.
func (c *clocks) given(i int, from *feed, end clock) (there int64, rest []portion) {
	for _, p := range from.gives {
		switch {
		case end.knows(c.g, p.node):
			there += p.size
		case !c.latest(p.node).knows(c.g, i):
			rest = append(rest, p)
		}
	}
	return there, rest
}

// latest is a node's clock, as far as it has been made sure by now.
func (c *clocks) latest(i int) clock {
	if c.ends[i] == nil {
		return c.before.ends[i]
	}
	return c.ends[i]
}

// sureOf is how much a taker takes in every run, as far as it is known by now.
func (c *clocks) sureOf(i int) int64 {
	if n, ok := c.sure[i]; ok {
		return n
	}
	return c.before.sure[i]
}
