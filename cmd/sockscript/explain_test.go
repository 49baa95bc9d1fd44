package main

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios/reference"
	"github.com/sockscript/sockscript/scenarios/source"
)

// Each shipped scenario can be explained, within the columns that there are.
func TestShippedScenariosAreExplained(t *testing.T) {
	t.Parallel()
	const width = 72
	for _, c := range shippedCases(t) {
		text := reference.Explain(c.Scenario, width)
		if strings.Count(text, "\n") < 5 {
			t.Errorf("%s is explained as %q", c.Scenario.Name, text)
		}
		for line := range strings.Lines(text) {
			if source.Cells(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("%s: the line %q is wider than %d", c.Scenario.Name, line, width)
			}
		}
	}
}
