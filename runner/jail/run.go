package jail

import (
	"context"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/scenarios"
)

// Run is [runner.Run] in a jail that only this run has. how is how the
// scenario's file was read. Where layers are missing, the scenario is not run and
// the failure is the text of a [MissingError], unless the config says that it
// runs nevertheless. What a run leaves in its temporary folder is never kept.
func Run(ctx context.Context, c Config, s *scenarios.Scenario, how scenarios.Options, o runner.Options) *history.Result {
	p, _, err := start(c)
	if err != nil {
		return remote.Failed(s, err)
	}
	defer p.Close()
	o.Keep = false
	return p.Run(ctx, s, how, o)
}
