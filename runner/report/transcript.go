// Package report writes what people and programs read of scenarios: the
// transcript, the failure report, JSON lines. One file per form.
package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

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
}

// Transcript writes a run's lines, and its verdict as the last one.
func Transcript(w io.Writer, r *history.Result, s Style) error {
	b, whole := w.(*bytes.Buffer)
	if !whole {
		b = new(bytes.Buffer)
	}
	if s.Verbose && r.Scenario.Description != "" {
		for line := range strings.Lines(strings.TrimSpace(r.Scenario.Description)) {
			fmt.Fprintln(b, s.dim("# "+source.Visible(strings.TrimSuffix(line, "\n"))))
		}
		b.WriteByte('\n')
	}
	writeLines(b, r, s)
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
	return fmt.Sprintf("%s  %s", status, source.Visible(name))
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
	width := 0
	for _, l := range lines {
		width = max(width, len(source.Visible(l.Actor)))
	}
	for _, l := range lines {
		elapsed := ""
		if order == history.Time {
			elapsed = elapsedColumn(l)
		}
		actor := source.Visible(l.Actor)
		actor = s.dim(elapsed + actor + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(actor))+2))
		writeNote(b, r, l, s, actor)
		b.WriteString(actor)
		b.WriteString(s.lineText(r, l))
		b.WriteByte('\n')
	}
}

// writeNote writes the note of a line's step, before the line.
func writeNote(b *bytes.Buffer, r *history.Result, l history.Line, s Style, actor string) {
	if l.Event == nil || l.Event.Note.Text == "" {
		return
	}
	for note := range strings.SplitSeq(strings.TrimSuffix(r.Note(l.Event, s.Form), "\n"), "\n") {
		fmt.Fprintf(b, "%s%s\n", actor, s.dim("# "+source.Visible(note)))
	}
}

// elapsedColumn is the time since the run's start, in milliseconds.
func elapsedColumn(l history.Line) string {
	return fmt.Sprintf("%8.3fms  ", float64(l.Start())/float64(time.Millisecond))
}

func (s Style) lineText(r *history.Result, l history.Line) string {
	if l.Event == nil {
		return s.dim("... " + l.Rest())
	}
	text := r.Text(l.Event, s.Form)
	if l.Event.Failed {
		text = s.red(text)
	}
	return text
}
