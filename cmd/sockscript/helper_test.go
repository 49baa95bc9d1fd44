package main

import (
	"slices"
	"time"

	"github.com/sockscript/sockscript/steps/tests/proctest"
)

// awaitGone waits until no process has this setting in its environment, and
// returns those that are left when the time is over. Without a time it does not
// wait.
func awaitGone(within time.Duration, mark string) []proctest.Process {
	return proctest.AwaitNone(within, func(p proctest.Process) bool { return slices.Contains(p.Env, mark) })
}
