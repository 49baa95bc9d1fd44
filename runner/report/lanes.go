package report

import (
	"bytes"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// actorColors are the colours of actors and their branches, in the order of the
// file.
type actorColors []string

func colorsOf(byActor []history.Line) actorColors {
	var names actorColors
	for _, l := range byActor {
		if !slices.Contains(names, l.Actor) {
			names = append(names, l.Actor)
		}
	}
	return names
}

// of is the colour of a line's actor; "" where there are none.
func (c actorColors) of(l history.Line) string {
	if i := slices.Index(c, l.Actor); i >= 0 {
		return sgrActors[i%len(sgrActors)]
	}
	return ""
}

const (
	minLane     = 18 // columns, below which a lane cannot be read
	laneGap     = "  "
	usualLanes  = 100 // the width of all where there is no terminal
	laneDivider = "─"
)

// lanes are the names of the actors, without those of their branches.
func (c actorColors) lanes() actorColors {
	var names actorColors
	for _, name := range c {
		if name, _, _ = strings.Cut(name, "/"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// writeLanes writes the lines in columns, one for each actor; what a branch
// does has its name before it. It reports whether there was room for that.
func writeLanes(b *bytes.Buffer, r *history.Result, lines []history.Line, actors actorColors, states *stateLines, s Style) bool {
	actors = actors.lanes()
	if len(actors) == 0 {
		return false
	}
	width := s.Width
	if width == 0 {
		width = usualLanes
	}
	lane := (width - len(laneGap)*(len(actors)-1)) / len(actors)
	if lane < minLane {
		return false
	}
	hue := func(i int, text string) string { return s.paint(sgrActors[i%len(sgrActors)], text) }
	cells := make([]string, len(actors))
	for i, name := range actors {
		cells[i] = source.Wrap(source.Visible(name), lane)[0]
	}
	writeCells(b, cells, lane, hue)
	for i := range cells {
		cells[i] = strings.Repeat(laneDivider, lane)
	}
	writeCells(b, cells, lane, func(_ int, text string) string { return s.dim(text) })
	for _, l := range lines {
		name, branch, _ := strings.Cut(l.Actor, "/")
		i := slices.Index(actors, name)
		write := func(text string, paint func(string) string) {
			for _, part := range source.Wrap(text, lane) {
				clear(cells)
				cells[i] = part
				writeCells(b, cells, lane, func(_ int, text string) string { return paint(text) })
			}
		}
		for _, note := range notesOf(r, l, s.Form) {
			write(note, s.dim)
		}
		paint := s.painter(l)
		if l.Event != nil && !l.Event.Failed {
			paint = func(text string) string { return hue(i, text) }
		}
		text := lineText(r, l, s.Form)
		if branch != "" {
			text = source.Visible(branch) + ": " + text
		}
		write(text, paint)
		for _, text := range states.of(l) {
			write(text, s.dim)
		}
	}
	return true
}

// writeCells writes a row of columns.
func writeCells(b *bytes.Buffer, cells []string, lane int, paint func(i int, text string) string) {
	last := len(cells) - 1
	for last > 0 && cells[last] == "" {
		last--
	}
	for i, text := range cells[:last+1] {
		if i > 0 {
			b.WriteString(laneGap)
		}
		b.WriteString(paint(i, text))
		if i < last {
			b.WriteString(strings.Repeat(" ", max(0, lane-source.Cells(text))))
		}
	}
	b.WriteByte('\n')
}
