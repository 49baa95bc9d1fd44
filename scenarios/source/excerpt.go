package source

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	tabSpaces  = 4   // what a tab is shown as
	shownWidth = 160 // cells of a line that are shown, at most
	leastShown = 20  // and at least, however narrow the terminal is
)

// excerpt returns line as a terminal can show it, and how many terminal cells
// are before column col. Tabs become spaces, what cannot be printed becomes
// U+FFFD, and a long line is cut to the neighbourhood of col, to at most that
// width; 0: no terminal sets a bound.
func excerpt(line string, col, width int) (shown string, pad int) {
	if width <= 0 || width > shownWidth {
		width = shownWidth
	}
	width = max(width, leastShown)
	runes := []rune(line)
	col = min(col, len(runes)+1)
	from, before := 0, 0 // the first character shown, the cells from there to col
	for _, r := range runes[:col-1] {
		before += excerptCells(r)
	}
	if before >= width {
		for ; before > width*2/3; from++ {
			before -= excerptCells(runes[from])
		}
	}
	var b strings.Builder
	if from > 0 {
		b.WriteString("…")
		pad++
	}
	used := pad
	for i, r := range runes[from:] {
		cells := excerptCells(r)
		if used += cells; used > width-1 && (used > width || from+i+1 < len(runes)) {
			b.WriteString("…")
			break
		}
		b.WriteString(excerptText(r))
		if from+i+1 < col {
			pad += cells
		}
	}
	return b.String(), pad
}

func excerptText(r rune) string {
	switch {
	case r == '\t':
		return strings.Repeat(" ", tabSpaces)
	case unicode.IsPrint(r) || unicode.In(r, unicode.Mn, unicode.Me):
		return string(r)
	}
	return string(utf8.RuneError)
}

func excerptCells(r rune) int {
	if text := excerptText(r); text != string(r) {
		return len([]rune(text))
	}
	return cellsOf(r)
}
