package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios/source"
)

// The difference of data is within the terminal, and shows where it begins.
func TestDataDiffIsWithinTheTerminal(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("the quick brown fox ", 8)
	pairs := map[string][2]string{
		"texts":       {long + "dog\n", long + "cat\n"},
		"the start":   {"dog " + long, "cat " + long},
		"wide":        {strings.Repeat("日本", 30) + "語", strings.Repeat("日本", 30) + "誤"},
		"one is less": {long, long[:100]},
		"lines":       {long + "\n" + long + "dog\n", long + "\n" + long + "cat\n"},
		"bytes":       {"\x00\x01" + long, "\x00\x02" + long},
	}
	for name, pair := range pairs {
		for _, width := range []int{40, 60, 80, 120} {
			diff := Style{Width: width}.dataDiff([]byte(pair[0]), []byte(pair[1]))
			for line := range strings.Lines(diff) {
				if source.Cells(strings.TrimSuffix(line, "\n")) > width {
					t.Errorf("%s, %d columns: the line is wider:\n%s", name, width, diff)
				}
			}
		}
	}
	for _, c := range []struct{ width, want any }{
		{0, "  expected  \"one two three four\"  (18 bytes)\n  got       \"one two three five\"  (18 bytes)\n                            ^\n"},
		{38, "  expected  …hree four\"  (18 bytes)\n  got       …hree five\"  (18 bytes)\n                   ^\n"},
	} {
		got := Style{Width: c.width.(int)}.dataDiff([]byte("one two three four"), []byte("one two three five"))
		if got != c.want {
			t.Errorf("%d columns:\n%s", c.width, fmt.Sprintf("%q", got))
		}
	}
}
