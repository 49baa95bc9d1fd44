package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/tcpstate"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// TestShipped runs every shipped scenario, in continuous integration many times
// and several at once: each passes, with the same transcript each time, the one
// of its golden file, in which causes are before their effects, and none has a
// race. The TCP states that its state steps were told are those that are
// derived. A run that was saved is reported as the run is. The runs are made in
// the scenario's subtest, so that its time is theirs.
func TestShipped(t *testing.T) {
	t.Parallel() // with TestShippedSlowly, which waits most of the time
	for i, c := range shippedCases(t) {
		if isWireShare(i, c) && noNetworks() == nil {
			continue // TestShippedWire runs it
		}
		options := Options{Jobs: 8, Count: shippedRuns(c), Goldens: CompareGoldens, Verify: verifyShipped}
		t.Run(c.Scenario.Name, func(t *testing.T) {
			t.Parallel()
			Run(t.Context(), []*Case{c}, options, func(o *report.Outcome) { checkShipped(t, o) })
		})
	}
}

// isWireShare reports whether TestShippedWire has the ith case alone. On a
// user's machine a run there is looked at as one of TestShipped is, and the two
// tests take turns. In continuous integration both run all.
func isWireShare(i int, c *Case) bool {
	return ci.Runs(1, 2) == 1 && !testing.Short() && i%2 == 0 && hasWire(c)
}

// hasWire reports whether TestShippedWire can run a case.
func hasWire(c *Case) bool {
	return !c.Scenario.HasTag("slow") && c.Scenario.Network.Kind != network.KindHost
}

// noNetworks is why no network can be made here; nil where it can.
var noNetworks = sync.OnceValue(func() error {
	n, err := lab.Private(lab.Settings{})
	if err == nil {
		n.Close()
	}
	return err
})

// shippedRuns is how often TestShipped runs a scenario: as often as
// SOCKSCRIPT_RUNS says, which .ci/soak sets. Without it, what takes its time is
// run less often: a real program that starts, a network that is made, a timer
// of the kernel.
func shippedRuns(c *Case) int {
	if n, err := strconv.Atoi(os.Getenv("SOCKSCRIPT_RUNS")); err == nil {
		return n
	}
	many := 200
	switch {
	case c.Scenario.HasTag("slow"):
		many = 10
	case c.Scenario.HasTag("programs"), c.Scenario.Needs("netns"):
		many = 50
	}
	return ci.RunsApart(1, many)
}

// shippedCases are the shipped scenarios. To read them takes long, so the tests
// share them.
func shippedCases(t *testing.T) []*Case {
	t.Helper()
	cases, err := loadShipped()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(cases)
}

var loadShipped = sync.OnceValues(func() ([]*Case, error) {
	cases, problems, err := Load(Shipped())
	if err == nil && len(problems) > 0 {
		err = problems
	}
	// The usual limits are for people who wait. A busy machine has longer.
	for _, c := range cases {
		if c.Scenario.StepTimeout == scenarios.DefaultStepTimeout {
			c.Scenario.StepTimeout = time.Minute
		}
		if c.Scenario.Timeout == scenarios.DefaultTimeout {
			c.Scenario.Timeout = 5 * time.Minute
		}
	}
	return cases, err
})

// TestShippedWire runs the shipped scenarios in networks of their own: what
// crossed them is told by the same lines each time. With all data, in the order
// of time and without masks a saved run is reported as the run is too.
func TestShippedWire(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs all scenarios several times")
	}
	t.Parallel()
	if err := noNetworks(); err != nil {
		ci.Lacks(t, err)
	}
	style := report.Style{Order: history.Time, Form: history.Form{Unmask: true, Full: true}, Verbose: true, Wire: true}
	for i, c := range shippedCases(t) {
		alone := isWireShare(i, c)
		if !hasWire(c) || ci.Runs(1, 2) == 1 && !alone {
			continue
		}
		options := Options{Jobs: 8, Count: ci.Runs(1, 4), Wire: true, Run: runner.Options{Private: true, Frames: true}}
		options.Run.Full = !hasMuchData(c)
		if alone {
			options.Goldens, options.Verify = CompareGoldens, verifyShipped
		}
		t.Run(c.Scenario.Title(), func(t *testing.T) {
			t.Parallel()
			Run(t.Context(), []*Case{c}, options, func(o *report.Outcome) {
				checkSaved(t, o, style, "text", "json")
				switch status := o.Status(); {
				case alone:
					checkShipped(t, o)
				case status != history.Passed && status != history.Skipped:
					t.Error(told(t, o))
				}
			})
		})
	}
}

