package steps_test

import (
	"context"
	"sync"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// While programs are being started nothing that others have closed stays open:
// a connect to a port that nobody listens on is refused, and a port can be
// bound again. A socket that never listens keeps the port from other programs.
// Each run of a scenario makes a copy of this process for its
// first program.
func TestStartingKeepsNothingOpen(t *testing.T) {
	t.Parallel()
	starts := parse(t, one(`- exec: ["true"]`))
	closes := parse(t, `
actors:
  refused:
    - {socket: tcp, as: holder}
    - {setsockopt: holder, option: SO_REUSEADDR, value: true}
    - {bind: holder, to: "127.0.0.1:0"}
    - repeat: 300
      steps:
        - {socket: tcp, as: listener}
        - {setsockopt: listener, option: SO_REUSEADDR, value: true}
        - {bind: listener, to: "${holder.address}"}
        - listen: listener
        - close: listener
        - {socket: tcp, as: sock}
        - {connect: sock, to: holder, expect: {error: ECONNREFUSED}}
        - close: sock
  bound:
    - let: {port: "${free_port()}"}
    - repeat: 300
      steps:
        - {socket: tcp, as: listener}
        - {bind: listener, to: "127.0.0.1:${port}"}
        - listen: listener
        - close: listener
`)
	ctx, stop := context.WithCancel(context.Background())
	var starting sync.WaitGroup
	for range 3 {
		starting.Go(func() {
			for ctx.Err() == nil {
				if r := runner.Run(ctx, starts, runner.Options{}); r.Status == history.Failed {
					t.Error(reason(r))
					return
				}
			}
		})
	}
	for range ci.Runs(2, 20) {
		if r := runner.Run(context.Background(), closes, runner.Options{}); r.Status != history.Passed {
			t.Error(reason(r))
			break
		}
	}
	stop()
	starting.Wait()
}
