package source

import (
	"slices"
	"testing"
)

func TestWrap(t *testing.T) {
	t.Parallel()
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

func TestNarrow(t *testing.T) {
	t.Parallel()
	prose := "A paragraph that was filled up to a column of about eighty, as all of ours\nare, is filled anew.\n\nThis one is short.\n"
	for _, c := range []struct {
		name, text string
		most       int
		want       string
	}{
		{"no terminal", prose, 0, prose},
		{"wide enough", prose, 80, prose},
		{"a paragraph", prose, 40, "A paragraph that was filled up to a\ncolumn of about eighty, as all of ours\nare, is filled anew.\n\nThis one is short.\n"},
		{"a list", "  one\n  two, which goes on\n", 12, "  one\n  two, which\n  goes on\n"},
		{"a table", "  key    what the key is for\n  other  more\n", 34, "  key    what the key is for\n  other  more\n"},
		{"a row", "  key     what the key says of the other one\n", 36, "  key     what the key says of the\n          other one\n"},
		{"no room for the column", "  a long key        what it says of the other\n", 30, "  a long key\n      what it says of the\n      other\n"},
		{"no room behind a wide one", "  key    one, two, three, four, five, six or seven  what the key says\n", 36, "  key    one, two, three, four,\n         five, six or seven\n      what the key says\n"},
		{"a row of more lines", "  key  what the key says is so much that it has taken two lines and was\n       broken here\n", 50, "  key  what the key says is so much that it has\n       taken two lines and was broken here\n"},
	} {
		if got := Narrow(c.text, c.most); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

func TestBreak(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		most       int
		want       string
	}{
		{"no terminal", "one two three four five six seven\n", 0, "one two three four five six seven\n"},
		{"short lines", "one\n  two\n\nthree", 24, "one\n  two\n\nthree"},
		{"lines are not joined", "one two three four five six\nseven\n", 20, "one two three four\n  five six\nseven\n"},
		{"below the margin", "    data: one two three four five\n", 26, "    data: one two three\n      four five\n"},
		{"below the key of an item", "  - send: one two three four five\n", 26, "  - send: one two three\n      four five\n"},
		{"items of items", "- - one two three four five six\n", 26, "- - one two three four\n      five six\n"},
		{"a transcript", "server  send(conn, one two three)\n", 30, "server  send(conn, one two\n          three)\n"},
		{"wide characters", "- 日本語日本語日本語日本語\n", 22, "- 日本語日本語日本語日\n    本語\n"},
	} {
		if got := Break(c.text, c.most); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

func TestProse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"a paragraph", "One line\nand another.\n", "One line and another."},
		{"paragraphs", "\nOne\nline.\n\nAnother\nline.\n", "One line.\n\nAnother line."},
		{"blanks", "One  line \n and", "One line\n and"},
		{"a command", "Try\nit:\n\n    run  it\n    again\nIt\nruns.", "Try it:\n\n    run  it\n    again\nIt runs."},
	} {
		if got := Prose(c.text); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}
