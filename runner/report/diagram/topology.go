package diagram

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A Topology is a picture of a network: its hosts with their interfaces and
// addresses, and the links that join them, with what they do to frames.
type Topology struct {
	Name  string
	Hosts []HostBox
	Links []LinkBar
}

// A HostBox is a host, with what is said of it as lines.
type HostBox struct {
	Name  string
	Lines []string
}

// A LinkBar is a link, with what is said of it as lines.
type LinkBar struct {
	Name  string
	Lines []string
	Ends  []LinkEnd
}

// A LinkEnd is an interface that a link joins.
type LinkEnd struct {
	Host      int // its place among the hosts
	Interface string
}

// TopologyOf draws the network of a scenario; nil where it has no hosts.
func TopologyOf(s *scenarios.Scenario) *Topology {
	plan := s.Network
	if len(plan.Hosts) == 0 {
		return nil
	}
	t := &Topology{Name: source.Visible(s.Title())}
	places := make(map[string]int)
	for i, h := range plan.Hosts {
		places[h.Name] = i
		t.Hosts = append(t.Hosts, HostBox{h.Name, hostLines(s, h)})
	}
	for _, l := range plan.Links {
		bar := LinkBar{Name: l.Name, Lines: linkLines(l)}
		for _, e := range l.Join {
			bar.Ends = append(bar.Ends, LinkEnd{places[e.Host], e.Interface})
		}
		t.Links = append(t.Links, bar)
	}
	return t
}

// hostLines say what a host is and has.
func hostLines(s *scenarios.Scenario, h *network.Host) []string {
	var lines []string
	var actors []string
	for _, a := range s.Actors {
		if a.Host == h.Name {
			actors = append(actors, a.Name)
		}
	}
	if len(actors) > 0 {
		lines = append(lines, "runs "+strings.Join(actors, ", "))
	}
	for _, i := range h.Interfaces {
		text := i.Name
		for _, a := range i.Addresses {
			text += " " + a.String()
		}
		if i.MTU > 0 {
			text += fmt.Sprintf(" mtu %d", i.MTU)
		}
		lines = append(lines, text)
	}
	if h.Forward {
		lines = append(lines, "forwards")
	}
	for _, r := range h.Routes {
		way := r.Word
		switch {
		case r.Via.IsValid():
			way = "via " + r.Via.String()
		case way == "":
			way = "by " + r.Interface
		}
		to := r.To.String()
		if r.To.Bits() == 0 {
			to = "default"
		}
		lines = append(lines, to+" "+way)
	}
	return lines
}

