package source

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, one, lines string }{
		{"plain text, \"quoted\" \\ ~", "plain text, \"quoted\" \\ ~", ""},
		{"größer 日本 🐌 e\u0301 \ufffd", "größer 日本 🐌 e\u0301 \ufffd", ""},
		{"a\nb\r\n", `a\nb\r\n`, "a\nb\\r\n"},
		{"\x00\a\b\t\v\f\x1b\x7f", `\x00\a\b\t\v\f\x1b\x7f`, ""},
		{"C1 \u0085 \u009b31m", `C1 \u0085 \u009b31m`, ""},
		{"rtl \u202e \u2066 \u200f", `rtl \u202e \u2066 \u200f`, ""},
		{"separators \u2028\u2029", `separators \u2028\u2029`, ""},
		{"hidden \u200b\u00ad\ufeff\u00a0", `hidden \u200b\u00ad\ufeff\u00a0`, ""},
		{"tag \U000e0041", `tag \U000e0041`, ""},
		{"bytes \xff\xc3( \xed\xa0\x80", `bytes \xff\xc3( \xed\xa0\x80`, ""},
	}
	for _, test := range tests {
		if got := Visible(test.in); got != test.one {
			t.Errorf("Visible(%q) = %q; want %q", test.in, got, test.one)
		}
		want := test.lines
		if want == "" {
			want = test.one
		}
		if got := VisibleLines(test.in); got != want {
			t.Errorf("VisibleLines(%q) = %q; want %q", test.in, got, want)
		}
	}
}

// What has been written out once stays as it is.
func FuzzVisible(f *testing.F) {
	f.Add("\x1b[31m\n\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		one, lines := Visible(s), VisibleLines(s)
		if Visible(one) != one || VisibleLines(lines) != lines {
			t.Errorf("%q changes again: %q, %q", s, one, lines)
		}
		for _, r := range one {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
				t.Errorf("%q holds %U", one, r)
			}
		}
		if !utf8.ValidString(one) || strings.Count(lines, "\n") != strings.Count(s, "\n") {
			t.Errorf("%q: %q, %q", s, one, lines)
		}
	})
}
