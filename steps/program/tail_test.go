package program

import (
	"strings"
	"testing"
)

// What a failure shows of a long output begins with a line, or with dots where
// one line is longer than what is kept, and with a whole character and escape
// sequence.
func TestTailBeginsWhole(t *testing.T) {
	fill := strings.Repeat("x", tailKept)
	for _, tt := range []struct{ name, before, kept, want string }{
		{"in a line", "one\ntw", "o\n" + fill[:tailKept-2], fill[:tailKept-2]},
		{"at a line", "one\n", fill, fill},
		{"a last line without a line feed", "one", "\n" + fill[:tailKept-2] + "\n", fill[:tailKept-2] + "\n"},
		{"one line", "xx", fill[:tailKept-1] + "\n", "…" + fill[:tailKept-1] + "\n"},
		{"in a character", "x\xe2\x82", "\xac" + fill[1:], "…" + fill[1:]},
		{"not UTF-8", "x", strings.Repeat("\xac", tailKept), "…" + strings.Repeat("\xac", tailKept-3)},
		{"in a color", "x\x1b[1;", "31m" + fill[3:], "…" + fill[3:]},
		{"behind a color", "\x1b[1;31mx", fill, "…" + fill},
		{"in a link", "\x1b]8;;http://", "a\x1b\\" + fill[3:], "…" + fill[3:]},
		{"in a title", "\x1b]0;ti", "tle\a" + fill[4:], "…" + fill[4:]},
		{"in a charset", "x\x1b(", "B" + fill[1:], "…" + fill[1:]},
		{"an escape that does not end", "x\x1b]0;", fill, "…" + fill},
		{"short", "", "\xacx", "\xacx"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := tt.before + tt.kept
			var whole, pieces tail
			whole.Write([]byte(all))
			for len(all) > 0 {
				n := min(len(all), 100)
				pieces.Write([]byte(all[:n]))
				all = all[n:]
			}
			missing := int64(len(tt.before+tt.kept) - len(strings.TrimPrefix(tt.want, "…")))
			for _, k := range []*tail{&whole, &pieces} {
				if got, before := k.text(); got != tt.want || before != missing {
					t.Errorf("%d bytes are missing, want %d; it begins with %.20q, want %.20q", before, missing, got, tt.want)
				}
			}
		})
	}
}
