package value

import (
	"regexp"
	"testing"
)

func TestUnseen(t *testing.T) {
	for _, test := range []struct {
		expr string
		want int // where the search goes on after 1,000 bytes
	}{
		{"END", 988},
		{"ab.d", 984},
		{"(?i)end|x", 988},
		{"a[bc]?(d)", 988},
		{"x{3}", 988},
		{"", 1000},
		{"a+", 0},
		{"x{3,}", 0},
		{"^a", 0},
		{"a$", 0},
		{`a\b`, 0},
		{"a(b*)", 0},
	} {
		re := regexp.MustCompile(test.expr)
		if got := unseen(re, 1000); got != test.want {
			t.Errorf("%q: the search goes on at %d, want %d", test.expr, got, test.want)
		}
		if got := unseen(re, 0); got != 0 {
			t.Errorf("%q: the search begins at %d", test.expr, got)
		}
	}
}
