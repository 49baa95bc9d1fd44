package diagram

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/flows"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A crossing is what went from one lifeline to another: a line of the wire.
type crossing struct {
	from, to int
	text     string
	depth    int
}

// crossings are the lines of the wire in the order in which they are drawn. One
// whose end is not a lifeline is left out.
func (p *painter) crossings() []crossing {
	if p.result.Frames == nil || flows.Unseen(p.result.Record) != "" {
		return nil
	}
	at := p.owners()
	var list []crossing
	for _, s := range flows.Sections(p.result.Record) {
		left, one := at[s.Ends[0]]
		right, other := at[s.Ends[1]]
		if program, alone := p.onlyProgram(); alone && one != other {
			if one {
				right, other = program, true
			} else {
				left, one = program, true
			}
		}
		if !one || !other || left == right {
			continue
		}
		p.wired = append(p.wired, s.Ends[0], s.Ends[1])
		for i, line := range s.Lines {
			way, text, _ := strings.Cut(line, " ")
			c := crossing{from: left, to: right, text: source.Visible(text), depth: s.Depths[i]}
			if way == "<" {
				c.from, c.to = right, left
			}
			list = append(list, c)
		}
	}
	return list
}

// onWire reports whether an arrow over a socket is what is drawn of the wire.
func (p *painter) onWire(id uint64, effect *event.Event) bool {
	if effect != nil && effect.Op == event.OpAccept && effect.Endpoints != nil {
		id = effect.Endpoints.Made
	}
	return id != 0 && slices.Contains(p.wired, id)
}

// thin leaves out the arrows that the wire draws.
func (p *painter) thin() {
	p.Arrows = slices.DeleteFunc(p.Arrows, func(a Arrow) bool { return a.wired && a.Bond != Tie })
}

// owners are the lifelines that have made the descriptions.
func (p *painter) owners() map[uint64]int {
	at := make(map[uint64]int)
	for _, b := range p.result.Branches {
		column, drawn := p.branch[b.ID]
		for _, en := range b.Entries {
			e := en.Event
			if !drawn || e == nil || e.Endpoints == nil {
				continue
			}
			id := e.Sock
			if e.Op == event.OpAccept {
				id = e.Endpoints.Made
			}
			if _, known := at[id]; !known {
				at[id] = column
			}
		}
	}
	return at
}

// onlyProgram is the lifeline of programs, if there is one.
func (p *painter) onlyProgram() (column int, alone bool) {
	for _, at := range p.runs {
		if alone && at != column {
			return 0, false
		}
		column, alone = at, true
	}
	return column, alone
}

// cross adds a row for each line of the wire that belongs to a step of this
// depth or of one before it.
func (p *painter) cross(depth int) {
	for i := 0; i < len(p.wire); {
		c := p.wire[i]
		if c.depth > depth {
			i++
			continue
		}
		p.wire = append(p.wire[:i:i], p.wire[i+1:]...)
		p.row++
		p.add(Box{Lifeline: c.from, To: c.to, Row: p.row, Kind: Wire, Text: c.text}, nil)
	}
}

// svgWire draws what crossed the network, from axis to axis.
func (d *Diagram) svgWire(b *bytes.Buffer, l *layout, i int) {
	box, p := d.Boxes[i], l.places[i]
	x1, x2, y := l.axis[box.Lifeline], l.axis[box.To], p.y+p.h-3
	way := 1.0
	if x2 < x1 {
		way = -1
	}
	class, tip := "segment "+hue(box.Lifeline), "head "+hue(box.Lifeline)
	if box.lost() {
		x2 = (x1 + x2) / 2
		class, tip = "segment lost", "losthead"
		fmt.Fprintf(b, `<path class="segment lost" d="M%.1f %.1fl8 8m0 -8l-8 8"/>`, x2+way*3-4, y-4)
	}
	fmt.Fprintf(b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y, x2, y)
	if !box.lost() {
		fmt.Fprintf(b, `<polygon class="%s" points="%.1f,%.1f %.1f,%.1f %.1f,%.1f"/>`, tip, x2, y, x2-way*8, y-3.0, x2-way*8, y+3.0)
	}
	b.WriteByte('\n')
	anchor := "start"
	if way < 0 {
		anchor = "end"
	}
	fmt.Fprintf(b, `<text class="label" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x1+way*12, y-4, anchor, html.EscapeString(box.Text))
}

// lost reports a line of the wire that a fault has kept from arriving.
func (b Box) lost() bool { return strings.Contains(b.Text, "dropped by ") }
