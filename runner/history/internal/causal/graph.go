// Package causal finds which event of a record had to come before which: from
// what the steps waited for, and from what the kernel did between them, which
// is found by matching. What no cause orders although it shows is a race.
package causal

import (
	"slices"
	"sort"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// A Node is an entry of a branch, or a meeting at a barrier, in the graph of
// what had to come before what.
type Node struct {
	Branch *record.Branch // nil for a meeting
	At     int            // index into the branch's entries; -1 for a meeting
	Preds  []int
	Own    int // how many of Preds were known when the event began, not by matching
	Depth  int

	loose bool // it was given its place before all that it comes after
	done  bool
}

// A Graph orders events by cause: the depth of an event is one more than that
// of the deepest event that had to come before it.
type Graph struct {
	Record  *record.Record
	Nodes   []Node
	Meets   int   // the node of the first meeting
	Order   []int // the nodes, each after its causes
	Pairs   []Pair
	Unknown []int // nodes that have a cause among the others, but nobody knows which

	base   []int    // by branch: the node of its first entry
	kernel *matcher // what was matched
}

// A Pair is a cause that lies in the kernel, with its effect: a connect with
// the accept that took it, a send with the receive of its datagram. Where only
// the cause matters, the effect is -1.
type Pair struct {
	Cause, Effect int
	On            uint64 // the listening socket, or the receiving one
}

// fewCauses is for how many causes a node has room from the start.
const fewCauses = 3

// New is the graph of a record, with all causes and depths.
func New(r *record.Record) *Graph {
	g := newGraph(r)
	g.addCauses()
	return g
}

func newGraph(r *record.Record) *Graph {
	count := len(r.Meetings)
	for _, b := range r.Branches {
		count += len(b.Entries)
	}
	g := &Graph{
		Record: r, base: make([]int, len(r.Branches)),
		Nodes: make([]Node, 0, count), Order: make([]int, 0, count),
	}
	// The nodes are in the order of the file, not in that in which branches
	// happened to start: where causes form a cycle, the order decides.
	sorted := slices.Clone(r.Branches)
	slices.SortFunc(sorted, (*record.Branch).Compare)
	for _, b := range sorted {
		g.base[b.ID] = len(g.Nodes)
		for i := range b.Entries {
			g.Nodes = append(g.Nodes, Node{Branch: b, At: i})
		}
	}
	g.Meets = len(g.Nodes)
	for range r.Meetings {
		g.Nodes = append(g.Nodes, Node{At: -1})
	}
	// Most nodes have few causes: those of all nodes share one list until they
	// grow.
	shared := make([]int, fewCauses*len(g.Nodes))
	for i := range g.Nodes {
		from := fewCauses * i
		g.Nodes[i].Preds = shared[from : from : from+fewCauses]
	}
	return g
}

// addCauses adds all causes and computes the depths.
func (g *Graph) addCauses() {
	for i, arrivals := range g.Record.Meetings {
		for _, c := range arrivals {
			g.after(g.Meets+i, c)
		}
	}
	for i := range g.Nodes[:g.Meets] {
		n := &g.Nodes[i]
		if n.At > 0 {
			n.Preds = append(n.Preds, i-1)
		}
		en := n.Entry()
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
	for i := range g.Nodes {
		g.Nodes[i].Own = len(g.Nodes[i].Preds)
	}
	g.kernel = newMatcher(g)
	g.kernel.match()
	g.deepen()
}

// Entry is the entry of a node that is not a meeting.
func (n *Node) Entry() record.Entry { return n.Branch.Entries[n.At] }

// Event is the event of a node that is not a meeting; nil of a fold.
func (g *Graph) Event(i int) *event.Event { return g.Nodes[i].Entry().Event }

// after makes a recorded cause a predecessor of node i.
func (g *Graph) after(i int, c event.Cause) {
	if j := g.Find(c); j >= 0 {
		g.Nodes[i].Preds = append(g.Nodes[i].Preds, j)
	}
}

// Find is the node of a cause: the event itself, or the fold that took it.
func (g *Graph) Find(c event.Cause) int {
	if c.Branch < 0 {
		return g.Meets - c.Branch - 1
	}
	if c.Seq < 0 {
		return -1
	}
	entries := g.Record.Branches[c.Branch].Entries
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
func (g *Graph) deepen() {
	missing := make([]int, len(g.Nodes))
	after := g.effects()
	ready := make([]int, 0, len(g.Nodes))
	for i := range g.Nodes {
		missing[i] = len(g.Nodes[i].Preds)
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
				if missing[s]--; missing[s] == 0 && !g.Nodes[s].done {
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
func (g *Graph) effects() [][]int {
	count, all := make([]int, len(g.Nodes)), 0
	for i := range g.Nodes {
		for _, p := range g.Nodes[i].Preds {
			count[p]++
			all++
		}
	}
	shared, after := make([]int, all), make([][]int, len(g.Nodes))
	for i, n := range count {
		after[i], shared = shared[:0:n], shared[n:]
	}
	for i := range g.Nodes {
		for _, p := range g.Nodes[i].Preds {
			after[p] = append(after[p], i)
		}
	}
	return after
}

// stuck finds a node to go on with when all that are left wait for each other:
// a fold that lacks other folds only, else a fold or a received datagram; in
// each case one whose own actor has come that far. It is -1 when none is left.
func (g *Graph) stuck() int {
	fallback, guess := -1, -1
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.done || n.At > 0 && !g.Nodes[i-1].done {
			continue
		}
		switch {
		case n.At >= 0 && n.Entry().Fold != nil && g.lacksFolds(n):
			return i
		case n.At >= 0 && yields(n.Entry()) && guess < 0:
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
func (g *Graph) lacksFolds(n *Node) bool {
	for _, p := range n.Preds {
		if q := &g.Nodes[p]; !q.done && (q.At < 0 || q.Entry().Fold == nil) {
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
func (g *Graph) finish(i int) {
	n := &g.Nodes[i]
	for _, p := range n.Preds {
		q := &g.Nodes[p]
		n.loose = n.loose || !q.done
		if q.done {
			n.Depth = max(n.Depth, q.Depth)
		}
	}
	n.done = true
	g.Order = append(g.Order, i)
	if n.At >= 0 && g.Record.Prints(n.Entry()) {
		n.Depth++ // what is not printed takes no place among the lines
	}
}

// lacks notes that an event has no cause although one must be among the events
// of the scenario.
func (m *matcher) lacks(i int) {
	if e := m.event(i); e != nil && !e.Failed {
		m.g.Unknown = append(m.g.Unknown, i)
	}
}

// fromUs reports whether a socket of the scenario that can have sent a datagram
// had the address that the receive showed: a port of TCP that is closed may be
// a program's for UDP.
func (m *matcher) fromUs(e *event.Event, d *event.Datagram) bool {
	a := d.Remote
	return (a.IP.IsValid() || a.Path != "") && slices.ContainsFunc(m.g.spotsOf(hostOf(e), a), func(s event.HostAddr) bool {
		return slices.ContainsFunc(m.owners()[s], func(id uint64) bool {
			return m.of(id).endpoints.Type != unix.SOCK_STREAM && m.g.MaySend(id, e.Endpoints.Local)
		})
	})
}

// Behind is the node itself, or of a meeting those who came to it.
func (g *Graph) Behind(i int) []int {
	if g.Nodes[i].At < 0 {
		return g.Nodes[i].Preds
	}
	return []int{i}
}

// CauseOf names a node's event, or the first of its fold.
func (g *Graph) CauseOf(i int) event.Cause {
	n := &g.Nodes[i]
	return event.Cause{Branch: n.Branch.ID, Seq: n.Entry().First()}
}

// Depth is the depth of an entry of a branch.
func (g *Graph) Depth(b *record.Branch, at int) int { return g.Nodes[g.base[b.ID]+at].Depth }

// Sends are the events that sent on a description, in the order of their
// offsets.
func (g *Graph) Sends(id uint64) []int { return g.kernel.of(id).sends }

// SentBy is how far sending on a description had come after an event.
func (g *Graph) SentBy(i int, id uint64) int64 { return g.kernel.sentBy(i, id) }