// linkLines say what a link does to frames: of all ends, or of each.
func linkLines(l *network.Link) []string {
	var lines, all []string
	add := func(given bool, format string, args ...any) {
		if given {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	alike := !slices.ContainsFunc(l.Impairments, func(i network.Impairment) bool { return i != l.Impairments[0] })
	for end, i := range l.Impairments {
		switch does := strings.Join(impairmentWords(i), ", "); {
		case alike:
			all = impairmentWords(i)
		case does != "":
			lines = append(lines, does+" from "+l.Join[end].String())
		}
	}
	add(l.MTU > 0, "mtu %d", l.MTU)
	add(l.Snooping, "snooping")
	add(l.Querier, "querier")
	if len(all) > 0 {
		lines = append(lines, strings.Join(all, ", "))
	}
	for _, f := range l.Faults {
		lines = append(lines, "fault "+f.Name+": "+f.Act)
	}
	return lines
}

// impairmentWords say what is done to all frames of an end.
func impairmentWords(i network.Impairment) (words []string) {
	add := func(given bool, format string, args ...any) {
		if given {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(i.Delay > 0, "delay %s", i.Delay)
	add(i.Jitter > 0, "jitter up to %s", i.Jitter)
	add(i.Rate > 0, "rate %d bit/s", i.Rate)
	add(i.Loss > 0, "loss %.3g%%", 100*i.Loss)
	return words
}

// Sizes of the picture of a network.
const (
	hostGap = 34
	barGap  = 26
)

// SVG writes the picture as an SVG document that stands alone.
func (t *Topology) SVG(w io.Writer) error {
	b := new(bytes.Buffer)
	l := t.lay()
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n",
		l.width, l.height, l.width, l.height, html.EscapeString("network of "+t.Name))
	fmt.Fprintf(b, "<title>%s</title>\n<style>\n%s</style>\n", html.EscapeString("network of "+t.Name), Style)
	text(b, "title", margin, margin+12, t.Name)
	for i, bar := range t.Links {
		t.svgLink(b, l, i, bar)
	}
	for i, h := range t.Hosts {
		x, wide := l.x[i], l.wide[i]
		fmt.Fprintf(b, `<rect class="box %s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="3"/>`+"\n", hue(i), x, l.top, wide, l.tall)
		text(b, "name "+hue(i), x+padding, l.top+padding+12, h.Name)
		for k, line := range h.Lines {
			text(b, "", x+padding, l.top+padding+12+float64(k+1)*lineHeight, line)
		}
	}
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

// A topologyLayout says where hosts and links are.
type topologyLayout struct {
	width, height float64
	top, tall     float64 // of the boxes
	x, wide       []float64
	bars          []float64 // the height of each link
}

func (t *Topology) lay() *topologyLayout {
	l := &topologyLayout{top: margin + headLine}
	x, most := float64(margin), 0
	for _, h := range t.Hosts {
		widest := source.Cells(h.Name)
		for _, line := range h.Lines {
			widest = max(widest, source.Cells(line))
		}
		most = max(most, len(h.Lines))
		wide := max(float64(widest)*glyph+2*padding, 90)
		l.x, l.wide = append(l.x, x), append(l.wide, wide)
		x += wide + hostGap
	}
	l.width = x - hostGap + margin
	l.tall = float64(most+1)*lineHeight + 2*padding
	y := l.top + l.tall + barGap
	for _, bar := range t.Links {
		y += barGap
		l.bars = append(l.bars, y)
		y += float64(len(bar.Lines)+1)*lineHeight + 4
		for _, line := range append(bar.Lines, bar.Name) {
			l.width = max(l.width, 2*margin+float64(source.Cells(line)+2)*glyph)
		}
	}
	l.height = y + margin
	return l
}

// svgLink draws a link as a bar below the hosts, and a line to each interface.
func (t *Topology) svgLink(b *bytes.Buffer, l *topologyLayout, i int, bar LinkBar) {
	y := l.bars[i]
	from, to := l.width, 0.0
	at := func(e LinkEnd) float64 { return l.x[e.Host] + l.wide[e.Host]*(0.25+0.5*t.part(i, e)) }
	for _, e := range bar.Ends {
		from, to = min(from, at(e)), max(to, at(e))
	}
	fmt.Fprintf(b, `<line class="bar" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", from-12, y, to+12, y)
	for _, e := range bar.Ends {
		x := at(e)
		fmt.Fprintf(b, `<line class="arrow %s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", hue(e.Host), x, l.top+l.tall, x, y)
		fmt.Fprintf(b, `<circle class="head %s" cx="%.1f" cy="%.1f" r="5"/>`+"\n", hue(e.Host), x, y)
		text(b, "label", x+4, l.top+l.tall+14, e.Interface)
	}
	text(b, "title", from-12, y+lineHeight, bar.Name)
	for k, line := range bar.Lines {
		text(b, "faint", from-12, y+float64(k+2)*lineHeight, line)
	}
}

// part is where on the lower side of its box an interface is, from 0 to 1:
// links of one host do not share a line.
func (t *Topology) part(link int, e LinkEnd) float64 {
	all, at := 0, 0
	for i, bar := range t.Links {
		for _, other := range bar.Ends {
			if other.Host != e.Host {
				continue
			}
			if i == link && other.Interface == e.Interface {
				at = all
			}
			all++
		}
	}
	if all < 2 {
		return 0.5
	}
	return float64(at) / float64(all-1)
}

// Mermaid writes the picture as a graph of Mermaid.
func (t *Topology) Mermaid(w io.Writer) error {
	b := new(bytes.Buffer)
	fmt.Fprintf(b, "---\ntitle: %q\n---\nflowchart TB\n", t.Name)
	for i, h := range t.Hosts {
		fmt.Fprintf(b, "    h%d[\"%s\"]\n", i, mermaidText(strings.Join(append([]string{h.Name}, h.Lines...), "\n")))
	}
	for i, bar := range t.Links {
		fmt.Fprintf(b, "    l%d([\"%s\"])\n", i, mermaidText(strings.Join(append([]string{bar.Name}, bar.Lines...), "\n")))
		for _, e := range bar.Ends {
			fmt.Fprintf(b, "    h%d ---|%s| l%d\n", e.Host, mermaidText(e.Interface), i)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
