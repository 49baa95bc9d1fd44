package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Progress is a line on a terminal that says how far many runs have come. It
// is drawn over itself and erased before anything else is written.
type Progress struct {
	W     io.Writer // nil where nothing is to be drawn
	Width int       // columns of the terminal; 0 where it is not known
	// Delay is how long nothing is shown at first, and Every how long one state
	// stays at the least: a short run does not flicker.
	Delay, Every time.Duration

	begun, drawn time.Time
	shown        bool
}

// Begin starts the clock of a run of many.
func (p *Progress) Begin() { p.begun = time.Now() }

// Show draws the state: runs done of all, those that failed, the latest name.
func (p *Progress) Show(done, total, failed int, name string) {
	if p.W == nil {
		return
	}
	now := time.Now()
	if now.Sub(p.begun) < p.Delay || now.Sub(p.drawn) < p.Every {
		return
	}
	p.drawn = now
	text := fmt.Sprintf("%s of %s", source.Thousands(done), source.Thousands(total))
	if failed > 0 {
		text += fmt.Sprintf(", %s failed", source.Thousands(failed))
	}
	text += "  " + source.Visible(name)
	fmt.Fprint(p.W, "\r"+p.fit(text)+"\x1b[K")
	p.shown = true
}

// fit cuts a text so that it does not wrap.
func (p *Progress) fit(text string) string {
	if p.Width <= 1 || utf8.RuneCountInString(text) < p.Width {
		return text
	}
	runes := []rune(text)
	return strings.TrimRight(string(runes[:p.Width-1]), " ")
}

// Clear erases the line.
func (p *Progress) Clear() {
	if p.shown {
		fmt.Fprint(p.W, "\r\x1b[K")
		p.shown = false
	}
}
