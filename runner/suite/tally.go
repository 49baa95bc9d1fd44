package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A tally gathers the runs of one case.
type tally struct {
	one      *Case
	wanted   int
	left     int // runs that have not come in
	runs     int // that were begun
	failures int
	failure  *attempt // the lowest-numbered run that failed
	other    *attempt // the lowest-numbered run that did not
	cut      *attempt // a run that was cancelled
	variants []*variant
	outcome  *report.Outcome

	golden    *golden // as it was before the first run; nil where there is none
	goldenErr error
	stop      atomic.Bool // begin no further run of this case
}

// An attempt is one run of a case.
type attempt struct {
	n      int
	result *history.Result
}

// A variant is a transcript that runs have given.
type variant struct {
	text  string
	first int // the lowest number of its runs
	runs  int
}

// add takes the nth run in; the result is nil where it was not begun.
func (t *tally) add(n int, result *history.Result, text []byte) {
	t.left--
	if result == nil {
		return
	}
	t.runs++
	switch result.Status {
	case history.Failed:
		t.failures++
		keepLowest(&t.failure, n, result)
	case history.Cancelled:
		keepLowest(&t.cut, n, result)
	default:
		keepLowest(&t.other, n, result)
		if len(text) > 0 {
			t.addText(n, text)
		}
	}
}

func keepLowest(a **attempt, n int, result *history.Result) {
	if *a == nil || n < (*a).n {
		*a = &attempt{n, result}
	}
}

func (t *tally) addText(n int, text []byte) {
	for _, v := range t.variants {
		if v.text == string(text) {
			v.first = min(v.first, n)
			v.runs++
			return
		}
	}
	t.variants = append(t.variants, &variant{string(text), n, 1})
}

// newTally is that of a case's first run.
func newTally(c *Case, count int, goldens Goldens) *tally {
	t := &tally{one: c, wanted: count, left: count}
	if goldens != IgnoreGoldens {
		t.golden, t.goldenErr = c.golden()
	}
	return t
}

// differs reports whether the runs so far did not all end alike.
func (t *tally) differs() bool { return t.failures > 0 || len(t.variants) > 1 }

// expectFailure makes a failure of a scenario that passed, where it is known to
// fail.
func (t *tally) expectFailure() {
	if o := t.outcome; o.Status() == history.Passed {
		o.Fault = fmt.Sprintf("it passed, but known_failure says that it fails: %s; remove known_failure", o.Known)
	}
}

func (t *tally) failed() bool {
	return t.failures > 0 && t.one.Scenario.KnownFailure == "" || t.outcome != nil && t.outcome.Status() == history.Failed
}

// close makes the outcome when all runs have come in.
func (t *tally) close(options Options) {
	o := &report.Outcome{
		Scenario: runner.Describe(t.one.Scenario), Runs: t.runs, Wanted: t.wanted, Failed: t.failures, GoldenPath: t.one.GoldenLabel(),
		Row: t.one.Scenario.Row,
	}
	t.outcome = o
	for _, a := range []*attempt{t.failure, t.cut, t.other} {
		if a != nil {
			o.Result, o.Run = a.result, a.n
			break
		}
	}
	if o.Known = t.one.Scenario.KnownFailure; o.Known != "" {
		defer t.expectFailure()
	}
	if options.Strict && o.Result != nil && o.Result.Status == history.Skipped {
		o.Fault = "skipped: " + o.Result.Reason + "; --strict lets nothing be skipped"
	}
	if o.Result == nil || o.Result.Status != history.Passed || len(t.variants) == 0 {
		return
	}
	slices.SortFunc(t.variants, func(a, b *variant) int { return cmp.Compare(a.first, b.first) })
	first := t.variants[0]
	if len(t.variants) > 1 {
		second := t.variants[1]
		o.Failed = t.runs - first.runs
		o.Diff = compare(run(first.first), first.text, run(second.first), second.text)
		for _, v := range t.variants {
			o.Variants = append(o.Variants, report.Variant{Run: v.first, Runs: v.runs})
		}
		return
	}
	t.settle(options, first.text)
}

func run(n int) string { return fmt.Sprintf("run %d", n) }

// settle compares the transcript with the golden file, or writes it there.
func (t *tally) settle(options Options, text string) {
	o := t.outcome
	switch goldens := options.Goldens; {
	case goldens == IgnoreGoldens:
	case t.goldenErr != nil:
		o.Err = t.goldenErr
	case t.golden != nil && t.golden.text == text:
		o.Golden = report.GoldenSame
	case goldens == UpdateGoldens && o.Known != "": // nothing to keep of what should fail
	case goldens == UpdateGoldens:
		t.update(text)
	case t.golden != nil:
		o.Golden, o.Failed = report.GoldenDiffers, o.Runs
		o.Diff = compare(o.GoldenPath, t.golden.text, "transcript", text)
		o.Diff.Line += t.golden.before
	case t.one.Golden != "":
		o.Err = fmt.Errorf("there is no golden file %s; --update writes it", o.GoldenPath)
	case options.Strict:
		o.Fault = "there is no golden file " + o.GoldenPath + "; `sockscript test --update` writes it"
	}
}

// update writes the golden file, which is not what it should be.
func (t *tally) update(text string) {
	o := t.outcome
	if o.Err = t.one.writeGolden(text); o.Err != nil {
		return
	}
	o.Golden = report.GoldenCreated
	if t.golden != nil {
		o.Golden = report.GoldenChanged
		o.Change = compare(o.GoldenPath, t.golden.text, "transcript", text)
	}
}

// compare is how one transcript differs from another. Its control characters
// are written out: lines that differ in a carriage return only show it.
func compare(from, want, to, got string) *report.Diff {
	text := string(diff.Diff(source.Visible(from), []byte(want), source.Visible(to), []byte(got)))
	_, text, _ = strings.Cut(text, "\n") // "diff FROM TO" says nothing new
	return &report.Diff{From: from, To: to, Text: source.VisibleLines(text), Line: firstDifference(want, got)}
}

// firstDifference is the number of the first line that differs, from 1.
func firstDifference(want, got string) int {
	n := 1
	for line := range strings.Lines(want) {
		if !strings.HasPrefix(got, line) {
			break
		}
		got = got[len(line):]
		n++
	}
	return n
}
