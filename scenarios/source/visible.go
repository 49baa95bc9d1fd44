package source

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Visible returns s on one line and with everything written out that a
// terminal would act on or not show: control characters (C0, DEL, C1), line
// and paragraph separators, the characters that change the direction of text,
// whatever else Unicode does not call printable, and bytes that are not UTF-8.
// They are written as Go and YAML write them in double quotes: \n, \x1b,
// \u202e. A text that holds none of them is returned as it is.
//
// Whoever chose a text, the file, a file's name or the program under test, it
// passes through here before it reaches a terminal or a report.
func Visible(s string) string { return visible(s, false) }

// VisibleLines is Visible for a text of several lines, whose ends stay.
func VisibleLines(s string) string { return visible(s, true) }

func visible(s string, lines bool) string {
	if isVisible(s, lines) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case strconv.IsPrint(r), r == '\n' && lines:
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// isVisible reports whether there is nothing to write out. It looks at bytes
// only, for nearly all texts are printable ASCII.
func isVisible(s string, lines bool) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c > '~') && (c != '\n' || !lines) {
			return false
		}
	}
	return true
}
