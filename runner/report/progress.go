package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Progress is a line on a terminal that says how far the runs have come: how
// many are done, how long it has taken, and what runs now. It is drawn over
// itself and erased before anything else is written.
type Progress struct {
	W     io.Writer // nil where nothing is to be drawn
	Width int       // columns of the terminal; 0 where it is not known
	// Delay is how long nothing is shown at first, so that a short run does not
	// flicker. Every is how often the line is drawn again; it must be set.
	Delay, Every time.Duration

	mu    sync.Mutex
	state State
	shown bool
	begun time.Time
	over  chan struct{}
	drawn sync.WaitGroup
}

// State is how far the runs have come. Done, Total and Failed count runs.
type State struct {
	Done, Total, Failed int
	Running             []string // names of those under way, the oldest first
}

// Begin starts the clock, and draws the line from time to time until
// [Progress.End].
func (p *Progress) Begin() {
	if p.W == nil {
		return
	}
	over := make(chan struct{})
	p.begun, p.over = time.Now(), over
	p.drawn.Go(func() {
		for next := time.After(p.Delay); ; next = time.After(p.Every) {
			select {
			case <-next:
				p.draw(time.Since(p.begun))
			case <-over:
				return
			}
		}
	})
}

// Show sets the state that the line shows when it is drawn next.
func (p *Progress) Show(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
}

func (p *Progress) draw(since time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.Total == 0 {
		return
	}
	fmt.Fprint(p.W, "\r"+p.fit(p.state.text(since))+"\x1b[K")
	p.shown = true
}

// text is the state in words. Of a single run nothing is to be counted.
func (s State) text(since time.Duration) string {
	text := since.Truncate(time.Second).String()
	if s.Total > 1 {
		text = fmt.Sprintf("%s of %s in %s", source.Thousands(s.Done), source.Thousands(s.Total), text)
	}
	if s.Failed > 0 {
		text += fmt.Sprintf(", %s failed", source.Thousands(s.Failed))
	}
	if len(s.Running) > 0 {
		text += "  " + source.Visible(strings.Join(s.Running, ", "))
	}
	return text
}

// fit cuts a text so that it does not wrap.
func (p *Progress) fit(text string) string {
	if p.Width <= 1 || source.Cells(text) < p.Width {
		return text
	}
	return strings.TrimRight(source.Fit(text, p.Width-1), " ,")
}

// Above erases the line, and keeps it from being drawn while something else is
// written.
func (p *Progress) Above(write func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	write()
}

func (p *Progress) erase() {
	if p.shown {
		fmt.Fprint(p.W, "\r\x1b[K")
		p.shown = false
	}
}

// End erases the line for good. It may be called again.
func (p *Progress) End() {
	p.mu.Lock()
	over := p.over
	p.over = nil
	p.mu.Unlock()
	if over == nil {
		return
	}
	close(over)
	p.drawn.Wait()
	p.erase()
}
