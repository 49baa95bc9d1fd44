package history

import (
	"errors"
	"fmt"

	"github.com/sockscript/sockscript/runner/history/record"
)

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
	for i := range r.graph.Nodes[:r.graph.Meets] {
		for _, p := range r.graph.Nodes[i].Preds {
			c.pair(p, i)
		}
	}
	for _, i := range r.graph.Unknown {
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
		n := &c.r.graph.Nodes[i]
		text := fmt.Sprintf("a fold of %s", n.Branch.Name())
		if e := n.Entry().Event; e != nil {
			text = fmt.Sprintf("%s: %s", n.Branch.Name(), c.r.Text(e, Form{}))
		}
		texts = append(texts, text)
	}
	c.faults = append(c.faults, fmt.Errorf(format, texts...))
}

// pair looks at a cause and its effect. A meeting stands for all who came to
// it.
func (c *orderCheck) pair(cause, effect int) {
	g := c.r.graph
	if g.Nodes[cause].At < 0 {
		for _, p := range g.Nodes[cause].Preds {
			c.pair(p, effect)
		}
		return
	}
	before, after := g.Nodes[cause].Entry(), g.Nodes[effect].Entry()
	if before.Fold != nil || after.Fold != nil {
		return // its rounds may need each other, in both directions
	}
	begin, _ := g.Span(cause)
	if _, end := g.Span(effect); begin > end {
		c.report("%s, but its cause began only after it had ended: %s", effect, cause)
	}
	first, shown := c.place[before]
	second, both := c.place[after]
	if shown && both && first > second {
		c.report("%s is above its cause: %s", effect, cause)
	}
}
