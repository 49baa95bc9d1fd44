package diagram

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// SVG writes the diagram as an SVG document that stands alone: no script, no
// font and no picture from outside, colours for light and dark.
func (d *Diagram) SVG(w io.Writer) error { return d.write(w, "<style>\n"+Style+"</style>\n") }

// Inline writes the diagram as a part of an HTML page that says itself what the
// scenario is about, and has [Style] among its own.
func (d *Diagram) Inline(w io.Writer) error {
	inner := *d
	inner.Description, inner.inline = "", true
	return inner.write(w, "")
}

func (d *Diagram) write(w io.Writer, style string) error {
	b := new(bytes.Buffer)
	d.svg(b, d.lay(), style)
	_, err := w.Write(b.Bytes())
	return err
}

// Style is what the pictures look like, in CSS. The hues of lifelines come
// again after the sixth.
const Style = `svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #b8c0c8; --box: #f6f8fa; --bad: #b3211c; --badbox: #fff0ee; --lane: #f2f5f8; background: var(--paper) }
.l0 { --hue: #0b57a4 } .l1 { --hue: #8a4600 } .l2 { --hue: #1a6b2f } .l3 { --hue: #7b2f9e } .l4 { --hue: #9a1f5c } .l5 { --hue: #0c6a6a }
@media (prefers-color-scheme: dark) {
svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9aa4af; --line: #4a535d; --box: #161b22; --bad: #ff8f87; --badbox: #3a1614; --lane: #141b24 }
.l0 { --hue: #79b8ff } .l1 { --hue: #f0a868 } .l2 { --hue: #7ee08f } .l3 { --hue: #d2a8ff } .l4 { --hue: #ff9ecb } .l5 { --hue: #6fd6d6 }
}
svg text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; fill: var(--ink); white-space: pre }
.title { font-weight: bold; font-size: 15px } .faint { fill: var(--faint) } .name { font-weight: bold; fill: var(--hue) } .bad { fill: var(--bad) }
.note { font-style: italic; fill: var(--faint) } .label { font-size: 11px; fill: var(--faint); paint-order: stroke; stroke: var(--paper); stroke-width: 4px }
.life { stroke: var(--line); stroke-dasharray: 3 4 } .box { fill: var(--box); stroke: var(--hue) } .badbox { fill: var(--badbox); stroke: var(--bad) }
.lane { fill: var(--lane); stroke: var(--line) } .inner { fill: none; stroke-dasharray: 5 4 } .states { fill: var(--paper); stroke: var(--hue); stroke-opacity: .55 } .state { fill: var(--hue); font-size: 11px }
.segment { stroke: var(--hue); fill: none } .lost { stroke: var(--bad) }
.fold { fill: var(--paper); stroke: var(--line); stroke-dasharray: 2 3 } .wait { fill: var(--hue); opacity: .45 }
.arrow { stroke: var(--hue); fill: none; stroke-width: 1.4 } .head { fill: var(--hue) } .end { stroke-dasharray: 6 3 } .tie { stroke: var(--faint); stroke-dasharray: 2 3; stroke-width: 1 }
.bar { stroke: var(--ink); stroke-width: 5; stroke-linecap: round } .tiehead { fill: var(--faint) } .call { fill: var(--hue) } .calm { fill: var(--hue); opacity: .4 }
`

func (d *Diagram) svg(b *bytes.Buffer, l *layout, style string) {
	least := ""
	if d.inline { // in a narrow window a page scrolls it rather than make it too small to read
		least = fmt.Sprintf(` style="min-width: min(%.0fpx, 42rem)"`, l.width)
	}
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f"%s role="img" aria-label="%s">`+"\n",
		l.width, l.height, l.width, l.height, least, html.EscapeString("sequence diagram of "+d.Name))
	fmt.Fprintf(b, "<title>%s</title>\n", html.EscapeString(d.Name))
	if d.Description != "" {
		fmt.Fprintf(b, "<desc>%s</desc>\n", html.EscapeString(d.Description))
	}
	b.WriteString(style)
	y := float64(margin) + 12
	for _, line := range l.name {
		text(b, "title", margin, y, line)
		y += headLine
	}
	for i, line := range l.title {
		text(b, "faint", margin, y-4+float64(i)*lineHeight, strings.TrimLeft(line, " "))
	}
	d.svgGroups(b, l)
	d.svgLifelines(b, l)
	for _, a := range d.Arrows {
		d.svgArrow(b, l, a)
	}
	d.svgBoxes(b, l)
	for _, s := range l.labels {
		if s.text != "" {
			centred(b, "label", s.x, s.y, s.text)
		}
	}
	class := "faint"
	if d.Status.String() == "fail" {
		class = "bad"
	}
	for i, line := range l.foot {
		text(b, class, margin, l.verdict()+float64(i)*lineHeight, line)
	}
	b.WriteString("</svg>\n")
}

// hue is the class that gives a lifeline its colour.
func hue(lifeline int) string { return fmt.Sprintf("l%d", lifeline%6) }