// hasMuchData reports whether a report of all data of a case would be too
// large: 100 MiB for one scenario. On a user's machine a few MiB are too much.
// unix-large-datagram has what is like it.
func hasMuchData(c *Case) bool {
	switch c.Scenario.Name {
	case "unix-huge-datagram":
		return true
	case "tcp-big-stream", "tcp-would-block", "tcp-short-counts":
		return ci.Runs(1, 2) == 1
	}
	return false
}

// told is an outcome as people read it.
func told(t *testing.T, o *report.Outcome) string {
	t.Helper()
	var b strings.Builder
	if err := (&report.Text{W: &b, Several: true}).Outcome(o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkSaved reports an outcome in some forms, and again from a file of saved
// runs: the reports are the same to the byte.
func checkSaved(t *testing.T, o *report.Outcome, style report.Style, forms ...string) {
	t.Helper()
	reports := func(w io.Writer) report.Reporter {
		var list []report.Reporter
		for _, name := range forms {
			f, _ := report.LookupFormat(name)
			list = append(list, f.New(w, style))
		}
		return report.Multi(list...)
	}
	var want, got, file bytes.Buffer
	all := report.Multi(reports(&want), &report.Saver{W: &file})
	if err := errors.Join(all.Problems(nil), all.Outcome(o), all.Summary(&report.Summary{Start: time.Unix(1e9, 0), Passed: 1, Count: 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Load(&file, func(report.How) (report.Reporter, error) { return reports(&got), nil }); err != nil {
		t.Fatal(err)
	}
	for {
		w, err := want.ReadString('\n')
		g, _ := got.ReadString('\n')
		if w != g {
			t.Fatalf("a saved run is reported otherwise than the run: %.1000q, want %.1000q", g, w)
		}
		if err != nil {
			return
		}
	}
}

func verifyShipped(r *history.Result) error {
	err := r.CheckOrder()
	for _, c := range tcpstate.Of(r.Record).Contrary() {
		err = errors.Join(err, fmt.Errorf("%s: the derived state is %s, and the kernel said %s", r.Branches[c.At.Branch].Name(), c.Derived, c.Told))
	}
	return err
}

// kernelLacks are the scenarios that continuous integration may skip, each for
// this reason only: its kernel was built without the protocol, which no package
// brings. The ping is run all the same, in a network of its own where it is
// allowed (testdata/script/ping-socket.txtar).
var kernelLacks = map[string]string{
	"key-socket":       "requires socket:key: address family not supported by protocol",
	"sctp-sockets":     "requires socket:sctp: protocol not supported",
	"icmp-ping-socket": "requires socket:ping: permission denied",
}

func checkShipped(t *testing.T, o *report.Outcome) {
	checkSaved(t, o, report.Style{}, "text", "json", "tap", "junit", "ctrf")
	switch status := o.Status(); {
	case status == history.Skipped && o.Result.Reason == kernelLacks[o.Scenario.Name]:
		t.Skip(o.Result.Reason)
	case status == history.Skipped:
		ci.Lacks(t, o.Result.Reason)
	case status != history.Passed || o.Golden != report.GoldenSame:
		t.Errorf("golden file: %q\n%s", o.Golden, told(t, o))
	case len(o.Result.Races()) > 0:
		t.Error(o.Result.Races()[0].Problem().Report())
	case len(o.Scenario.Description) == 0 || len(o.Scenario.Tags) == 0:
		t.Error("a shipped scenario has a description and tags")
	}
}

// Stopping in the middle must not leave anything to wait for.
func TestShippedInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cases := shippedCases(t)
	delivered := 0
	Run(ctx, cases, Options{Jobs: 4}, func(*report.Outcome) {
		if delivered++; delivered == 3 {
			cancel()
		}
	})
	if delivered != len(cases) {
		t.Errorf("%d of %d outcomes were delivered", delivered, len(cases))
	}
}
