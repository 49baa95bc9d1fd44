// Package ci is how tests differ in continuous integration, where SOCKSCRIPT_CI
// is set: there nothing is skipped unseen, and what fails seldom is tried
// often.
package ci

import (
	"flag"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
)

func here() bool { return os.Getenv("SOCKSCRIPT_CI") != "" }

// Lacks skips a test of something that the machine lacks. In continuous
// integration that is a failure.
func Lacks(t testing.TB, what any) {
	t.Helper()
	if here() {
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
// continuous integration, where short tests try it twice as often as others do,
// and few times elsewhere.
func Runs(few, many int) int {
	switch {
	case !here():
		return few
	case testing.Short():
		return min(2*few, many)
	}
	return many
}

// Rounds is Runs for what is tried in one test again and again, and quickly:
// continuous integration tries it many times in a short test too.
func Rounds(few, many int) int {
	if here() {
		return many
	}
	return few
}

// BothUsers reports whether a test that root runs is run by an ordinary user
// too. On a user's machine it takes the time of one.
func BothUsers() bool { return here() && os.Geteuid() == 0 }

// Together is for the TestMain of a package whose parallel tests wait more than
// they compute: four of them for each processor run at once, unless -parallel
// says how many. In continuous integration each makes many runs at once itself.
func Together() {
	if here() {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
}

// Spacious is for the TestMain of a package whose tests allocate much and keep
// little of it: it is collected less often, which takes a fifth of their time
// otherwise.
func Spacious() { debug.SetGCPercent(400) }

// RunsApart is Runs for what is tried so often that a stage of its own tries
// it, without the race detector, with which it takes about four times as long.
// With it a tenth is tried. The stage runs the packages whose tests have this
// call.
func RunsApart(few, many int) int {
	if race {
		many = max(few, many/10)
	}
	return Runs(few, many)
}
