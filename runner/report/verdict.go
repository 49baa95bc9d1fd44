package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// An ending is what the reports for continuous integration distinguish.
type ending int

const (
	passed ending = iota
	failed
	broken // a file is invalid, or cannot be read or written
	skipped
	interrupted
	notRun
	known // it failed, as is known
)

// String is the ending as a report writes it beside its own words.
func (e ending) String() string {
	return [...]string{"passed", "failed", "error", "skipped", "interrupted", "not run", "known failure"}[e]
}

// A verdict is an outcome as the reports for continuous integration write it.
// Its texts hold nothing that such a form could not carry: control characters,
// and bytes that are not UTF-8, are written out.
type verdict struct {
	ending  ending
	name    string
	file    string
	tags    []string
	at      source.Pos // what failed; else the scenario
	kind    string     // what failed: a step kind, golden, runs, timeout, invalid
	message string     // why, on one line
	detail  string     // the report for people; "" where there is no more to say
	elapsed time.Duration
}

// verdictOf is the verdict of an outcome.
func verdictOf(o *Outcome, s Style) (*verdict, error) {
	v := &verdict{
		name: source.Visible(o.Scenario.Name), file: source.Visible(o.Scenario.Pos().File),
		at: o.Scenario.Pos(), elapsed: o.Elapsed(),
	}
	for _, tag := range o.Scenario.Tags {
		v.tags = append(v.tags, source.Visible(tag))
	}
	v.judge(o)
	v.message = source.Visible(strings.ReplaceAll(v.message, "\n", " "))
	if v.ending == passed || v.ending == skipped || v.ending == notRun || v.ending == known {
		return v, nil
	}
	var b strings.Builder
	s.Color = false
	if err := (&Text{W: &b, Style: s}).Outcome(o); err != nil {
		return nil, err
	}
	v.detail = b.String()
	return v, nil
}

// judge finds the ending, its place and its reason.
func (v *verdict) judge(o *Outcome) {
	status := o.Status()
	switch {
	case o.Err != nil:
		v.ending, v.kind, v.message = broken, "golden", o.Err.Error()
	case o.Fault != "":
		v.ending, v.kind, v.message = failed, "strict", o.Fault
	case status == history.Known:
		v.ending, v.kind, v.message = known, "known", o.Known
	case o.Golden == GoldenDiffers:
		v.ending, v.kind, v.message = failed, "golden", "the transcript differs from "+o.Diff.From
	case o.Diff != nil:
		v.ending, v.kind = failed, "runs"
		v.message = fmt.Sprintf("the transcript of %s differs from that of %s", o.Diff.To, o.Diff.From)
	case o.Result == nil:
		v.ending, v.message = notRun, notRun.String()
	case status == history.Failed:
		v.ending = failed
		v.blame(o.Result.Failure)
	case status == history.Skipped:
		v.ending, v.message = skipped, o.Result.Reason
	case status == history.Cancelled:
		v.ending, v.kind, v.message = interrupted, "interrupted", interrupted.String()
	}
}

// blame says which step failed, and why.
func (v *verdict) blame(f *history.Failure) {
	v.kind, v.message = "scenario", firstLine(f.Message)
	if f.Deadlock {
		v.kind = "deadlock"
	}
	if f.Place != nil {
		v.kind, v.at = f.Place.Kind, failurePlace(f).Pos
		v.message = f.Place.Title + ": " + v.message
	}
	if f.Actor != "" {
		v.message = f.Actor + ": " + v.message
	}
}

// verdictsOf says what is wrong with files that were not run. A check that
// found nothing has passed.
func verdictsOf(files int, problems source.Problems) []*verdict {
	var list []*verdict
	for _, p := range problems {
		if p.Severity != source.Error {
			continue
		}
		v := &verdict{ending: broken, kind: "invalid", at: p.Pos, message: p.Message(), detail: p.Report() + "\n"}
		v.file = source.Visible(cmp.Or(p.Pos.File, "sockscript"))
		v.name = v.file
		if p.Pos.IsValid() {
			v.name = source.Visible(p.Pos.String())
		}
		if p.Hint != "" {
			v.message += "; " + p.Hint
		}
		v.message = source.Visible(strings.ReplaceAll(v.message, "\n", " "))
		list = append(list, v)
	}
	if len(list) == 0 {
		list = append(list, &verdict{name: fmt.Sprintf("no errors in %s", source.Count(files, "file", "files")), file: "check"})
	}
	return list
}

// verdicts are those of a run so far, for the forms that are written at its
// end.
type verdicts []*verdict

func (l *verdicts) add(o *Outcome, s Style) error {
	v, err := verdictOf(o, s)
	if err == nil {
		*l = append(*l, v)
	}
	return err
}

// count is how many ended so.
func (l verdicts) count(e ending) int {
	n := 0
	for _, v := range l {
		if v.ending == e {
			n++
		}
	}
	return n
}
