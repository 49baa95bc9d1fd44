package history

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/sockscript/sockscript/runner/history/record"

	"github.com/sockscript/sockscript/steps/event"
)

// A node is an entry of a branch, or a meeting at a barrier, in the graph of
// what had to come before what.
type node struct {
	branch *record.Branch // nil for a meeting
	at     int            // index into the branch's entries; -1 for a meeting
	preds  []int
	own    int  // how many of preds were known when the event began, not by matching
	loose  bool // it was given its place before all that it comes after
	depth  int
	done   bool
}

// graph orders events by cause: the depth of an event is one more than that
// of the deepest event that had to come before it.
type graph struct {
	record  *record.Record
	nodes   []node
	base    []int // by branch: the node of its first entry
	meets   int   // the node of the first meeting
	order   []int // the nodes, each after its causes
	pairs   []pairing
	kernel  *matcher // what was matched
	unknown []int    // nodes that have a cause among the others, but nobody knows which
}

// fewCauses is for how many causes a node has room from the start.
const fewCauses = 3

func newGraph(h *record.Record) *graph {
	count := len(h.Meetings)
	for _, s := range h.Branches {
		count += len(s.Entries)
	}
	g := &graph{
		record: h, base: make([]int, len(h.Branches)),
		nodes: make([]node, 0, count), order: make([]int, 0, count),
	}
	// The nodes are in the order of the file, not in that in which branches
	// happened to start: where causes form a cycle, the order decides.
	sorted := slices.Clone(h.Branches)
	slices.SortFunc(sorted, (*record.Branch).Compare)
	for _, s := range sorted {
		g.base[s.ID] = len(g.nodes)
		for i := range s.Entries {
			g.nodes = append(g.nodes, node{branch: s, at: i})
		}
	}
	g.meets = len(g.nodes)
	for range h.Meetings {
		g.nodes = append(g.nodes, node{at: -1})
	}
	// Most nodes have few causes: those of all nodes share one list until they
	// grow.
	shared := make([]int, fewCauses*len(g.nodes))
	for i := range g.nodes {
		from := fewCauses * i
		g.nodes[i].preds = shared[from : from : from+fewCauses]
	}
	return g
}

// addCauses adds all causes and computes the depths.
func (g *graph) addCauses() {
	for i, arrivals := range g.record.Meetings {
		for _, c := range arrivals {
			g.after(g.meets+i, c)
		}
	}
	for i := range g.nodes[:g.meets] {
		n := &g.nodes[i]
		if n.at > 0 {
			n.preds = append(n.preds, i-1)
		}
		en := n.entry()
		after := []event.Cause(nil)
		if en.Event != nil {
			after = en.Event.After
		} else {
			after = en.Fold.After
		}
		for _, c := range after {
			g.after(i, c)
		}
	}
	for i := range g.nodes {
		g.nodes[i].own = len(g.nodes[i].preds)
	}
	g.kernel = newMatcher(g)
	g.kernel.match()
	g.deepen()
}

func (n *node) entry() record.Entry { return n.branch.Entries[n.at] }

// after makes a recorded cause a predecessor of node i.
func (g *graph) after(i int, c event.Cause) {
	if j := g.find(c); j >= 0 {
		g.nodes[i].preds = append(g.nodes[i].preds, j)
	}
}

// find is the node of a cause: the event itself, or the fold that took it.
func (g *graph) find(c event.Cause) int {
	if c.Branch < 0 {
		return g.meets - c.Branch - 1
	}
	if c.Seq < 0 {
		return -1
	}
	entries := g.record.Branches[c.Branch].Entries
	at := sort.Search(len(entries), func(i int) bool { return entries[i].First() > c.Seq }) - 1
	if at < 0 {
		return -1
	}
	return g.base[c.Branch] + at
}

// deepen computes the depths: each node after all that it comes after. Folds
// of both sides of a conversation need each other, and datagrams that are
// matched by content may be matched wrong where the kernel dropped some: where
// nothing else can go on, the first such node goes on without the causes that
// it still lacks.
func (g *graph) deepen() {
	missing := make([]int, len(g.nodes))
	after := g.effects()
	ready := make([]int, 0, len(g.nodes))
	for i := range g.nodes {
		missing[i] = len(g.nodes[i].preds)
		if missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	for {
		for len(ready) > 0 {
			i := ready[len(ready)-1]
			ready = ready[:len(ready)-1]
			g.finish(i)
			for _, s := range after[i] {
				if missing[s]--; missing[s] == 0 && !g.nodes[s].done {
					ready = append(ready, s)
				}
			}
		}
		next := g.stuck()
		if next < 0 {
			return
		}
		ready = append(ready, next)
	}
}

// effects are, for each node, those that come after it, in one list that all
// share.
func (g *graph) effects() [][]int {
	count, all := make([]int, len(g.nodes)), 0
	for i := range g.nodes {
		for _, p := range g.nodes[i].preds {
			count[p]++
			all++
		}
	}
	shared, after := make([]int, all), make([][]int, len(g.nodes))
	for i, n := range count {
		after[i], shared = shared[:0:n], shared[n:]
	}
	for i := range g.nodes {
		for _, p := range g.nodes[i].preds {
			after[p] = append(after[p], i)
		}
	}
	return after
}

// stuck finds a node to go on with when all that are left wait for each other:
// a fold that lacks other folds only, else a fold or a received datagram; in
// each case one whose own actor has come that far. It is -1 when none is left.
func (g *graph) stuck() int {
	fallback, guess := -1, -1
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.done || n.at > 0 && !g.nodes[i-1].done {
			continue
		}
		switch {
		case n.at >= 0 && n.entry().Fold != nil && g.lacksFolds(n):
			return i
		case n.at >= 0 && yields(n.entry()) && guess < 0:
			guess = i
		case fallback < 0:
			fallback = i
		}
	}
	if guess >= 0 {
		return guess
	}
	return fallback
}

