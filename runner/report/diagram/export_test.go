package diagram

// For the tests of what is drawn.
const (
	MostFirst = mostFirst
	MostLast  = mostLast
)

// A Drawn is where a box is drawn, and how wide its text is.
type Drawn struct{ X, Y, W, H, Text float64 }

// Draw is where all boxes are, and the part of the picture for them.
func (d *Diagram) Draw() (list []Drawn, whole Drawn) {
	l := d.lay()
	for i, p := range l.places {
		widest := 0
		for _, line := range append(p.lines, p.notes...) {
			widest = max(widest, len([]rune(line)))
		}
		advance := glyph
		if d.Boxes[i].Kind == States {
			advance = stateGlyph
		}
		list = append(list, Drawn{p.x, p.y, p.w, p.h, float64(widest)*advance + 2*padding})
	}
	return list, Drawn{0, l.top, l.width, l.height - l.top, 0}
}

// Labels are the pairs of labels that lie over each other.
func (d *Diagram) Labels() (over [][2]string) {
	l := d.lay()
	for i, s := range l.labels {
		for _, other := range l.labels[:i] {
			if s.meets(other) {
				over = append(over, [2]string{s.text, other.text})
			}
		}
	}
	return over
}
