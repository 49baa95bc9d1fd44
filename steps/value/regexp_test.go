package value

import (
	"strings"
	"testing"
)

func compile(expr string) error {
	_, err := compileRegexp(expr)
	return err
}

// An expression that compiles to too much is refused where it is.
func TestRegexpBound(t *testing.T) {
	for _, expr := range []string{strings.Repeat("a{1000}", 11), strings.Repeat("a", 10_001), strings.Repeat("(a|b){900}", 10)} {
		if err := compile(expr); err == nil || !strings.Contains(err.Error(), "the most for a regular expression is 10000") {
			t.Errorf("%.40s: %v", expr, err)
		}
	}
	if err := compile(strings.Repeat("a{1000}", 9)); err != nil {
		t.Error(err)
	}
}
