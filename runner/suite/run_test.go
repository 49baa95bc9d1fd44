package suite

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
)

// outcomes runs cases and returns what is delivered.
func outcomes(ctx context.Context, cases []*Case, o Options) []*report.Outcome {
	var list []*report.Outcome
	Run(ctx, cases, o, func(o *report.Outcome) { list = append(list, o) })
	return list
}

func summary(list []*report.Outcome) string {
	var s strings.Builder
	for _, o := range list {
		fmt.Fprintf(&s, "%s %s\n", o.Status(), o.Scenario.Name)
	}
	return s.String()
}

const (
	slow    = "name: slow\nactors:\n  one:\n    - sleep: 100ms\n"
	fast    = "name: fast\n" + quiet
	failing = "name: failing\nactors:\n  one:\n    - assert: 1 == 2\n"
	lacking = "name: lacking\nrequires: cmd:no-such-program-anywhere\n" + quiet
	// changing prints another number on each run: the clock, which no mask
	// knows.
	changing = `name: changing
actors:
  one:
    - print: ${now().UnixNano()}
`
	endless = `name: endless
step_timeout: 60s
timeout: 60s
actors:
  one:
    - socket: udp
      as: s
    - bind: s
      to: 127.0.0.1:0
    - recv: s
    - close: s
`
)