// lacksFolds reports whether all that a node still waits for are folds.
func (g *graph) lacksFolds(n *node) bool {
	for _, p := range n.preds {
		if q := &g.nodes[p]; !q.done && (q.at < 0 || q.entry().Fold == nil) {
			return false
		}
	}
	return true
}

// yields reports whether an entry's causes are only a guess.
func yields(e record.Entry) bool {
	return e.Fold != nil || e.Event.Op == event.OpRecv && e.Event.Endpoints != nil
}

// finish sets the depth of a node.
func (g *graph) finish(i int) {
	n := &g.nodes[i]
	for _, p := range n.preds {
		q := &g.nodes[p]
		n.loose = n.loose || !q.done
		if q.done {
			n.depth = max(n.depth, q.depth)
		}
	}
	n.done = true
	g.order = append(g.order, i)
	if n.at >= 0 && g.record.Prints(n.entry()) {
		n.depth++ // what is not printed takes no place among the lines
	}
}

// mostDisorders is how many faults of one run CheckOrder reports.
const mostDisorders = 10

// CheckOrder compares the transcript in causal order with what was recorded,
// for tests of the order itself: in each transcript, of each pair of matched
// events the cause is first; no cause began only after its effect had
// ended; and what a socket of the scenario took from another one has a cause.
// The error names the events for which that is not so.
func (r *Record) CheckOrder() error {
	r.prepare()
	c := orderCheck{r: r, place: make(map[record.Entry]int)}
	for n, l := range r.Lines(Causal, Form{}) {
		switch {
		case l.Event != nil:
			c.place[record.Entry{Event: l.Event}] = n
		case l.Fold != nil:
			c.place[record.Entry{Fold: l.Fold}] = n
		}
	}
	for i := range r.graph.nodes[:r.graph.meets] {
		for _, p := range r.graph.nodes[i].preds {
			c.pair(p, i)
		}
	}
	for _, i := range r.graph.unknown {
		c.report("%s has no cause", i)
	}
	return errors.Join(c.faults...)
}

// An orderCheck looks at one transcript.
type orderCheck struct {
	r      *Record
	place  map[record.Entry]int // of an event or fold among the lines
	faults []error
}

func (c *orderCheck) report(format string, nodes ...int) {
	if len(c.faults) >= mostDisorders {
		return
	}
	var texts []any
	for _, i := range nodes {
		n := &c.r.graph.nodes[i]
		text := fmt.Sprintf("a fold of %s", n.branch.Name())
		if e := n.entry().Event; e != nil {
			text = fmt.Sprintf("%s: %s", n.branch.Name(), c.r.Text(e, Form{}))
		}
		texts = append(texts, text)
	}
	c.faults = append(c.faults, fmt.Errorf(format, texts...))
}

// pair looks at a cause and its effect. A meeting stands for all who came to
// it.
func (c *orderCheck) pair(cause, effect int) {
	g := c.r.graph
	if g.nodes[cause].at < 0 {
		for _, p := range g.nodes[cause].preds {
			c.pair(p, effect)
		}
		return
	}
	before, after := g.nodes[cause].entry(), g.nodes[effect].entry()
	if before.Fold != nil || after.Fold != nil {
		return // its rounds may need each other, in both directions
	}
	begin, _ := g.span(cause)
	if _, end := g.span(effect); begin > end {
		c.report("%s, but its cause began only after it had ended: %s", effect, cause)
	}
	first, shown := c.place[before]
	second, both := c.place[after]
	if shown && both && first > second {
		c.report("%s is above its cause: %s", effect, cause)
	}
}

// lacks notes that an event has no cause although one must be among the events
// of the scenario.
func (m *matcher) lacks(i int) {
	if e := m.event(i); e != nil && !e.Failed {
		m.g.unknown = append(m.g.unknown, i)
	}
}

// fromUs reports whether a socket of the scenario had the address that a
// receive or an accept told.
func (m *matcher) fromUs(e *event.Event, d *event.Datagram) bool {
	a := d.Remote
	return (a.IP.IsValid() || a.Path != "") && slices.ContainsFunc(m.g.spotsOf(hostOf(e), a), func(s event.HostAddr) bool {
		return len(m.owners()[s]) > 0
	})
}
