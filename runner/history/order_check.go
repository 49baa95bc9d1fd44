package history

import (
	"errors"
	"fmt"

	"github.com/sockscript/sockscript/steps/event"
)

// mostDisorders is how many faults CheckOrder tells of one run.
const mostDisorders = 10

// CheckOrder holds the transcript in causal order against what was recorded, for
// tests of the order itself: in each transcript, of each pair of matched events
// the cause stands first; no cause began only after its effect had ended; and
// what a socket of the scenario took from another one has a cause. The error
// names the events for which that is not so.
func (r *Record) CheckOrder() error {
	r.prepare()
	c := orderCheck{r: r, place: make(map[Entry]int)}
	for n, l := range r.Lines(Causal, Form{}) {
		switch {
		case l.Event != nil:
			c.place[Entry{Event: l.Event}] = n
		case l.Fold != nil:
			c.place[Entry{Fold: l.Fold}] = n
		}
	}
	for i := range r.graph.nodes[:r.graph.meets] {
		for _, p := range r.graph.nodes[i].preds {
			c.pair(p, i)
		}
	}
	for _, i := range r.graph.unknown {
		c.tell("%s has no cause", i)
	}
	return errors.Join(c.faults...)
}

// An orderCheck looks at one transcript.
type orderCheck struct {
	r      *Record
	place  map[Entry]int // of an event or fold among the lines
	faults []error
}

func (c *orderCheck) tell(format string, nodes ...int) {
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

// pair looks at a cause and its effect. A meeting stands for all who came to it.
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
		c.tell("%s, but its cause began only after it had ended: %s", effect, cause)
	}
	first, shown := c.place[before]
	second, both := c.place[after]
	if shown && both && first > second {
		c.tell("%s stands before its cause: %s", effect, cause)
	}
}

// lacks notes that an event has no cause although one must be among the events of
// the scenario.
func (m *matcher) lacks(i int) {
	if e := m.event(i); e != nil && !e.Failed {
		m.g.unknown = append(m.g.unknown, i)
	}
}

// fromUs reports whether a socket of the scenario had the address that a receive
// or an accept told.
func (m *matcher) fromUs(d *event.Datagram) bool {
	a := d.Remote
	return (a.IP.IsValid() || a.Path != "") && len(m.owners[a]) > 0
}
