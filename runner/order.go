package runner

import (
	"sort"

	"github.com/sockscript/sockscript/steps"
)

// history is all that a run recorded.
type history struct {
	strands  []*strand
	meetings [][]steps.Cause
}

func (r *run) history() *history {
	h := &history{strands: r.strands}
	if r.hub != nil {
		h.meetings = r.hub.meetings
	}
	return h
}

// A node is an entry of a strand, or a meeting at a barrier, in the graph of
// what had to come before what.
type node struct {
	strand *strand
	at     int // index into the strand's entries; -1 for a meeting
	preds  []int
	depth  int
	state  uint8 // 0 not looked at, 1 under way, 2 done
}

// graph orders events by cause: the depth of an event is one more than that
// of the deepest event that had to come before it.
type graph struct {
	history *history
	nodes   []node
	base    []int // by strand id: the node of its first entry
	meets   int   // the node of the first meeting
}

func (h *history) graph() *graph {
	g := &graph{history: h, base: make([]int, len(h.strands))}
	for _, s := range h.strands {
		g.base[s.id] = len(g.nodes)
		for i := range s.entries {
			g.nodes = append(g.nodes, node{strand: s, at: i})
		}
	}
	g.meets = len(g.nodes)
	for range h.meetings {
		g.nodes = append(g.nodes, node{at: -1})
	}
	return g
}

// link adds all causes and computes the depths.
func (g *graph) link() {
	for i, arrivals := range g.history.meetings {
		for _, c := range arrivals {
			g.after(g.meets+i, c)
		}
	}
	for i := range g.nodes[:g.meets] {
		n := &g.nodes[i]
		if n.at > 0 {
			n.preds = append(n.preds, i-1)
		}
		if e := n.entry().event; e != nil {
			for _, c := range e.After {
				g.after(i, c)
			}
		}
	}
	newMatcher(g).match()
	for i := range g.nodes {
		g.deepen(i)
	}
}

func (n *node) entry() entry { return n.strand.entries[n.at] }

// after makes a recorded cause a predecessor of node i.
func (g *graph) after(i int, c steps.Cause) {
	if j := g.find(c); j >= 0 {
		g.nodes[i].preds = append(g.nodes[i].preds, j)
	}
}

// find is the node of a cause: the event itself, or the fold that took it.
func (g *graph) find(c steps.Cause) int {
	if c.Strand < 0 {
		return g.meets - c.Strand - 1
	}
	if c.Seq < 0 {
		return -1
	}
	entries := g.history.strands[c.Strand].entries
	at := sort.Search(len(entries), func(i int) bool { return entries[i].firstSeq() > c.Seq }) - 1
	if at < 0 {
		return -1
	}
	return g.base[c.Strand] + at
}

// deepen computes the depth of a node. What two runs of a cycle would need of
// each other cannot have happened, so such a cause is passed over: matching by
// content may guess wrong where the kernel drops datagrams.
func (g *graph) deepen(start int) {
	stack := []int{start}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		n := &g.nodes[i]
		if n.state == 2 {
			stack = stack[:len(stack)-1]
			continue
		}
		if n.state == 0 {
			n.state = 1
			for _, p := range n.preds {
				if g.nodes[p].state == 0 {
					stack = append(stack, p)
				}
			}
			continue
		}
		g.finish(n)
		stack = stack[:len(stack)-1]
	}
}

func (g *graph) finish(n *node) {
	deepest := 0
	for _, p := range n.preds {
		if q := &g.nodes[p]; q.state == 2 {
			deepest = max(deepest, q.depth)
		}
	}
	n.state, n.depth = 2, deepest
	if n.at >= 0 {
		n.depth++
	}
}
