// Package diagram draws a run that has ended as a sequence diagram: actors and
// their branches as lifelines, calls in the order of their causes, arrows for
// what went from one to the other. One file per form: SVG, Mermaid.
package diagram

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
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
	Rows        int      // levels of causal order, from 0
	Boxes       []Box    // by row, then by lifeline
	Arrows      []Arrow
}

// A Kind is what a box holds.
type Kind int

// The kinds of boxes.
const (
	Call    Kind = iota
	Failed       // the call that failed the scenario
	Folded       // rounds or replicas that are alike
	Omitted      // what is left out of a long diagram, over all lifelines
)

// A Box is what one actor did at one level of the order.
type Box struct {
	Lifeline int
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
}

// What a diagram shows of a long run: the first rows, and the last.
const (
	mostFirst = 200
	mostLast  = 100
)

// Of draws a run. The form says how calls are written.
func Of(r *history.Result, f history.Form) *Diagram {
	d := &Diagram{Name: source.Visible(r.Scenario.Name), Description: source.VisibleLines(strings.TrimSpace(r.Scenario.Description)), Status: r.Status, Reason: reason(r)}
	p := painter{Diagram: d, result: r, form: f, at: make(map[event.Cause]int)}
	p.boxes(r.Lines(history.Causal, f))
	p.arrows(r.Arrows())
	p.waits()
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
}

// boxes puts each line in its place.
func (p *painter) boxes(lines []history.Line) {
	p.lifelines(p.result.Lines(history.ByActor, p.form))
	lines, gap := shorten(lines)
	depth, row := 0, -1
	for i, l := range lines {
		if i == gap.at && gap.lines > 0 {
			row++
			p.add(Box{Row: row, Kind: Omitted, Text: source.Count(gap.lines, "more line is", "more lines are") + " left out here"}, nil)
		}
		if l.Depth != depth {
			depth, row = l.Depth, row+1
		}
		if l.Replicas == 0 {
			p.at[l.At] = len(p.Boxes)
		}
		p.add(p.box(l, row), l.Event)
	}
	p.Rows = row + 1
}

// lifelines gives each actor, and each branch, a column, in the order of the
// file.
func (p *painter) lifelines(lines []history.Line) {
	p.column = make(map[string]int)
	for _, l := range lines {
		if _, known := p.column[l.Actor]; !known {
			p.column[l.Actor] = len(p.Lifelines)
			p.Lifelines = append(p.Lifelines, source.Visible(l.Actor))
		}
	}
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
