package source

import (
	"strings"
	"testing"
)

// A report shows a limited number of problems, errors before warnings, and
// counts the rest.
func TestReportShowsSoMany(t *testing.T) {
	t.Parallel()
	var ps Problems
	for range 2 * MaxShown {
		ps = append(ps, &Problem{Msg: "a warning", Severity: Warning})
	}
	ps = append(ps, &Problem{Msg: "an error"})
	lines := strings.Split(ps.Report(), "\n")
	if len(lines) != MaxShown+1 || lines[MaxShown-1] != "-: an error" || lines[MaxShown] != "... 1001 more are not shown" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-2:])
	}
	if got := ps[:MaxShown].Report(); strings.Count(got, "\n") != MaxShown-1 || strings.Contains(got, "more") {
		t.Errorf("of as many as are shown: %s", got)
	}
}
