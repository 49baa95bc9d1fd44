package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/steps/value"
)

// TestKept: what a run keeps has a bound, and a run that goes beyond it fails
// at the step that did, with a remedy.
func TestKept(t *testing.T) {
	events, branches := value.MaxEvents.Most, value.MaxBranches.Most
	defer func() { value.MaxEvents.Most, value.MaxBranches.Most = events, branches }()
	value.MaxEvents.Most, value.MaxBranches.Most = 2000, 100 // to be reached soon
	for _, test := range []struct{ name, steps, want string }{
		{"events", "- repeat: {while: 'true'}\n  index: i\n  steps: [{let: {x: '${i}'}}]", "the most for the events that a run keeps is 2000; run it with -q"},
		{"long lines", "- let: {long: \"${repeat('ab', 40000)}\"}\n- repeat: {while: 'true'}\n  index: i\n  steps: [{print: '${i}${long}'}]", "the most for the events that a run keeps is 2000"},
		{"branches", "- repeat: {while: 'true'}\n  steps:\n    - spawn: [{sleep: 4m}]", "the most for the branches of a scenario is 100; join those"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "timeout: 5m\nactors:\n  one:\n    " + strings.ReplaceAll(test.steps, "\n", "\n    ") + "\n  two: [{sleep: 4m}]\n"
			failure := fails(t, text, runner.Options{})
			if failure.Place == nil || !strings.Contains(failure.Err.Error(), test.want) {
				t.Errorf("%v: %s\nwant %s", failure.Place, failure.Err, test.want)
			}
		})
	}
}
