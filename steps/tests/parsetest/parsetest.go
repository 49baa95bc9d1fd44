// Package parsetest helps tests that read scenarios and look at what was found.
package parsetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
)

// Findings are the problems of a file, as "line:column: message; hint", and
// "warning: " before the message of a warning.
func Findings(problems source.Problems) []string {
	var list []string
	for _, p := range problems {
		s := fmt.Sprintf("%d:%d: ", p.Pos.Line, p.Pos.Col)
		if p.Severity == source.Warning {
			s += "warning: "
		}
		s += p.Msg
		if p.Hint != "" {
			s += "; " + p.Hint
		}
		list = append(list, s)
	}
	return list
}

// WantLines compares lists of lines.
func WantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Parse reads a file that holds nothing wrong.
func Parse(t testing.TB, text string) []*scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse("dir/test.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatalf("%s\nin\n%s", problems.Report(), text)
	}
	return list
}
