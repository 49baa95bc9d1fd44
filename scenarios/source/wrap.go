package source

import "strings"

// Wrap breaks a text without line ends into lines of at most so many cells of a
// terminal, at blanks where there are some. All but the first are indented.
func Wrap(text string, most int) []string {
	const indent = "  "
	most = max(most, 2*len(indent))
	var lines []string
	for Cells(text) > most {
		fits := Fit(text, most)
		cut := len(fits)
		if text[cut] != ' ' {
			if blank := strings.LastIndexByte(fits, ' '); Cells(text[:max(blank, 0)]) > most/3 {
				cut = blank
			}
		}
		lines = append(lines, strings.TrimRight(text[:cut], " "))
		text = indent + strings.TrimLeft(text[cut:], " ")
	}
	return append(lines, text)
}

// Fit returns what of a text fits into so many cells.
func Fit(text string, cells int) string {
	if len(text) <= cells {
		return text
	}
	used := 0
	for i, r := range text {
		if used += cellsOf(r); used > cells {
			return text[:i]
		}
	}
	return text
}
