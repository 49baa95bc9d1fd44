package diagram

import (
	"math"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Sizes of the picture, in its own units: CSS pixels where it is not scaled.
const (
	glyph      = 7.25 // the advance of a character of 12px in a monospace font, on the safe side
	titleGlyph = 9.1  // of 15px
	lineHeight = 16
	padding    = 5   // between a box and its text
	between    = 14  // between rows
	beside     = 4   // between a row and the states that it has brought about
	groupLine  = 22  // the height of the name of a group of lifelines
	groupEdge  = 10  // between a group and its lifelines
	stateGlyph = 6.7 // the advance of a character of 11px
	stateLine  = 14
	wireLine   = 17
	channel    = 116 // between columns, for arrows and their labels
	margin     = 20
	headLine   = 26 // the height of a lifeline's name
	wantWidth  = 1100
	minColumn  = 24 // characters
	maxColumn  = 60
	maxTitle   = 110

	labelHeight = 13
	labelAbove  = 7 // an arrow's label above it, if there is room
	maxLabel    = 16
)

// A place is where a box is drawn.
type place struct {
	x, y, w, h float64
	lines      []string // of its text
	notes      []string
}

// mid is the height at which arrows meet the box.
func (p place) mid() float64 { return p.y + p.h/2 }

// A layout says where everything is.
type layout struct {
	width, height float64
	left, wide    []float64 // of each column
	axis          []float64 // where each lifeline is
	top           float64   // of the first row
	places        []place
	labels        []spot // of the arrows
	name          []string
	title         []string
	foot          []string
}

// A spot is where the label of an arrow is written: its middle, on the line
// that letters stand on.
type spot struct {
	x, y float64
	text string
}

// meets reports whether two labels would lie over each other.
func (s spot) meets(other spot) bool {
	wide := float64(source.Cells(s.text)+source.Cells(other.text)) / 2 * stateGlyph
	return s.text != "" && other.text != "" && math.Abs(s.x-other.x) < wide && math.Abs(s.y-other.y) < labelHeight
}

// lay finds a place for everything.
func (d *Diagram) lay() *layout {
	l := &layout{places: make([]place, len(d.Boxes))}
	columns := max(1, len(d.Lifelines))
	wrap := int((wantWidth - 2*margin - float64(columns-1)*channel) / float64(columns) / glyph)
	wrap = min(max(wrap, minColumn), maxColumn)
	wide := make([]int, columns)
	for i, name := range d.Lifelines {
		wide[i] = max(minColumn/2, source.Cells(name))
	}
	for i, b := range d.Boxes {
		p := &l.places[i]
		if b.Kind == Omitted {
			p.lines = []string{b.Text}
			continue
		}
		if b.Kind == Wire {
			continue
		}
		for part := range strings.SplitSeq(b.Text, "\n") {
			p.lines = append(p.lines, source.Wrap(part, wrap)...)
		}
		if b.Note != "" {
			for note := range strings.SplitSeq(b.Note, "\n") {
				p.notes = append(p.notes, source.Wrap(note, wrap)...)
			}
		}
		for _, text := range p.lines {
			wide[b.Lifeline] = max(wide[b.Lifeline], source.Cells(text))
		}
		for _, text := range p.notes {
			wide[b.Lifeline] = max(wide[b.Lifeline], source.Cells(text))
		}
	}
	x := float64(margin)
	for _, n := range wide {
		w := float64(n)*glyph + 2*padding
		l.left, l.wide, l.axis = append(l.left, x), append(l.wide, w), append(l.axis, x+w/2)
		x += w + channel
	}
	l.width = x - channel + margin
	l.rows(d)
	for _, a := range d.Arrows {
		l.labels = append(l.labels, d.label(l, a))
	}
	return l
}

// label finds a place for an arrow's label in the channel beside the box that
// it reaches: above the arrow, else below it, else farther away.
func (d *Diagram) label(l *layout, a Arrow) spot {
	x1, y1, x2, y2 := d.ends(l, a)
	along := channel / 2 / math.Abs(x2-x1)
	s := spot{x: x2 + (x1-x2)*along, text: a.Label}
	if runes := []rune(s.text); len(runes) > maxLabel {
		s.text = string(runes[:maxLabel-1]) + "…"
	}
	y := y2 + (y1-y2)*along
	for away := 0.0; away < 4*labelHeight; away += labelHeight {
		for _, s.y = range []float64{y - labelAbove - away, y + labelAbove + labelHeight/2 + away} {
			if !slices.ContainsFunc(l.labels, s.meets) {
				return s
			}
		}
	}
	return s
}

// rows gives each row its height, that of its tallest box.
func (l *layout) rows(d *Diagram) {
	l.width = max(l.width, min(float64(source.Cells(d.Name))*titleGlyph, wantWidth/2)+2*margin)
	fit := int((l.width - 2*margin) / glyph)
	if d.Description != "" {
		l.title = strings.Split(source.Narrow(source.Prose(d.Description), min(max(fit, minColumn), maxTitle)), "\n")
	}
	l.width = max(l.width, minColumn*glyph+2*margin)
	if !d.inline {
		l.name = source.Wrap(d.Name, int((l.width-2*margin)/titleGlyph))
	}
	l.foot = source.Wrap(d.Status.String()+"  "+d.Name, min(max(fit, minColumn), maxTitle))
	if d.Reason != "" {
		l.foot = append(l.foot, source.Wrap(d.Reason, min(max(fit, minColumn), maxTitle))...)
	}
	l.top = margin + float64(len(l.name))*headLine + float64(len(l.title))*lineHeight + headLine + between
	if n := d.levels(); n > 0 {
		l.top += float64(n)*groupLine + between
	}
	y := l.top
	for i := 0; i < len(d.Boxes); {
		row, tallest, end := d.Boxes[i].Row, 0.0, i
		for ; end < len(d.Boxes) && d.Boxes[end].Row == row; end++ {
			p := &l.places[end]
			p.h = float64(len(p.lines)+len(p.notes))*lineHeight + 2*padding
			switch d.Boxes[end].Kind {
			case States:
				p.h = float64(len(p.lines))*stateLine + padding
			case Wire:
				p.h = wireLine
			}
			tallest = max(tallest, p.h)
		}
		for ; i < end; i++ {
			l.put(i, d.Boxes[i], y, tallest)
		}
		y += tallest + between
		if end < len(d.Boxes) && (d.Boxes[end].Kind == States || d.Boxes[end].Kind == Wire) {
			y -= between - beside
		}
	}
	l.height = y + headLine + float64(len(l.foot)-1)*lineHeight + margin/2
}

// verdict is the height at which the first line below the rows is written.
func (l *layout) verdict() float64 {
	return l.height - float64(len(l.foot)-1)*lineHeight - margin/2
}

// put gives a box its place in a row.
func (l *layout) put(i int, b Box, y, tallest float64) {
	p := &l.places[i]
	p.x, p.w, p.y = l.left[b.Lifeline], l.wide[b.Lifeline], y+(tallest-p.h)/2
	switch b.Kind {
	case Omitted:
		p.x, p.w = margin, l.width-2*margin
	case Wire:
		p.x = min(l.axis[b.Lifeline], l.axis[b.To])
		p.w = max(l.axis[b.Lifeline], l.axis[b.To]) - p.x
	case States, Program:
		widest := 0
		for _, line := range p.lines {
			widest = max(widest, source.Cells(line))
		}
		p.w = float64(widest)*glyph + 2*padding
		if b.Kind == States {
			p.w, p.y = float64(widest)*stateGlyph+2*padding+6, y
		}
		p.x = l.axis[b.Lifeline] - p.w/2
	}
}

// levels is how many groups are around one lifeline at most.
func (d *Diagram) levels() int {
	outer, inner := 0, 0
	for _, g := range d.Groups {
		if g.Inner {
			inner = 1
		} else {
			outer = 1
		}
	}
	return outer + inner
}
