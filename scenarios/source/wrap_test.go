package source

import (
	"slices"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want []string
	}{
		{"", 10, []string{""}},
		{"short", 10, []string{"short"}},
		{"ten chars!", 10, []string{"ten chars!"}},
		{"one two three", 8, []string{"one two", "  three"}},
		{"aaaaaaaaaaaaaaa", 6, []string{"aaaaaa", "  aaaa", "  aaaa", "  a"}},
		{"ééé ééé ééé", 7, []string{"ééé ééé", "  ééé"}},
		{"abc", 0, []string{"abc"}},
		{"日本語 日本語", 8, []string{"日本語", "  日本語"}},
		{"日本語日本語", 7, []string{"日本語", "  日本", "  語"}},
	} {
		got := Wrap(c.text, c.most)
		if !slices.Equal(got, c.want) {
			t.Errorf("Wrap(%q, %d) is %q, not %q", c.text, c.most, got, c.want)
		}
		for _, line := range got {
			if Cells(line) > max(c.most, 4) {
				t.Errorf("the line %q is longer than %d", line, c.most)
			}
		}
	}
}
