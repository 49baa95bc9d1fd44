package report_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

// cases are the scenarios of a text.
func cases(t testing.TB, text string) []*suite.Case {
	t.Helper()
	list, problems, err := suite.Load([]suite.File{suite.Text("x.yaml", []byte(text))})
	if err != nil || problems.HasErrors() {
		t.Fatalf("%v\n%s", err, problems.Report())
	}
	return list
}

// run returns what comes of the scenarios of a text.
func run(t *testing.T, text string) []*report.Outcome {
	t.Helper()
	var list []*report.Outcome
	suite.Run(context.Background(), cases(t, text), suite.Options{}, func(o *report.Outcome) { list = append(list, o) })
	return list
}

const (
	passing = "name: passing\ndescription: Says hello.\nactors:\n  one:\n    - print: hello\n      note: a greeting\n"
	failing = "name: failing\nactors:\n  one:\n    - print: hello\n    - assert: 1 == 2\n"
	lacking = "name: lacking\nrequires: cmd:no-such-program-anywhere\nactors:\n  one:\n    - print: hello\n"
	folding = "name: folding\nactors:\n  one:\n    - repeat: 5\n      steps:\n        - print: hello\n"
)

// elapsed matches what differs from run to run.
var elapsed = regexp.MustCompile(`\([0-9.]+(µs|ms|s)\)`)

func text(t *testing.T, r report.Text, outcomes []*report.Outcome) string {
	t.Helper()
	var b strings.Builder
	r.W, r.Errors = &b, &b
	var sum report.Summary
	for _, o := range outcomes {
		sum.Add(o)
		if err := r.Outcome(o); err != nil {
			t.Fatal(err)
		}
	}
	sum.Elapsed = 1200 * time.Millisecond
	if err := r.Summary(&sum); err != nil {
		t.Fatal(err)
	}
	return elapsed.ReplaceAllString(b.String(), "(TIME)")
}

