// Package report writes what people and programs read of a run: the
// transcript, the failure report, JSON lines. One file per form.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner"
)

// Style says how a transcript is written. The zero value is the form that
// golden files hold.
type Style struct {
	Order runner.Order // "" is causal
	Form  runner.Form
	Color bool // for a terminal
}

// Transcript writes a run's lines, and its verdict as the last one.
func Transcript(w io.Writer, r *runner.Result, s Style) error {
	b := bufio.NewWriter(w)
	writeLines(b, r, s)
	verdict := fmt.Sprintf("%s  %s", r.Status, r.Scenario.Name)
	if r.Reason != "" {
		verdict += "  (" + r.Reason + ")"
	}
	fmt.Fprintln(b, s.paintStatus(r.Status, verdict))
	return b.Flush()
}

func writeLines(b *bufio.Writer, r *runner.Result, s Style) {
	order := s.Order
	if order == "" {
		order = runner.Causal
	}
	lines := r.Lines(order, s.Form)
	width := 0
	for _, l := range lines {
		width = max(width, len(l.Actor))
	}
	for _, l := range lines {
		elapsed := ""
		if order == runner.Time {
			elapsed = elapsedColumn(l)
		}
		actor := s.dim(fmt.Sprintf("%s%-*s  ", elapsed, width, l.Actor))
		if l.Event != nil && l.Event.Note != "" {
			fmt.Fprintf(b, "%s%s\n", actor, s.dim("# "+l.Event.Note))
		}
		fmt.Fprintf(b, "%s%s\n", actor, s.lineText(r, l))
	}
}

// elapsedColumn is the time since the run's start, in milliseconds.
func elapsedColumn(l runner.Line) string {
	if l.Event == nil {
		return strings.Repeat(" ", 12)
	}
	return fmt.Sprintf("%8.3fms  ", float64(l.Event.Start)/float64(time.Millisecond))
}

func (s Style) lineText(r *runner.Result, l runner.Line) string {
	switch {
	case l.Event != nil:
		text := r.Text(l.Event, s.Form)
		if l.Event.Failed {
			text = s.red(text)
		}
		return text
	case l.Fold != nil:
		return s.dim(fmt.Sprintf("... %s like these", count(l.Fold.Rounds, "more round", "more rounds")))
	}
	return s.dim(fmt.Sprintf("... %s like this", count(l.Replicas, "more", "more")))
}

// count writes a number with its noun, thousands set apart.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits + " " + many
}
