package source

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	tabSpaces  = 4   // what a tab is shown as
	shownWidth = 160 // characters of a line that are shown
	shownLeft  = 100 // characters shown before the caret of a line that is cut
)

// excerpt returns line as a terminal can show it, and how many terminal cells
// are before column col. Tabs become spaces, what cannot be printed becomes
// U+FFFD, and a very long line is cut to the neighbourhood of col.
func excerpt(line string, col int) (shown string, pad int) {
	var b strings.Builder
	from := 1
	if col > shownWidth {
		from = col - shownLeft
		b.WriteString("…")
		pad++
	}
	n := 0
	for _, r := range line {
		if n++; n < from {
			continue
		}
		if n >= from+shownWidth {
			b.WriteString("…")
			break
		}
		cells := cellsOf(r)
		switch {
		case r == '\t':
			b.WriteString(strings.Repeat(" ", tabSpaces))
			cells = tabSpaces
		case unicode.IsPrint(r) || unicode.In(r, unicode.Mn, unicode.Me):
			b.WriteRune(r)
		default:
			b.WriteRune(utf8.RuneError)
			cells = 1
		}
		if n < col {
			pad += cells
		}
	}
	return b.String(), pad
}
