package source

import (
	"strings"
	"unicode/utf8"
)

// Wrap breaks a text without line ends into lines of at most so many
// characters, at blanks where there are some. All but the first are indented.
func Wrap(text string, most int) []string {
	const indent = "  "
	most = max(most, 2*len(indent))
	var lines []string
	for utf8.RuneCountInString(text) > most {
		runes := []rune(text)
		cut := most
		for i := most; i > most/3; i-- {
			if runes[i] == ' ' {
				cut = i
				break
			}
		}
		lines = append(lines, strings.TrimRight(string(runes[:cut]), " "))
		text = indent + strings.TrimLeft(string(runes[cut:]), " ")
	}
	return append(lines, text)
}
