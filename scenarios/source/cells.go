package source

import "github.com/mattn/go-runewidth"

// terminal is how a terminal counts, wherever it runs: the characters whose
// width is ambiguous (Unicode Standard Annex 11) take one cell.
var terminal = &runewidth.Condition{StrictEmojiNeutral: true}

// Cells returns how many cells of a terminal a text takes: a wide character of
// East Asian scripts has two, a combining mark none.
func Cells(text string) int { return terminal.StringWidth(text) }

func cellsOf(r rune) int { return terminal.RuneWidth(r) }