func text(b *bytes.Buffer, class string, x, y float64, s string) {
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, x, y, html.EscapeString(s))
}

func centred(b *bytes.Buffer, class string, x, y float64, s string) {
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", class, x, y, html.EscapeString(s))
}

// svgGroups draws a lane for each host, and in it one for each process.
func (d *Diagram) svgGroups(b *bytes.Buffer, l *layout) {
	bottom := l.verdict() - headLine + 6
	for _, g := range d.Groups {
		class, edge, y := "lane", float64(groupEdge), l.top-between-headLine-groupLine*float64(d.levels())
		if g.Inner {
			class, edge, y = "lane inner", groupEdge-4, l.top-between-headLine-groupLine
		}
		left, right := l.left[g.First]-edge, l.left[g.Last]+l.wide[g.Last]+edge
		fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6"/>`+"\n", class, left, y, right-left, bottom-y-(groupEdge-edge))
		text(b, "faint", left+8, y+15, g.Name)
	}
}

func (d *Diagram) svgLifelines(b *bytes.Buffer, l *layout) {
	for i, name := range d.Lifelines {
		centred(b, "name "+hue(i), l.axis[i], l.top-between-6, name)
		fmt.Fprintf(b, `<line class="life" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n",
			l.axis[i], l.top-between, l.axis[i], l.verdict()-headLine)
	}
	before := make([]float64, len(d.Lifelines))
	for i := range before {
		before[i] = l.top - between
	}
	for i, box := range d.Boxes {
		p := l.places[i]
		if box.Kind == Omitted || box.Kind == States || box.Kind == Wire {
			continue
		}
		if box.Waited {
			fmt.Fprintf(b, `<rect class="wait %s" x="%.1f" y="%.1f" width="6" height="%.1f"><title>%s was waiting</title></rect>`+"\n",
				hue(box.Lifeline), l.axis[box.Lifeline]-3, before[box.Lifeline], p.y-before[box.Lifeline], html.EscapeString(d.Lifelines[box.Lifeline]))
		}
		before[box.Lifeline] = p.y + p.h
	}
}

// ends are the points that an arrow joins: the sides of the boxes that look at
// each other.
func (d *Diagram) ends(l *layout, a Arrow) (x1, y1, x2, y2 float64) {
	from, to := l.places[a.From], l.places[a.To]
	if d.Boxes[a.From].Lifeline < d.Boxes[a.To].Lifeline {
		return from.x + from.w, from.mid(), to.x, to.mid()
	}
	return from.x, from.mid(), to.x + to.w, to.mid()
}

func (d *Diagram) svgArrow(b *bytes.Buffer, l *layout, a Arrow) {
	x1, y1, x2, y2 := d.ends(l, a)
	length := math.Hypot(x2-x1, y2-y1)
	ux, uy := (x2-x1)/length, (y2-y1)/length
	const head, half = 9.0, 3.5
	bx, by := x2-ux*head, y2-uy*head
	line, tip := "arrow "+hue(d.Boxes[a.From].Lifeline), "head "+hue(d.Boxes[a.From].Lifeline)
	switch a.Bond {
	case End:
		line += " end"
	case Tie:
		line, tip = "arrow tie", "tiehead"
	}
	fmt.Fprintf(b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, line, x1, y1, bx, by)
	fmt.Fprintf(b, `<polygon class="%s" points="%.1f,%.1f %.1f,%.1f %.1f,%.1f"/>`+"\n", tip,
		x2, y2, bx-uy*half, by+ux*half, bx+uy*half, by-ux*half)
}

// corner is how round the corners of a box are.
func corner(k Kind) int {
	if k == States {
		return 10
	}
	return 3
}

func (d *Diagram) svgBoxes(b *bytes.Buffer, l *layout) {
	for i, box := range d.Boxes {
		if box.Kind == Wire {
			d.svgWire(b, l, i)
			continue
		}
		p := l.places[i]
		class := map[Kind]string{Call: "box", Failed: "badbox", Folded: "fold", Omitted: "fold", States: "states", Program: "fold"}[box.Kind]
		fmt.Fprintf(b, `<rect class="%s %s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%d"/>`+"\n", class, hue(box.Lifeline), p.x, p.y, p.w, p.h, corner(box.Kind))
		y := p.y + padding + 12
		for _, note := range p.notes {
			text(b, "note", p.x+padding, y, note)
			y += lineHeight
		}
		kind := ""
		switch box.Kind {
		case Failed:
			kind = "bad"
		case Folded, Omitted, Program:
			kind = "faint"
		case States:
			kind = "state " + hue(box.Lifeline)
		}
		if box.Kind == States {
			for k, line := range p.lines {
				centred(b, kind, p.x+p.w/2, p.y+13+float64(k)*stateLine, line)
			}
			continue
		}
		for _, line := range p.lines {
			text(b, kind, p.x+padding, y, line)
			y += lineHeight
		}
	}
}
