package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// The few SGR sequences (ECMA-48) that a terminal gets.
const (
	sgrReset = "\x1b[0m"
	sgrDim   = "\x1b[2m"
	sgrRed   = "\x1b[31m"
	sgrGreen = "\x1b[32m"
	sgrAmber = "\x1b[33m"
	sgrBold  = "\x1b[1m"
)

// sgrActors are the colours of actors, in the order of the file; they come
// again after the last. Red and green mean something else.
var sgrActors = []string{"\x1b[36m", "\x1b[35m", "\x1b[34m", "\x1b[33m", "\x1b[96m", "\x1b[95m"}

func (s Style) paint(sgr, text string) string {
	if !s.Color || text == "" || sgr == "" {
		return text
	}
	return sgr + text + sgrReset
}

func (s Style) dim(text string) string { return s.paint(sgrDim, text) }
func (s Style) red(text string) string { return s.paint(sgrRed, text) }

// writeProblem writes a problem, whose headline stands out.
func (s Style) writeProblem(b *bytes.Buffer, p *source.Problem) {
	for _, line := range strings.Split(p.Headline(s.Width), "\n") {
		fmt.Fprintln(b, s.paint(sgrBold, line))
	}
	if shown := p.Excerpt(s.Width); shown != "" {
		fmt.Fprintln(b, shown)
	}
}

// paintStatus colours a text by how a run ended.
func (s Style) paintStatus(status history.Status, text string) string {
	switch status {
	case history.Passed:
		return s.paint(sgrGreen, text)
	case history.Skipped, history.Cancelled, history.Known:
		return s.paint(sgrAmber, text)
	}
	return s.paint(sgrRed, text)
}

// paintDiff colours the lines of a unified diff, and breaks those that are
// longer than the terminal.
func (s Style) paintDiff(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		paint := func(text string) string { return text }
		switch line[0] {
		case '-':
			paint = s.red
		case '+':
			paint = func(text string) string { return s.paint(sgrGreen, text) }
		case '@':
			paint = s.dim
		}
		for part := range strings.Lines(s.within(line)) {
			b.WriteString(paint(strings.TrimSuffix(part, "\n")) + "\n")
		}
	}
	return b.String()
}

// painted matches the control sequences that paint.
var painted = source.Pattern(`\x1b\[[0-9;]*m`)

// beside sets a remark behind a line, or below it where the terminal is too
// narrow for both.
func (s Style) beside(line, aside string) string {
	plain := painted().ReplaceAllString(line+aside, "")
	if s.Width <= 0 || source.Cells(plain) <= s.Width {
		return line + aside
	}
	aside = strings.TrimSpace(painted().ReplaceAllString(aside, ""))
	return line + "\n" + strings.TrimSuffix(s.within("  "+aside+"\n"), "\n")
}
