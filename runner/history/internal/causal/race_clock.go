package causal

import "slices"

// A clock is a vector clock: how far each branch had come when an event
// happened, as far as causes show. Of what is not known it is nil.
type clock []int32

// knows reports whether an event comes before the clock's own, or is it.
func (c clock) knows(g *Graph, i int) bool {
	n := &g.Nodes[i]
	return c != nil && c[n.Branch.ID] > int32(n.At)
}

// join makes a clock know all that another knows.
func (c clock) join(other clock) {
	for k, v := range other {
		c[k] = max(c[k], v)
	}
}

// mostCells bounds the memory that the clocks take, to 64 MiB, twice where they
// are made sure; of a run with
// more events times actors and branches no races are reported.
const mostCells = 1 << 24

// The clocks of a graph's nodes. A fold has two: what its own branch did next
// comes after all of its rounds, but others may have seen the first of them.
type clocks struct {
	g     *Graph
	ends  []clock
	first map[int]clock // by the node of a fold
	loose map[int]bool  // nodes that have a cause of which nothing is known

	width int
	cells clock // of all of them, one after the other
	used  int   // how many of the cells are

	takers map[int]*taker // see certain
	sure   map[int]int64  // by taker: how much it took in every run
	before *clocks        // those from which these are computed
}

// of is the clock of a node, as far as it counts for another that comes after.
func (c *clocks) of(p, after int) clock {
	if first, folded := c.first[p]; folded && c.g.Nodes[p].Branch != c.g.Nodes[after].Branch {
		return first
	}
	return c.ends[p]
}

// clocks computes the clocks of all nodes, as they were in this run; nil where
// they would be too many.
func (g *Graph) clocks() *clocks {
	width, count := len(g.Record.Branches), len(g.Nodes)
	for i := range g.Nodes {
		if g.isFold(i) {
			count++
		}
	}
	if width*count > mostCells {
		return nil
	}
	c := &clocks{g: g, width: width, cells: make(clock, width*count)}
	c.compute()
	return c
}

// compute fills the cells.
func (c *clocks) compute() {
	c.ends = make([]clock, len(c.g.Nodes))
	c.first, c.loose = make(map[int]clock), make(map[int]bool)
	c.wind()
	for _, i := range c.g.Order {
		if c.ends[i] == nil {
			c.loose[i] = c.g.Nodes[i].loose
			c.begin(i)
			c.end(i)
		}
	}
}

func (g *Graph) isFold(i int) bool { return g.Nodes[i].At >= 0 && g.Nodes[i].Entry().Fold != nil }

// wind computes the clocks node by node, each when all that it needs are known.
// A fold begins when the entry before it has ended. So the folds of both sides
// of a conversation need not wait for each other.
func (c *clocks) wind() {
	missing, after := make([]int, len(c.g.Nodes)), c.g.effects()
	var ready []int
	gone := func(i int) {
		if missing[i]--; missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	begun := func(i int) {
		c.begin(i)
		for _, s := range after[i] {
			if c.g.Nodes[s].Branch != c.g.Nodes[i].Branch {
				gone(s)
			}
		}
	}
	for i := range c.g.Nodes {
		missing[i] = len(c.g.Nodes[i].Preds)
		if missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	for i := range c.g.Nodes {
		if c.g.isFold(i) && c.g.Nodes[i].At == 0 {
			begun(i)
		}
	}
	for len(ready) > 0 {
		i := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		c.end(i)
		if next := i + 1; c.g.Nodes[i].At >= 0 && next < c.g.Meets && c.g.Nodes[next].At > 0 && c.g.isFold(next) {
			begun(next)
		}
		for _, s := range after[i] {
			if !c.g.isFold(i) || c.g.Nodes[s].Branch == c.g.Nodes[i].Branch {
				gone(s)
			}
		}
	}
}

// begin makes the clock that others see of a fold: when its first round began.
func (c *clocks) begin(i int) {
	if !c.g.isFold(i) || c.first[i] != nil {
		return
	}
	first := c.next()
	if c.g.Nodes[i].At > 0 {
		copy(first, c.ends[i-1])
	}
	c.first[i] = first
}

// end makes the clock of a node when it had ended.
func (c *clocks) end(i int) {
	n, end, t := &c.g.Nodes[i], c.next(), c.takers[i]
	for k, p := range n.Preds {
		if k < n.Own || t == nil || !slices.Contains(t.took, p) {
			end.join(c.of(p, i))
		}
	}
	if t != nil {
		c.take(i, t, end)
	}
	if n.At >= 0 {
		end[n.Branch.ID] = int32(n.At) + 1
	}
	c.ends[i] = end
}

func (c *clocks) next() clock {
	c.used += c.width
	return c.cells[c.used-c.width : c.used : c.used]
}
