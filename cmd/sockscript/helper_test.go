package main

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/steps/tests/proctest"
)

// shippedCases are the shipped scenarios, which the tests share.
func shippedCases(t *testing.T) []*suite.Case {
	t.Helper()
	cases, err := loadShipped()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// loadShipped takes long.
var loadShipped = sync.OnceValues(func() ([]*suite.Case, error) {
	cases, problems, err := suite.Load(suite.Shipped())
	if err == nil {
		err = problems.Err()
	}
	return cases, err
})

// awaitGone waits until no process has this setting in its environment, and
// returns those that are left when the time is over. Without a time it does not
// wait.
func awaitGone(within time.Duration, mark string) []proctest.Process {
	return proctest.AwaitNone(within, func(p proctest.Process) bool { return slices.Contains(p.Env, mark) })
}
