// Package diagram draws a run that has ended as a sequence diagram: actors and
// their branches as lifelines, calls in the order of their causes, arrows for
// what went from one to the other. One file per form: SVG, Mermaid.
package diagram

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/tcpstate"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A Diagram is a sequence diagram, before it has a form. It depends on the
// order of the run only, not on its times, so it is the same on every run.
type Diagram struct {
	Name        string
	Description string
	Status      history.Status
	Reason      string   // why it was skipped, or how it failed, in one line
	Lifelines   []string // names, from left to right
	Groups      []Group  // of lifelines, the outer before the inner
	Rows        int      // levels of causal order, from 0
	Boxes       []Box    // by row, then by lifeline
	Arrows      []Arrow

	inline bool // a page says what it is about
}

// A Kind is what a box holds.
type Kind int

// The kinds of boxes.
const (
	Call    Kind = iota
	Failed       // the call that failed the scenario
	Folded       // rounds or replicas that are alike
	Omitted      // what is left out of a long diagram, over all lifelines
	States       // TCP states that the row above has brought about
	Program      // what a program does: start, get a signal, end
	Wire         // what crossed the network, from the lifeline to another one
)

// A Group is lifelines side by side that are on one host of the network, or in
// one process of its own.
type Group struct {
	Name        string
	First, Last int // lifelines
	Inner       bool
}

// A Box is what one actor did at one level of the order.
type Box struct {
	Lifeline int
	To       int // the other lifeline of what crossed the network
	Row      int
	Kind     Kind
	Text     string
	Note     string
	// Waited says that the call was waiting for what an arrow brings: from the
	// box before it on its lifeline.
	Waited bool
}

// A Bond is what ties the two ends of an arrow.
type Bond int

// The bonds.
const (
	Data       Bond = iota // over a socket
	Connection             // a connection set-up
	End                    // an end of file, or a reset
	Tie                    // a name, a signal, a barrier, a branch: nothing that a network carries
)

// An Arrow leads from one box to another. From and To are places in
// [Diagram.Boxes].
type Arrow struct {
	From, To int
	Bond     Bond
	Label    string
	wired    bool // the wire has it too
}

// What a diagram shows of a long run: the first rows, and the last.
const (
	mostFirst = 200
	mostLast  = 100
)

// Of draws a run. The form says how calls are written.
func Of(r *history.Result, f history.Form) *Diagram {
	d := &Diagram{Name: source.Visible(r.Scenario.Name), Description: source.VisibleLines(strings.TrimSpace(r.Scenario.Description)), Status: r.Status, Reason: reason(r)}
	p := painter{Diagram: d, result: r, form: f, at: make(map[event.Cause]int), states: tcpstate.Of(r.Record)}
	p.boxes(r.Lines(history.Causal, f))
	p.arrows(r.Arrows())
	p.dropImplied()
	p.waits()
	p.thin()
	return d
}

// reason says in one line why a run did not pass.
func reason(r *history.Result) string {
	text := r.Reason
	if r.Failure != nil {
		text = r.Failure.Message
		if r.Failure.Actor != "" {
			text = r.Failure.Actor + ": " + text
		}
	}
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return source.Visible(text)
}

// A painter makes one diagram.
type painter struct {
	*Diagram
	result *history.Result
	form   history.Form
	at     map[event.Cause]int // the box of an event
	events []*event.Event      // by box; nil where it has none
	column map[string]int      // of a lifeline
	branch map[int]int         // the lifeline of a branch of the record
	runs   map[uint64]int      // the lifeline of a program
	names  map[uint64]string   // of a program
	states *tcpstate.States
	marks  map[int][]string // by lifeline: states that the row has brought about
	wire   []crossing       // that is not drawn yet
	wired  []uint64         // the descriptions whose wire is drawn
	row    int
}

// boxes puts each line in its place.
func (p *painter) boxes(lines []history.Line) {
	p.lifelines(p.result.Lines(history.ByActor, p.form))
	lines, gap := shorten(lines)
	depth := 0
	p.wire = p.crossings()
	p.row = -1
	for i, l := range lines {
		if i == gap.at && gap.lines > 0 {
			p.rowEnds(depth)
			p.wire = slices.DeleteFunc(p.wire, func(c crossing) bool { return c.depth < l.Depth })
			p.row++
			p.add(Box{Row: p.row, Kind: Omitted, Text: source.Count(gap.lines, "more line is", "more lines are") + " left out here"}, nil)
		}
		if l.Depth != depth {
			p.rowEnds(depth)
			depth = l.Depth
			p.row++
		}
		if l.Replicas == 0 {
			p.at[l.At] = len(p.Boxes)
		}
		p.add(p.box(l, p.row), l.Event)
		p.program(l)
		p.mark(l)
	}
	p.rowEnds(depth)
	p.Rows = p.row + 1
}

// A gap is what is left out of a long run.
type gap struct {
	at    int // the line before which it is
	lines int
}

// shorten leaves out the middle of a long run.
func shorten(lines []history.Line) ([]history.Line, gap) {
	var starts []int // of the levels of the order
	for i, l := range lines {
		if i == 0 || l.Depth != lines[i-1].Depth {
			starts = append(starts, i)
		}
	}
	if len(starts) <= mostFirst+mostLast {
		return lines, gap{}
	}
	from, to := starts[mostFirst], starts[len(starts)-mostLast]
	return slices.Concat(lines[:from], lines[to:]), gap{from, to - from}
}

// box is what a line shows.
func (p *painter) box(l history.Line, row int) Box {
	b := Box{Lifeline: p.column[l.Actor], Row: row, Kind: Folded, Text: "... " + l.Rest()}
	if l.Event == nil {
		return b
	}
	b.Kind, b.Text = Call, p.result.Text(l.Event, p.form)
	if l.Event.Failed {
		b.Kind = Failed
	}
	b.Note = source.Visible(strings.TrimSpace(p.result.Note(l.Event, p.form)))
	return b
}

func (p *painter) add(b Box, e *event.Event) {
	p.Boxes, p.events = append(p.Boxes, b), append(p.events, e)
}
