package source

import (
	"strings"
	"testing"
)

func TestExcerpt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("abcdefghij", 10)
	for _, c := range []struct {
		line       string
		col, width int
		shown      string
		pad        int
	}{
		{"short", 1, 0, "short", 0},
		{"short", 6, 0, "short", 5},
		{"short", 99, 0, "short", 5},
		{"a\tb", 3, 0, "a    b", 5},
		{"a\x1bb", 3, 0, "a\ufffdb", 2},
		{"日本語x", 4, 0, "日本語x", 6},
		{"e\u0301x", 3, 0, "e\u0301x", 1},
		{"日本語日本語日本語日本語", 1, 20, "日本語日本語日本語…", 0},
		{long[:20], 1, 20, long[:20], 0},
		{long, 1, 20, "abcdefghijabcdefghi…", 0},
		{long, 50, 20, "…ghijabcdefghijabcd…", 14},
		{long, 100, 20, "…ghijabcdefghij", 14},
		{long, 1, 5, "abcdefghijabcdefghi…", 0}, // less than this is not readable
	} {
		shown, pad := excerpt(c.line, c.col, c.width)
		if shown != c.shown || pad != c.pad {
			t.Errorf("excerpt(%q, %d, %d) is %q, %d; want %q, %d", c.line, c.col, c.width, shown, pad, c.shown, c.pad)
		}
		if c.width > 0 && Cells(shown) > max(c.width, leastShown) {
			t.Errorf("%q has %d cells; want at most %d", shown, Cells(shown), c.width)
		}
	}
}
