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
		case unicode.IsPrint(r) || cells == 0:
			b.WriteRune(r)
		default:
			b.WriteRune(utf8.RuneError)
		}
		if n < col {
			pad += cells
		}
	}
	return b.String(), pad
}

// cellsOf returns how many cells of a terminal r takes: none for a combining
// mark, two for the wide characters of East Asian scripts and emoji
// (Unicode Standard Annex 11).
func cellsOf(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1},
		{Lo: 0x231a, Hi: 0x231b, Stride: 1},
		{Lo: 0x23e9, Hi: 0x23ec, Stride: 1},
		{Lo: 0x26a1, Hi: 0x26a1, Stride: 1},
		{Lo: 0x2705, Hi: 0x2705, Stride: 1},
		{Lo: 0x274c, Hi: 0x274c, Stride: 1},
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0x33ff, Stride: 1},
		{Lo: 0x3400, Hi: 0x4dbf, Stride: 1},
		{Lo: 0x4e00, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97c, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff01, Hi: 0xff60, Stride: 1},
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1},
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1},
		{Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}
