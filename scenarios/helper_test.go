package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
)

// findings are the problems of a file, as "line:column: message; hint", and
// "warning: " before the message of a warning.
func findings(problems source.Problems) []string {
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

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// parse reads a file that holds nothing wrong.
func parse(t testing.TB, text string) []*scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse("dir/test.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatalf("%s\nin\n%s", problems.Report(), text)
	}
	return list
}
