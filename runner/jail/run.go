package jail

import (
	"context"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

// Missing are the layers that cannot be had here. It tries once.
func Missing() []Lack {
	return []Lack{{"sandbox", "this version of sockscript has none yet", "run the scenario with --sandbox=off"}}
}

// Run runs a scenario in a jail of its own. how is how the scenario's file was
// read. Where layers are missing the failure is a [MissingError], unless the
// config says that it runs nevertheless.
func Run(_ context.Context, _ Config, s *scenarios.Scenario, _ scenarios.Options, _ runner.Options) *history.Result {
	return &history.Result{
		Scenario: runner.Describe(s), Record: new(history.Record),
		Status: history.Failed, Failure: history.NewFailure(&MissingError{Missing()}),
	}
}

// Main is the work of the process in the jail. In any other process it returns
// at once.
func Main() {}
