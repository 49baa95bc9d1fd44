// Package report writes reports of scenarios: text for people, JSON lines, TAP,
// JUnit XML, CTRF, annotations for GitHub, and a page for a browser. Each form
// is a [Reporter]. It also saves runs to a file, and reads them from it.
package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// Style says how a transcript is written. The zero value is the form that
// golden files hold.
type Style struct {
	Order   history.Order // "" is causal
	Form    history.Form
	Color   bool // for a terminal
	Verbose bool // with the description before it and the elapsed time after it
	// Width is how many columns the terminal has: longer lines are broken. 0 is
	// for what is not a terminal.
	Width int
	// States writes below each event of a TCP socket the states of both ends.
	States bool
	// Wire shows the lines of the wire, also where the scenario does not say
	// so.
	Wire bool
	// Lanes gives each actor a column of its own, where the terminal is wide
	// enough for that.
	Lanes bool
}

// Transcript writes the lines of a run, and its verdict as the last line. The
// error is one of writing.
func Transcript(w io.Writer, r *history.Result, s Style) error {
	b, whole := w.(*bytes.Buffer)
	if !whole {
		b = new(bytes.Buffer)
	}
	if s.Verbose && r.Scenario.Description != "" {
		text := source.VisibleLines(strings.TrimSpace(r.Scenario.Description))
		for line := range strings.SplitSeq(source.Narrow(text, max(0, s.Width-len("# "))), "\n") {
			fmt.Fprintln(b, s.dim("# "+line))
		}
		b.WriteByte('\n')
	}
	writeLines(b, r, s)
	s.writeWire(b, r)
	if r.Status == history.Cancelled && r.Failure != nil {
		writeOthers(b, r.Failure)
		writePrograms(b, r.Failure)
		fmt.Fprintln(b)
	}
	b.WriteString(s.verdict(r))
	b.WriteByte('\n')
	if whole {
		return nil
	}
	_, err := w.Write(b.Bytes())
	return err
}

// verdict is the last line of a transcript.
func (s Style) verdict(r *history.Result) string {
	line := s.paintStatus(r.Status, verdictLine(r.Status, r.Scenario.Name))
	return line + s.aside(r)
}

// verdictLine says how a scenario ended.
func verdictLine(status history.Status, name string) string {
	return status.String() + "  " + source.Visible(name)
}

// aside is what is behind a name: why a scenario was skipped, and how long
// it took where that is asked for.
func (s Style) aside(r *history.Result) string {
	switch {
	case r.Reason != "":
		return "  (" + source.Visible(r.Reason) + ")"
	case s.Verbose:
		return s.dim(fmt.Sprintf("  (%s)", precise(r.Elapsed)))
	}
	return ""
}

// precise writes a duration with three digits: 934µs, 1.23ms, 12.3s.
func precise(d time.Duration) string {
	unit := time.Nanosecond
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}

func writeLines(b *bytes.Buffer, r *history.Result, s Style) {
	order := s.Order
	if order == "" {
		order = history.Causal
	}
	lines := r.Lines(order, s.Form)
	var colors actorColors
	if s.Color || s.Lanes {
		colors = colorsOf(r.Lines(history.ByActor, s.Form))
	}
	states := s.states(r, lines)
	if s.Lanes && writeLanes(b, r, lines, colors, states, s) {
		return
	}
	actors := actorColumn(lines)
	for _, l := range lines {
		elapsed := ""
		if order == history.Time {
			elapsed = elapsedColumn(l)
		}
		actor := actors[l.Actor]
		row := row{head: s.dim(elapsed) + s.paint(colors.of(l), actor)}
		if s.Width > 0 {
			row.margin = source.Cells(elapsed + actor)
			row.width = max(s.Width-row.margin, minWidth)
		}
		for _, note := range notesOf(r, l, s.Form) {
			row.write(b, note, s.dim)
		}
		row.write(b, lineText(r, l, s.Form), s.painter(l))
		row.head = strings.Repeat(" ", source.Cells(elapsed+actor))
		for _, text := range states.of(l) {
			row.write(b, text, s.dim)
		}
	}
}

// actorColumn is how each actor is written in its column, padded to the widest.
func actorColumn(lines []history.Line) map[string]string {
	column := make(map[string]string)
	width := 0
	for _, l := range lines {
		if _, known := column[l.Actor]; !known {
			actor := source.Visible(l.Actor)
			column[l.Actor] = actor
			width = max(width, source.Cells(actor))
		}
	}
	for name, actor := range column {
		column[name] = actor + strings.Repeat(" ", width-source.Cells(actor)+2)
	}
	return column
}

// minWidth is the least that is left for a line beside its actor, however
// narrow the terminal is.
const minWidth = 20

// A row is how a line of a transcript is written.
type row struct {
	head          string // before it
	margin, width int    // before and for each part of a broken line; 0: it is not broken
}

// write writes a text, broken where there is less room.
func (w row) write(b *bytes.Buffer, text string, paint func(string) string) {
	b.WriteString(w.head)
	if w.width == 0 || len(text) <= w.width {
		b.WriteString(paint(text))
		b.WriteByte('\n')
		return
	}
	for i, part := range source.Wrap(text, w.width) {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", w.margin))
		}
		b.WriteString(paint(part))
		b.WriteByte('\n')
	}
}

// lineText is a line without the note of its step.
func lineText(r *history.Result, l history.Line, f history.Form) string {
	if l.Event == nil {
		return "... " + l.Rest()
	}
	return r.Text(l.Event, f)
}

// painter is how a line is coloured.
func (s Style) painter(l history.Line) func(string) string {
	switch {
	case l.Event == nil:
		return s.dim
	case l.Event.Failed:
		return s.red
	}
	return func(text string) string { return text }
}

// notesOf is the note of a line's step, as comments.
func notesOf(r *history.Result, l history.Line, f history.Form) []string {
	if l.Event == nil || l.Event.Note.Text == "" {
		return nil
	}
	var notes []string
	for note := range strings.SplitSeq(strings.TrimSuffix(r.Note(l.Event, f), "\n"), "\n") {
		notes = append(notes, "# "+source.Visible(note))
	}
	return notes
}

// elapsedColumn is the time since the run's start, in milliseconds.
func elapsedColumn(l history.Line) string {
	return fmt.Sprintf("%8.3fms  ", float64(l.Start())/float64(time.Millisecond))
}