func TestRunDeliversInOrder(t *testing.T) {
	cases := load(t, "x.yaml", strings.Join([]string{slow, fast, failing, lacking}, "---\n"))
	got := summary(outcomes(context.Background(), cases, Options{Jobs: 4}))
	if want := "ok slow\nok fast\nfail failing\nskip lacking\n"; got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestFailFastBeginsNoFurtherRun(t *testing.T) {
	cases := load(t, "x.yaml", strings.Join([]string{fast, failing, slow, lacking}, "---\n"))
	list := outcomes(context.Background(), cases, Options{FailFast: true, Count: 3})
	if got, want := summary(list), "ok fast\nfail failing\ncancelled slow\ncancelled lacking\n"; got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	if list[1].Runs != 1 || list[2].Result != nil {
		t.Errorf("%d runs of the failing one; the next has the result %v", list[1].Runs, list[2].Result)
	}
}

func TestCancelEndsCleanly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cases := load(t, "x.yaml", strings.Join([]string{fast, endless, slow}, "---\n"))
	var list []*report.Outcome
	Run(ctx, cases, Options{}, func(o *report.Outcome) {
		list = append(list, o)
		cancel() // when the first is there
	})
	if got, want := summary(list), "ok fast\ncancelled endless\ncancelled slow\n"; got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestCancelBetweenRunsOfOne(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cases := load(t, "x.yaml", fast)
	list := outcomes(ctx, cases, Options{Count: 5, Progress: func(p report.State) {
		if p.Done == 2 {
			cancel()
		}
	}})
	if o := list[0]; o.Status() != history.Cancelled || o.Runs != 2 || o.Wanted != 5 {
		t.Errorf("%s, %d of %d runs", o.Status(), o.Runs, o.Wanted)
	}
}

func TestCountFindsTranscriptsThatDiffer(t *testing.T) {
	cases := load(t, "x.yaml", changing+"---\n"+fast)
	list := outcomes(context.Background(), cases, Options{Count: 4, Jobs: 2})
	if got, want := summary(list), "fail changing\nok fast\n"; got != want {
		t.Fatalf("got:\n%swant:\n%s", got, want)
	}
	o := list[0]
	if o.Diff == nil || o.Diff.From != "run 1" || o.Diff.To != "run 2" || o.Runs != 4 || o.Failed != 3 {
		t.Fatalf("%+v, diff %+v", o, o.Diff)
	}
	if !strings.HasPrefix(o.Diff.Text, "--- run 1\n+++ run 2\n@@") || o.Diff.Line != 1 {
		t.Errorf("the diff is, from line %d:\n%s", o.Diff.Line, o.Diff.Text)
	}
	if len(o.Variants) != 4 || o.Variants[3] != (report.Variant{Run: 4, Runs: 1}) {
		t.Errorf("the variants are %v", o.Variants)
	}
}

func TestStressEndsWhereRunsDiffer(t *testing.T) {
	cases := load(t, "x.yaml", strings.Join([]string{changing, fast, failing}, "---\n"))
	var last report.State
	options := Options{Count: 50, Stress: true, Progress: func(p report.State) { last = p }}
	list := outcomes(context.Background(), cases, options)
	if got, want := summary(list), "fail changing\nok fast\nfail failing\n"; got != want {
		t.Fatalf("got:\n%swant:\n%s", got, want)
	}
	want := []report.Variant{{Run: 1, Runs: 1}, {Run: 2, Runs: 1}}
	if o := list[0]; o.Runs != 2 || !slices.Equal(o.Variants, want) || o.Diff == nil {
		t.Errorf("%d runs, variants %v, diff %v", o.Runs, o.Variants, o.Diff)
	}
	if list[1].Runs != 50 || list[1].Variants != nil || list[2].Runs != 1 {
		t.Errorf("%d runs of the one that is always alike, %d of the one that fails", list[1].Runs, list[2].Runs)
	}
	if last.Done != 53 || last.Total != 150-48 {
		t.Errorf("the progress ends at %d of %d", last.Done, last.Total)
	}
}

// A run that is under way when two transcripts differ is counted too.
func TestStressUnderLoad(t *testing.T) {
	cases := load(t, "x.yaml", changing)
	o := outcomes(context.Background(), cases, Options{Count: 1000, Stress: true, Jobs: 8})[0]
	sum := 0
	for _, v := range o.Variants {
		sum += v.Runs
	}
	if sum != o.Runs || o.Runs < 2 || o.Runs == 1000 || o.Status() != history.Failed {
		t.Errorf("%d runs, %d counted, %s", o.Runs, sum, o.Status())
	}
}

func TestCountReportsTheFirstRunThatFailed(t *testing.T) {
	o := outcomes(context.Background(), load(t, "x.yaml", failing), Options{Count: 3, Jobs: 3})[0]
	if o.Run != 1 || o.Failed != 3 || o.Result.Failure == nil {
		t.Errorf("run %d, %d failed, failure %v", o.Run, o.Failed, o.Result.Failure)
	}
}

func TestProgress(t *testing.T) {
	var seen []string
	cases := load(t, "x.yaml", fast+"---\n"+failing)
	Run(context.Background(), cases, Options{Count: 2, Progress: func(p report.State) {
		seen = append(seen, fmt.Sprintf("%d/%d %d %s", p.Done, p.Total, p.Failed, p.Running))
	}}, func(*report.Outcome) {})
	if got := strings.Join(seen, ", "); got != "0/4 0 [fast], 1/4 0 [], 1/4 0 [fast], 2/4 0 [], "+
		"2/4 0 [failing], 3/4 1 [], 3/4 1 [failing], 4/4 2 []" {
		t.Errorf("the progress is %s", got)
	}
}

func TestVars(t *testing.T) {
	cases := load(t, "x.yaml", "vars: {word: hello}\nactors:\n  one:\n    - assert: word == \"bye\"\n")
	for word, want := range map[string]history.Status{"hello": history.Failed, "bye": history.Passed} {
		o := outcomes(context.Background(), cases, Options{Run: runner.Options{Vars: map[string]any{"word": word}}})[0]
		if o.Status() != want {
			t.Errorf("with %s: %s; want %s", word, o.Status(), want)
		}
	}
}

func TestGoldens(t *testing.T) {
	const text = "one  | hello\nok  a\n"
	tests := []struct {
		name, scenario, golden string // no golden file where it is ""
		goldens                Goldens
		want                   report.GoldenState
		status                 history.Status
		after                  string
	}{
		{"ignored", quiet, "old\n", IgnoreGoldens, report.GoldenUnused, history.Passed, "old\n"},
		{"same", quiet, text, CompareGoldens, report.GoldenSame, history.Passed, text},
		{"differs", quiet, "old\n", CompareGoldens, report.GoldenDiffers, history.Failed, "old\n"},
		{"not there", quiet, "", CompareGoldens, report.GoldenUnused, history.Passed, ""},
		{"unchanged", quiet, text, UpdateGoldens, report.GoldenSame, history.Passed, text},
		{"changed", quiet, "old\n", UpdateGoldens, report.GoldenChanged, history.Passed, text},
		{"created", quiet, "", UpdateGoldens, report.GoldenCreated, history.Passed, text},
		{"skipped", lacking, "old\n", CompareGoldens, report.GoldenUnused, history.Skipped, "old\n"},
		{"skipped update", lacking, "old\n", UpdateGoldens, report.GoldenUnused, history.Skipped, "old\n"},
		{"pattern", quiet, "~ one  \\| h.*o\nok  a\n", CompareGoldens, report.GoldenSame, history.Passed, "~ one  \\| h.*o\nok  a\n"},
		{"pattern differs", quiet, "~ one  \\| h\nok  a\n", CompareGoldens, report.GoldenDiffers, history.Failed, "~ one  \\| h\nok  a\n"},
		{"pattern unchanged", quiet, "~ .*hello\nok  a\n", UpdateGoldens, report.GoldenSame, history.Passed, "~ .*hello\nok  a\n"},
		{"pattern kept", quiet, "~ .*hello\nok  b\n", UpdateGoldens, report.GoldenChanged, history.Passed, "~ .*hello\nok  a\n"},
		{"pattern dropped", quiet, "~ .*bye\nok  a\n", UpdateGoldens, report.GoldenChanged, history.Passed, text},
		{"failed update", failing, "old\n", UpdateGoldens, report.GoldenUnused, history.Failed, "old\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"a.yaml": tt.scenario}
			if tt.golden != "" {
				files["a.golden"] = tt.golden
			}
			tree(t, files)
			cases, _, err := Load([]File{{Path: "a.yaml"}})
			if err != nil {
				t.Fatal(err)
			}
			o := outcomes(context.Background(), cases, Options{Goldens: tt.goldens})[0]
			if o.Golden != tt.want || o.Status() != tt.status || o.Err != nil {
				t.Errorf("%q, %s, %v; want %q, %s", o.Golden, o.Status(), o.Err, tt.want, tt.status)
			}
			if (o.Change != nil) != (o.Golden == report.GoldenChanged) {
				t.Errorf("the change is %+v", o.Change)
			}
			if after, _ := os.ReadFile("a.golden"); string(after) != tt.after {
				t.Errorf("the golden file holds %q; want %q", after, tt.after)
			}
		})
	}
}