func TestText(t *testing.T) {
	t.Parallel()
	all := run(t, strings.Join([]string{passing, failing, lacking}, "---\n"))
	const lines = "one  # a greeting\none  | hello\nok  passing"
	report1 := text(t, report.Text{}, all[1:2])
	if !strings.HasSuffix(report1, "\nfail  failing\n") || strings.Count(report1, "\n") < 5 {
		t.Fatalf("the failure report is:\n%s", report1)
	}
	tests := []struct {
		name     string
		report   report.Text
		outcomes []*report.Outcome
		want     string
	}{
		{"one", report.Text{}, all[:1], lines + "\n"},
		{"one, verbose", report.Text{Verbosity: report.Verbose}, all[:1], "# Says hello.\n\n" + lines + "  (TIME)\n"},
		{"one, quiet", report.Text{Verbosity: report.Quiet}, all[:1], "1 passed in 1.2s\n"},
		{
			"one skipped",
			report.Text{},
			all[2:],
			"skip  lacking  (requires cmd:no-such-program-anywhere: the program is not in PATH)\n",
		},
		{
			"several",
			report.Text{Several: true},
			all,
			"ok    passing\n\n" + report1 + "\n" +
				"skip  lacking  (requires cmd:no-such-program-anywhere: the program is not in PATH)\n\n" +
				"1 passed, 1 failed, 1 skipped in 1.2s\n",
		},
		{
			"several, quiet",
			report.Text{Several: true, Verbosity: report.Quiet},
			all,
			report1 + "\n1 passed, 1 failed, 1 skipped in 1.2s\n",
		},
		{
			"several, verbose",
			report.Text{Several: true, Verbosity: report.Verbose},
			[]*report.Outcome{all[0], all[0]},
			"# Says hello.\n\n" + lines + "  (TIME)\n\n# Says hello.\n\n" + lines + "  (TIME)\n\n2 passed in 1.2s\n",
		},
		{"not run", report.Text{Several: true}, []*report.Outcome{{}}, "1 not run in 1.2s\n"},
		{
			"some runs",
			report.Text{},
			[]*report.Outcome{{Scenario: all[0].Scenario, Result: all[0].Result, Runs: 2, Wanted: 5}},
			"cancelled  passing  (2 of 5 runs)\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := text(t, tt.report, tt.outcomes); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// variants are lines about transcripts that two of 24 runs gave each.
func variants(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "2 of 24 runs: that of run %d\n", 1+2*i)
	}
	return b.String()
}

func TestTextOfGoldens(t *testing.T) {
	t.Parallel()
	o := run(t, passing)[0]
	with := func(change func(*report.Outcome)) []*report.Outcome {
		c := *o
		c.GoldenPath = "x.golden"
		change(&c)
		return []*report.Outcome{&c}
	}
	tests := []struct {
		name     string
		outcomes []*report.Outcome
		updating bool
		want     string
	}{
		{"same", with(func(o *report.Outcome) { o.Golden = report.GoldenSame }), false, "ok    passing\n\n1 passed in 1.2s\n"},
		{"unchanged", with(func(o *report.Outcome) { o.Golden = report.GoldenSame }), true, "1 passed in 1.2s\n"},
		{"changed", with(func(o *report.Outcome) { o.Golden = report.GoldenChanged }), true, "changed  x.golden\n\n1 passed in 1.2s\n"},
		{
			"changed lines", with(func(o *report.Outcome) {
				o.Golden = report.GoldenChanged
				o.Change = &report.Diff{Text: "--- x\n+++ y\n@@ -1,2 +1 @@\n--- a\n-b\n+c\n z\n"}
			}), true,
			"changed  x.golden  (+1 -2)\n\n1 passed in 1.2s\n",
		},
		{"new", with(func(o *report.Outcome) { o.Golden = report.GoldenCreated }), true, "new      x.golden\n\n1 passed in 1.2s\n"},
		{
			"differs", with(func(o *report.Outcome) {
				o.Golden, o.Diff = report.GoldenDiffers, &report.Diff{From: "x.golden", To: "transcript", Text: "-a\n+b\n"}
			}), false,
			"x.yaml: passing: the transcript differs from x.golden\n-a\n+b\n\nfail  passing\n\n1 failed in 1.2s\n",
		},
		{
			"runs differ", with(func(o *report.Outcome) {
				o.Runs, o.Wanted, o.Failed = 9, 9, 2
				o.Variants = []report.Variant{{Run: 1, Runs: 7}, {Run: 7, Runs: 2}}
				o.Diff = &report.Diff{From: "run 1", To: "run 7", Text: "-a\n+b\n"}
			}), false,
			"x.yaml: passing: the transcript of run 7 differs from that of run 1\n" +
				"7 of 9 runs: that of run 1\n2 of 9 runs: that of run 7\n-a\n+b\n\nfail  passing\n\n1 failed in 1.2s\n",
		},
		{
			"many runs differ", with(func(o *report.Outcome) {
				o.Runs, o.Wanted, o.Failed = 24, 24, 22
				for n := range 12 {
					o.Variants = append(o.Variants, report.Variant{Run: 1 + 2*n, Runs: 2})
				}
				o.Diff = &report.Diff{From: "run 1", To: "run 3", Text: "-a\n+b\n"}
			}), false,
			"x.yaml: passing: the transcript of run 3 differs from that of run 1\n" + variants(10) +
				"and 2 other transcripts\n-a\n+b\n\nfail  passing\n\n1 failed in 1.2s\n",
		},
		{
			"error", with(func(o *report.Outcome) { o.Err = errors.New("cannot write the golden file") }), true,
			"x.yaml: passing: cannot write the golden file\n\nfail  passing\n\n1 failed in 1.2s\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := text(t, report.Text{Several: true, Updating: tt.updating}, tt.outcomes); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestTextOfAChangedGoldenInFull(t *testing.T) {
	t.Parallel()
	o := run(t, passing)[0]
	o.Golden, o.GoldenPath = report.GoldenChanged, "x.golden"
	o.Change = &report.Diff{Text: "--- x\n+++ y\n@@ -1 +1 @@\n-b\n+c\n"}
	got := text(t, report.Text{Several: true, Updating: true, Verbosity: report.Verbose}, []*report.Outcome{o})
	if want := "changed  x.golden  (+1 -1)\n--- x\n+++ y\n@@ -1 +1 @@\n-b\n+c\n\n1 passed in 1.2s\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestTextOfMissingAndOrphanedGoldens(t *testing.T) {
	t.Parallel()
	sum := &report.Summary{
		Passed: 1, Elapsed: time.Second,
		NoGolden: []report.NoGolden{
			{Scenario: "first", File: "two.yaml", Path: "first.golden"}, {Scenario: "b", File: "sub/b.yaml", Path: "sub/b.golden"},
		},
		Orphans: []string{"old.golden"}, Removed: []string{"older.golden", "oldest.golden"},
	}
	const line = "1 passed, 2 without a golden file, 1 without a scenario, 2 removed in 1.0s\n"
	const lists = "2 scenarios have no golden file (--update writes them):\n" +
		"  first.golden  first (two.yaml)\n  sub/b.golden  b (sub/b.yaml)\n" +
		"1 golden file has no scenario (--update --prune removes them):\n  old.golden\n" +
		"2 golden files had no scenario and were removed:\n  older.golden\n  oldest.golden\n\n"
	for verbosity, want := range map[report.Verbosity]string{report.Normal: lists + line, report.Quiet: line} {
		var b strings.Builder
		r := &report.Text{W: &b, Several: true, Verbosity: verbosity}
		if err := r.Summary(sum); err != nil || b.String() != want {
			t.Errorf("got:\n%s%v\nwant:\n%s", b.String(), err, want)
		}
	}
}

func TestTextColor(t *testing.T) {
	t.Parallel()
	got := text(t, report.Text{Style: report.Style{Color: true}}, run(t, passing))
	want := "\x1b[36mone  \x1b[0m\x1b[2m# a greeting\x1b[0m\n\x1b[36mone  \x1b[0m| hello\n\x1b[32mok  passing\x1b[0m\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	diff := &report.Diff{Text: "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z\n"}
	o := run(t, passing)[0]
	o.Diff = diff
	got = text(t, report.Text{Style: report.Style{Color: true}}, []*report.Outcome{o})
	for _, want := range []string{"\x1b[31m-x\x1b[0m\n", "\x1b[32m+y\x1b[0m\n", "\x1b[2m@@ -1 +1 @@\x1b[0m\n", "\n z\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}

func TestTextOfProblems(t *testing.T) {
	t.Parallel()
	problems := source.Problems{
		{Pos: source.Pos{File: "x.yaml", Line: 2, Col: 3}, Msg: "bad", Hint: "be good", Line: "a b c"},
		{Pos: source.Pos{File: "x.yaml", Line: 3, Col: 1}, Severity: source.Warning, Msg: "odd", Line: "d"},
	}
	var b strings.Builder
	r := report.Text{W: &b, Errors: &b}
	r.Problems(problems)
	r.Checked(2, problems)
	r.Checked(1, nil)
	want := "x.yaml:2:3: bad; be good\n    2 | a b c\n      |   ^\nx.yaml:3:1: warning: odd\n    3 | d\n      | ^\n" +
		"\n1 error, 1 warning in 2 files\nno problems in 1 file\n"
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

// broken fails each write.
type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrorsComeBack(t *testing.T) {
	t.Parallel()
	all := run(t, passing+"---\n"+failing+"---\n"+folding)
	reporters := map[string]report.Reporter{
		"one":    &report.Text{W: broken{}, Errors: broken{}},
		"github": &report.GitHub{W: broken{}},
	}
	for _, f := range report.Formats() {
		reporters[f.Name] = report.Multi(f.New(broken{}, report.Style{}))
	}
	problems := source.Problems{{Msg: "x"}, {Msg: "y", Severity: source.Warning}}
	for name, r := range reporters {
		// A document is written at its end; annotations are for failures only.
		atEnd := name == "junit" || name == "ctrf" || name == "html"
		for _, o := range all {
			if err := r.Outcome(o); !errors.Is(err, errBroken) && !atEnd && (name != "github" || o == all[1]) {
				t.Errorf("%s: the outcome of %s gives %v", name, o.Scenario.Name, err)
			}
		}
		if err := r.Problems(problems); !errors.Is(err, errBroken) && !atEnd {
			t.Errorf("%s: a problem gives %v", name, err)
		}
		if name == "github" {
			continue
		}
		if err := r.Checked(1, problems); !errors.Is(err, errBroken) {
			t.Errorf("%s: the end of a check gives %v", name, err)
		}
		if err := r.Summary(&report.Summary{Count: 2}); !errors.Is(err, errBroken) {
			t.Errorf("%s: the summary gives %v", name, err)
		}
	}
}

func TestTranscriptOrders(t *testing.T) {
	t.Parallel()
	o := run(t, folding)[0]
	for order, want := range map[history.Order]*regexp.Regexp{
		history.Causal:  regexp.MustCompile(`^one  \| hello\none  \.\.\. 3 more rounds alike\none  \| hello\nok  folding\n$`),
		history.ByActor: regexp.MustCompile(`^one  \| hello\none  \.\.\. 3 more`),
		history.Time:    regexp.MustCompile(`^ +\d+\.\d{3}ms  one  \| hello\n`),
	} {
		var b strings.Builder
		report.Transcript(&b, o.Result, report.Style{Order: order})
		if !want.MatchString(b.String()) {
			t.Errorf("%s:\n%s", order, b.String())
		}
	}
}
