// Package runnertest runs scenarios from go test: one subtest each.
//
//	func TestScenarios(t *testing.T) {
//		runnertest.Run(t, "testdata/*.yaml")
//	}
//
// Where a golden file is beside a scenario file (hello.golden beside
// hello.yaml), the transcript must be what it holds. All golden files are
// written, missing ones too, by
//
//	go test -run TestScenarios -sockscript.update
//
// A server under test hands its address to the scenarios in a variable:
//
//	p := runnertest.Params{Vars: map[string]any{"server": addr}}
//	p.Run(t, "testdata/*.yaml")
//
// A scenario whose requirements are not met is skipped with the reason. Where
// nothing may be skipped unseen, as in continuous integration, the environment
// variable SOCKSCRIPT_CI, set to anything, makes that a failure.
package runnertest

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

const updateFlag = "sockscript.update"

// Another copy of this package in the same test may have the flag already.
func init() {
	if flag.Lookup(updateFlag) == nil {
		flag.Bool(updateFlag, false, "write the golden files of the scenarios")
	}
}

// updates is where it is said which golden files were written: of a test that
// passes, go test shows no log.
var updates io.Writer = os.Stderr

// updating reports whether the flag is set, whoever has registered it.
func updating() bool {
	f := flag.Lookup(updateFlag)
	return f != nil && f.Value.String() == "true"
}

// Params change how scenarios run. The zero value is the usual way.
type Params struct {
	// Vars override variables of the scenarios. A name that none of them has
	// is an error.
	Vars map[string]any
	// Setup is called before each scenario runs, with its subtest. The
	// variables that it returns count before Vars: the address of a fresh
	// server, say, that tb.Cleanup ends.
	Setup func(tb testing.TB, s *scenarios.Scenario) map[string]any
	// Kinds are step kinds of one's own, which the scenarios may use beside the
	// others.
	Kinds []*step.Kind
	// Tags choose among the scenarios: those that have one of them, and none of
	// those that are written !TAG.
	Tags []string
	// Timeout, where it is more than 0, overrides the timeout of each scenario.
	Timeout time.Duration
	// Parallel runs the scenarios beside each other, as t.Parallel does. Those
	// that use the same fixed port cannot.
	Parallel bool
	// RequireAll makes a requirement that is not met a failure. The environment
	// variable SOCKSCRIPT_CI does so too.
	RequireAll bool
	// Update writes the golden files. The flag -sockscript.update does so too.
	Update bool
}

// Run runs the scenarios that the arguments name, as [Params.Run] does.
func Run(t *testing.T, names ...string) {
	t.Helper()
	Params{}.Run(t, names...)
}

// Run runs scenarios, each as a subtest with its name. An argument is a file, a
// directory, a pattern in which ** stands for any directories, or the name of a
// shipped scenario. A failure prints the report that the command prints.
func (p Params) Run(t *testing.T, names ...string) {
	t.Helper()
	for _, c := range p.cases(t, names) {
		t.Run(c.Scenario.Name, func(t *testing.T) {
			t.Helper()
			if p.Parallel {
				t.Parallel()
			}
			p.one(t.Context(), t, c)
		})
	}
}

// cases loads the scenarios and fails the test where one is invalid.
func (p Params) cases(tb testing.TB, names []string) []*suite.Case {
	tb.Helper()
	files, err := suite.Find(names, nil)
	if err != nil {
		tb.Fatal(err)
	}
	kinds, err := steps.Kinds().With(p.Kinds...)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range files {
		files[i].Options.Kinds = kinds
	}
	cases, problems, err := suite.Load(files)
	if err != nil {
		tb.Fatal(err)
	}
	if problems.HasErrors() {
		tb.Fatalf("%s in the scenarios:\n%s", report.CountProblems(problems), problems.Report())
	}
	if len(problems) > 0 {
		tb.Logf("%s in the scenarios:\n%s", report.CountProblems(problems), problems.Report())
	}
	if err := suite.CheckVars(cases, p.Vars); err != nil {
		tb.Fatal(err)
	}
	if err := suite.CheckGoldens(cases); err != nil {
		tb.Fatal(err)
	}
	chosen := suite.Filter{Tags: p.Tags}.Choose(cases)
	if len(chosen) == 0 {
		tb.Fatalf("none of the %d scenarios has the tags %s", len(cases), strings.Join(p.Tags, ", "))
	}
	return chosen
}

// one runs one scenario as a test of its own.
func (p Params) one(ctx context.Context, tb testing.TB, c *suite.Case) {
	tb.Helper()
	vars := maps.Clone(p.Vars)
	if p.Setup != nil {
		if vars == nil {
			vars = make(map[string]any)
		}
		fresh := p.Setup(tb, c.Scenario)
		if err := suite.CheckVars([]*suite.Case{c}, fresh); err != nil {
			tb.Fatalf("Setup: %s", err)
		}
		maps.Copy(vars, fresh)
	}
	options := suite.Options{
		Run:     runner.Options{Vars: vars, Timeout: p.Timeout},
		Goldens: suite.CompareGoldens,
	}
	if p.Update || updating() {
		options.Goldens = suite.UpdateGoldens
	}
	var out strings.Builder
	var outcome *report.Outcome
	suite.Run(ctx, []*suite.Case{c}, options, func(o *report.Outcome) {
		outcome = o
		(&report.Text{W: &out, Verbosity: report.Verbose}).Outcome(o)
	})
	written := outcome.Golden == report.GoldenChanged || outcome.Golden == report.GoldenCreated
	switch status := outcome.Status(); {
	case written:
		fmt.Fprintf(updates, "golden file %s: %s\n", outcome.Golden, outcome.GoldenPath)
	case status == history.Passed:
		tb.Logf("\n%s", out.String())
	case status == history.Known:
		tb.Logf("\n%s", out.String())
		tb.Skip("a known failure: " + outcome.Known)
	case status == history.Skipped:
		p.skip(tb, outcome.Result.Reason)
	case outcome.Golden == report.GoldenDiffers:
		tb.Errorf("\n%s\ngo test -%s makes the new transcript the golden one", out.String(), updateFlag)
	default:
		tb.Errorf("\n%s", out.String())
	}
}

func (p Params) skip(tb testing.TB, reason string) {
	tb.Helper()
	if p.RequireAll || os.Getenv("SOCKSCRIPT_CI") != "" {
		tb.Errorf("nothing may be skipped here: %s", reason)
		return
	}
	tb.Skip(reason)
}