// What varies between runs is not a difference where a pattern line allows it.
func TestPatternLinesHoldForEachRun(t *testing.T) {
	tree(t, map[string]string{"changing.yaml": changing})
	cases, _, err := Load([]File{{Path: "changing.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	outcomes(context.Background(), cases, Options{Goldens: UpdateGoldens})
	text, err := os.ReadFile("changing.golden")
	if err != nil {
		t.Fatal(err)
	}
	varying := regexp.MustCompile(`(?m)^one  \| \d+$`).ReplaceAll(text, []byte(`~ one  \| \d+`))
	if err := os.WriteFile("changing.golden", varying, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, goldens := range []Goldens{CompareGoldens, UpdateGoldens} {
		o := outcomes(context.Background(), cases, Options{Goldens: goldens, Count: 5, Jobs: 2})[0]
		if o.Golden != report.GoldenSame || o.Status() != history.Passed {
			t.Errorf("%s, %s, %+v", o.Golden, o.Status(), o.Diff)
		}
	}
}

// A case can be given a golden file of its own.
func TestGoldenOfOwn(t *testing.T) {
	tree(t, map[string]string{"good.golden": "one  | hello\nok  x\n", "bad.golden": "ok  x\n", "broken.golden": "~ (\n"})
	tests := []struct {
		golden  string
		goldens Goldens
		want    report.GoldenState
		err     string
	}{
		{"good.golden", CompareGoldens, report.GoldenSame, ""},
		{"bad.golden", CompareGoldens, report.GoldenDiffers, ""},
		{"gone.golden", CompareGoldens, report.GoldenUnused, "there is no golden file gone.golden; --update writes it"},
		{"broken.golden", CompareGoldens, report.GoldenUnused, "broken.golden:1: the pattern line: "},
		{"broken.golden", UpdateGoldens, report.GoldenUnused, "broken.golden:1: the pattern line: "},
		{"gone.golden", UpdateGoldens, report.GoldenCreated, ""},
		{"bad.golden", UpdateGoldens, report.GoldenChanged, ""},
		{"gone/x.golden", UpdateGoldens, report.GoldenUnused, "cannot write the golden file: "},
	}
	for _, tt := range tests {
		c := load(t, "x.yaml", quiet)[0]
		c.Golden = tt.golden
		o := outcomes(context.Background(), []*Case{c}, Options{Goldens: tt.goldens})[0]
		if o.Golden != tt.want || o.GoldenPath != tt.golden {
			t.Errorf("%s: %q of %s; want %q", tt.golden, o.Golden, o.GoldenPath, tt.want)
		}
		if (o.Err != nil) != (tt.err != "") || o.Err != nil && !strings.Contains(o.Err.Error(), tt.err) {
			t.Errorf("%s: the error is %v; want %s", tt.golden, o.Err, tt.err)
		}
	}
}

func TestGoldenThatCannotBeRead(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet, "a.golden/x": ""})
	cases, _, err := Load([]File{{Path: "a.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, goldens := range []Goldens{CompareGoldens, UpdateGoldens} {
		o := outcomes(context.Background(), cases, Options{Goldens: goldens})[0]
		if o.Err == nil || o.Status() != history.Failed {
			t.Errorf("%v, %s", o.Err, o.Status())
		}
	}
}

func TestShippedGoldenCannotBeUpdated(t *testing.T) {
	c := load(t, "tcp-hello.yaml", quiet)[0]
	o := outcomes(context.Background(), []*Case{c}, Options{Goldens: UpdateGoldens})[0]
	if o.Err == nil || !strings.Contains(o.Err.Error(), "not on disk") {
		t.Errorf("the error is %v", o.Err)
	}
}
