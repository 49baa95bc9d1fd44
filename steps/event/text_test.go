package event

import (
	"slices"
	"strings"
	"testing"
)

// Data is shown as a text where at least four fifths of it are text.
func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		"":                                       `""`,
		"hello\r\n\tx":                           `"hello\r\n\tx"`,
		"\x00":                                   "hex:00",
		"\x00\x05hello":                          `"\0\x05hello"`,
		"abcd\x1f":                               `"abcd\x1f"`,
		"abc\x1f":                                "hex:6162631f",
		"café \xe9":                              `"café \xe9"`,
		"é\x80":                                  "hex:c3a980",
		"éé\x80":                                 `"éé\x80"`,
		"\ufffdab":                               "\"\ufffdab\"",
		"a\x00\x00\x00\x00\x00":                  `"a\0\0\0\0\0"`,
		"\x1b[31mred\x1b[0m":                     `"\x1b[31mred\x1b[0m"`,
		"\a\b\v\f some more, \"quoted\" \\ text": `"\x07\x08\x0b\x0c some more, \"quoted\" \\ text"`,
		"\xff\xfe":                               "hex:fffe",
	} {
		if got := Shown(in); got != want {
			t.Errorf("Shown(%q) = %s, want %s", in, got, want)
		}
	}
	if !IsText("\x80", 4) || IsText("\x80", 3) {
		t.Error("a mask counts as one character")
	}
}

func TestWholeRunes(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "abc": "abc", "ab\xc3": "ab", "ab\xc3\xa9": "abé", "a\xe2\x82": "a", "a\xf0\x9f\x98": "a", "a\xff": "a\xff", "a\x80\x80\x80\x80": "a\x80\x80\x80\x80",
	} {
		if got := WholeRunes(in); got != want {
			t.Errorf("WholeRunes(%q) = %q, want %q", in, got, want)
		}
	}
}

// A line ends at its newline, but not within bytes that show in hexadecimal.
func TestLines(t *testing.T) {
	for in, want := range map[string][]string{
		"":                            {""},
		"a":                           {"a"},
		"a\n":                         {"a"},
		"a\n\nb":                      {"a", "", "b"},
		"\n":                          {""},
		"a\n[\x01\n\x02]":             {"a", "[\x01\n\x02]"},
		"[\x01\n\x02\n]":              {"[\x01\n\x02\n]"},
		"[ab\x1fcd\nef]":              {"[ab\x1fcd", "ef]"},
		"[\xff\xff\n][\xfe\xfe\n]\nx": {"[\xff\xff\n][\xfe\xfe\n]", "x"},
	} {
		m := Marked{Text: in}
		from := 0
		for i, c := range in {
			switch c {
			case '[':
				from = i
			case ']':
				m.Marks = append(m.Marks, Mark{From: from, To: i + 1, Bytes: true})
			}
		}
		var got []string
		for line := range m.Lines() {
			got = append(got, line.Text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the lines of %q are %q, want %q", in, strings.Join(got, "|"), strings.Join(want, "|"))
		}
	}
}
