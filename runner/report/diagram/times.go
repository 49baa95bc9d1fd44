package diagram

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"slices"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// Sizes of a picture of times.
const (
	laneHeight = 22
	laneWidth  = 1000 // of the time, without the names
	mostLanes  = 60
)

// Times draws when each actor was in which call, on the clock of that one run:
// a bar for each call, strong where it only waited; also for the calls that a
// failure has ended. It is a part of an HTML page, which has [Style] among its
// own.
func Times(w io.Writer, r *history.Result) error {
	var names []string
	var whole time.Duration
	longest := 0
	for _, l := range r.Lines(history.ByActor, history.Form{}) {
		name := source.Visible(l.Actor)
		if !slices.Contains(names, name) {
			names = append(names, name)
			longest = max(longest, source.Cells(name))
		}
		whole = max(whole, ended(l))
	}
	cut, moment := cutShort(r)
	for _, d := range cut {
		if name := source.Visible(d.Actor); !slices.Contains(names, name) {
			names = append(names, name)
			longest = max(longest, source.Cells(name))
		}
		whole = max(whole, moment)
	}
	if whole == 0 {
		return nil
	}
	hidden := max(0, len(names)-mostLanes)
	names = names[:len(names)-hidden]
	t := timePainter{left: margin + float64(longest)*glyph + 12, whole: whole, free: make([]float64, len(names)), b: new(bytes.Buffer)}
	height := float64(len(names)+1)*laneHeight + 6
	if hidden > 0 {
		height += laneHeight
	}
	fmt.Fprintf(t.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" style="min-width: 42rem" role="img" aria-label="%s">`+"\n",
		t.left+laneWidth+margin, height, t.left+laneWidth+margin, html.EscapeString("times of "+source.Visible(r.Scenario.Name)))
	for i, name := range names {
		y := float64(i) * laneHeight
		text(t.b, "name "+hue(i), margin, y+15, name)
		fmt.Fprintf(t.b, `<line class="life" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", t.left, y+11, t.left+laneWidth, y+11)
	}
	for _, l := range r.Lines(history.Time, history.Form{}) {
		if i := slices.Index(names, source.Visible(l.Actor)); i >= 0 {
			t.bar(r, l, i)
		}
	}
	for _, d := range cut {
		if i := slices.Index(names, source.Visible(d.Actor)); i >= 0 {
			what := fmt.Sprintf("%s (%s, then the scenario had failed)", source.Visible(d.Place.Title), d.For.Round(time.Microsecond))
			t.rect(i, d.Place.Waits || d.Waits != "", max(0, moment-d.For), moment, what)
		}
	}
	t.axis(float64(len(names)) * laneHeight)
	if hidden > 0 {
		text(t.b, "faint", margin, height-8, source.Count(hidden, "more branch is not shown", "more branches are not shown"))
	}
	t.b.WriteString("</svg>\n")
	_, err := w.Write(t.b.Bytes())
	return err
}

// cutShort are the actors that were in a call when the scenario failed, and
// that moment.
func cutShort(r *history.Result) (list []history.Doing, moment time.Duration) {
	if r.Failure == nil {
		return nil, 0
	}
	moment = r.Elapsed
	for _, l := range r.Lines(history.ByActor, history.Form{}) {
		if l.Event != nil && l.Event.Failed {
			moment = l.Event.End
		}
	}
	for _, d := range r.Failure.Others {
		if d.Place != nil && d.For > 0 && !d.Done && !d.Ended {
			list = append(list, d)
		}
	}
	return list, moment
}

func ended(l history.Line) time.Duration {
	switch {
	case l.Event != nil:
		return l.Event.End
	case l.Fold != nil:
		return l.Fold.End
	}
	return 0
}

type timePainter struct {
	b     *bytes.Buffer
	left  float64
	whole time.Duration
	free  []float64 // by lane: up to where bars are drawn
}

func (t *timePainter) at(d time.Duration) float64 {
	return t.left + laneWidth*float64(d)/float64(t.whole)
}

// bar draws a call that has ended, or rounds of them.
func (t *timePainter) bar(r *history.Result, l history.Line, lane int) {
	what, waits := "... "+l.Rest(), false
	if l.Event != nil {
		what, waits = r.Text(l.Event, history.Form{}), l.Event.Place.Waits
	}
	took := (ended(l) - l.Start()).Round(time.Microsecond)
	t.rect(lane, waits, l.Start(), ended(l), fmt.Sprintf("%s (%s)", what, took))
}

// rect draws a bar. Of those that are on one point of the picture, only the
// first is drawn.
func (t *timePainter) rect(lane int, waits bool, start, ended time.Duration, what string) {
	x, end := t.at(start), max(t.at(ended), t.at(start)+1)
	if end <= t.free[lane]+0.5 {
		return
	}
	t.free[lane] = end
	class := "calm"
	if waits {
		class = "call"
	}
	fmt.Fprintf(t.b, `<rect class="%s %s" x="%.1f" y="%.1f" width="%.1f" height="14"><title>%s</title></rect>`+"\n",
		class, hue(lane), x, float64(lane)*laneHeight+4, end-x, html.EscapeString(what))
}

// axis writes a few times below the lanes.
func (t *timePainter) axis(y float64) {
	step := roundStep(t.whole / 8)
	for at := time.Duration(0); at <= t.whole; at += step {
		fmt.Fprintf(t.b, `<line class="life" x1="%.1f" y1="0" x2="%.1f" y2="%.1f"/>`, t.at(at), t.at(at), y+4)
		centred(t.b, "faint", t.at(at), y+18, at.String())
	}
	t.b.WriteByte('\n')
}

// roundStep is a round time of at least d: 1, 2 or 5 with zeros.
func roundStep(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if n*unit >= d {
				return n * unit
			}
		}
	}
}
