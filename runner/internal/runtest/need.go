// Package runtest has what the tests of several packages of the runner need to
// know of the machine that they run on.
package runtest

import (
	"os"
	"os/exec"
	"testing"
)

// Lacks skips a test of something that the machine lacks. In continuous
// integration, where SOCKSCRIPT_CI is set, that is a failure: there nothing may
// be skipped unseen.
func Lacks(t testing.TB, what any) {
	t.Helper()
	if os.Getenv("SOCKSCRIPT_CI") != "" {
		t.Fatalf("SOCKSCRIPT_CI is set, and the machine lacks something: %v", what)
	}
	t.Skip(what)
}

// Program is for a test that runs a program, which may not be installed.
func Program(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		Lacks(t, err)
	}
}

// Runs is how often something is tried whose failures are rare: many times in
// continuous integration, where SOCKSCRIPT_CI is set, and few times elsewhere
// and in short tests.
func Runs(few, many int) int {
	if os.Getenv("SOCKSCRIPT_CI") != "" && !testing.Short() {
		return many
	}
	return few
}
