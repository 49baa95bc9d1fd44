package report

import (
	"strings"

	"github.com/sockscript/sockscript/runner/history"
)

// The few SGR sequences (ECMA-48) that a terminal gets.
const (
	sgrReset = "\x1b[0m"
	sgrDim   = "\x1b[2m"
	sgrRed   = "\x1b[31m"
	sgrGreen = "\x1b[32m"
	sgrAmber = "\x1b[33m"
)

func (s Style) paint(sgr, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return sgr + text + sgrReset
}

func (s Style) dim(text string) string { return s.paint(sgrDim, text) }
func (s Style) red(text string) string { return s.paint(sgrRed, text) }

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

// paintDiff colours the lines of a unified diff.
func (s Style) paintDiff(text string) string {
	if !s.Color {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "-"):
			b.WriteString(s.red(body))
		case strings.HasPrefix(line, "+"):
			b.WriteString(s.paint(sgrGreen, body))
		case strings.HasPrefix(line, "@"):
			b.WriteString(s.dim(body))
		default:
			b.WriteString(body)
		}
		b.WriteString("\n")
	}
	return b.String()
}
