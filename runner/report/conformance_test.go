package report_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/source"
)

// nasty fails with what XML, YAML and terminals cannot carry in its name, in
// its transcript, in what was expected and in what came.
const nasty = `name: "nasty \x01\x1b[31m # SKIP ]]> <&>\"' \u0085\uFFFE \\ \U0001F40C"
actors:
  one:
    - print: "  ... \x1b]0;title\x07 ]]> &amp; <b>"
    - socketpair: unix
      as: [a, b]
    - send: a
      data: {hex: 00010203 1b ff fe c0 80 ed a0 80 0d 0a}
    - recv: b
      expect: {data: {hex: 00010203 1b ff fe c0 80 ed a0 80 0a 0d}}
`

const endless = `name: endless
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - recv: b
`

// counts are how many scenarios ended so.
type counts struct{ passed, failed, skipped, interrupted, notRun int }

func (c counts) total() int { return c.passed + c.failed + c.skipped + c.interrupted + c.notRun }

// every returns an outcome for each way to end, and how many there are of each.
func every(t *testing.T) ([]*report.Outcome, counts) {
	t.Helper()
	list := run(t, strings.Join([]string{passing, failing, nasty, lacking}, "---\n"))
	with := func(change func(*report.Outcome)) {
		o := *list[0]
		change(&o)
		list = append(list, &o)
	}
	with(func(o *report.Outcome) {
		o.Golden, o.GoldenPath = report.GoldenDiffers, "x.golden"
		o.Diff = &report.Diff{From: "x.golden", To: "transcript", Text: "--- x.golden\n+++ transcript\n@@ -1 +1 @@\n-a\x00\n+b\xff\n", Line: 1}
	})
	with(func(o *report.Outcome) {
		o.Runs, o.Wanted, o.Failed = 50, 50, 9
		o.Variants = []report.Variant{{Run: 1, Runs: 41}, {Run: 7, Runs: 9}}
		o.Diff = &report.Diff{From: "run 1", To: "run 7", Text: "--- run 1\n+++ run 7\n@@ -1 +1 @@\n-a\n+b\n", Line: 1}
	})
	with(func(o *report.Outcome) { o.Err = errors.New("cannot read the golden file: \xc3\x28") })
	with(func(o *report.Outcome) { *o = report.Outcome{Scenario: o.Scenario, Wanted: 1} })
	list = append(list, cancelled(t))
	return list, counts{passed: 1, failed: 5, skipped: 1, interrupted: 1, notRun: 1}
}

// cancelled is what comes of a scenario that was interrupted.
func cancelled(t *testing.T) *report.Outcome {
	t.Helper()
	o := run(t, "name: x\n"+strings.TrimPrefix(passing, "name: passing\n"))[0]
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	endless := cases(t, endless)[0].Scenario
	o.Scenario = runner.Describe(endless)
	o.Result = runner.Run(ctx, endless, runner.Options{})
	if o.Status() != history.Cancelled {
		t.Fatalf("the interrupted scenario ended as %s", o.Status())
	}
	return o
}

// tell returns a whole report of a form.
func tell(t *testing.T, f report.Format, list []*report.Outcome) string {
	t.Helper()
	var b strings.Builder
	r := f.New(&b, report.Style{Color: f.Name != "text"})
	warning := &source.Problem{Pos: source.Pos{File: "x.yaml", Line: 2, Col: 3}, Severity: source.Warning, Msg: "odd\x00", Line: "a"}
	sum := report.Summary{Count: 1, Elapsed: 1500 * time.Millisecond, Start: time.Unix(1e9, 0)}
	err := r.Problems(source.Problems{warning})
	for _, o := range list {
		sum.Add(o)
		err = errors.Join(err, r.Outcome(o))
	}
	if err = errors.Join(err, r.Summary(&sum)); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return b.String()
}

// readers count what a report of each form says. A report that is not whole is
// an error.
var readers = map[string]func(string) (counts, error){
	"text": readText, "json": readJSON, "tap": readTAP, "junit": readJUnit, "ctrf": readCTRF, "html": readHTML,
}

func TestConformance(t *testing.T) {
	t.Parallel()
	all, want := every(t)
	for _, f := range report.Formats() {
		if readers[f.Name] == nil || f.Help == "" {
			t.Errorf("the form %s has no help, or no row in readers", f.Name)
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			text := tell(t, f, all)
			got, err := readers[f.Name](text)
			if err != nil || got != want {
				t.Errorf("counts %+v, %v; want %+v in\n%s", got, err, want, text)
			}
			if i := strings.IndexFunc(text, func(r rune) bool { return r == '\x1b' || r == 0 }); i >= 0 && f.Name != "text" {
				t.Errorf("a control character in %q", text[max(0, i-20):])
			}
		})
		t.Run(f.Name+" of nothing", func(t *testing.T) {
			text := tell(t, f, nil)
			if got, err := readers[f.Name](text); err != nil || got != (counts{}) {
				t.Errorf("counts %+v, %v in\n%s", got, err, text)
			}
		})
	}
}

// checkedText is the report of files that were not run.
func checkedText(t *testing.T, f report.Format, problems source.Problems) string {
	t.Helper()
	var b strings.Builder
	if err := f.New(&b, report.Style{}).Checked(3, problems); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var invalid = source.Problems{
	{Pos: source.Pos{File: "x.yaml", Line: 2, Col: 3}, Msg: "bad\x01", Hint: "be good", Line: "a\x1b"},
	{Msg: "there is no file \xff"},
	{Pos: source.Pos{File: "x.yaml", Line: 3, Col: 3}, Severity: source.Warning, Msg: "odd"},
}

func TestDocumentsOfFilesThatWereNotRun(t *testing.T) {
	t.Parallel()
	for _, f := range report.Formats() {
		if !f.Document || readers[f.Name] == nil {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			text := checkedText(t, f, invalid)
			if got, err := readers[f.Name](text); err != nil || got != (counts{failed: 2}) {
				t.Errorf("counts %+v, %v in\n%s", got, err, text)
			}
			if !strings.Contains(text, `bad\x01; be good`) && !strings.Contains(text, `bad\\x01; be good`) {
				t.Errorf("the problem is not told:\n%s", text)
			}
			text = checkedText(t, f, nil)
			if got, err := readers[f.Name](text); err != nil || got != (counts{passed: 1}) || !strings.Contains(text, "no errors in 3 files") {
				t.Errorf("counts %+v, %v in\n%s", got, err, text)
			}
		})
	}
}

func readText(text string) (counts, error) {
	var c counts
	c.passed = len(regexp.MustCompile(`(?m)^ok    `).FindAllString(text, -1))
	c.failed = len(regexp.MustCompile(`(?m)^fail  `).FindAllString(text, -1))
	c.skipped = len(regexp.MustCompile(`(?m)^skip  `).FindAllString(text, -1))
	c.interrupted = len(regexp.MustCompile(`(?m)^cancelled  `).FindAllString(text, -1))
	last := strings.Split(strings.TrimSpace(text), "\n")
	summary := last[len(last)-1]
	if _, err := fmt.Sscanf(regexp.MustCompile(`\d+ not run`).FindString(summary), "%d", &c.notRun); err != nil && strings.Contains(summary, "not run") {
		return c, err
	}
	if !strings.HasSuffix(summary, " in 1.5s") {
		return c, fmt.Errorf("the last line is %q", summary)
	}
	return c, nil
}

func readJSON(text string) (counts, error) {
	var c counts
	var sum report.SummaryObject
	for line := range strings.Lines(text) {
		var o struct{ Type, Status string }
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			return c, err
		}
		if sum.Type != "" {
			return c, errors.New("something comes after the summary")
		}
		switch {
		case o.Type == "summary":
			if err := json.Unmarshal([]byte(line), &sum); err != nil {
				return c, err
			}
		case o.Type == "scenario":
			c.add(map[string]string{"ok": "passed", "fail": "failed", "skip": "skipped", "cancelled": "other", "notrun": "pending"}[o.Status])
		}
	}
	if told := (counts{sum.Passed, sum.Failed, sum.Skipped, sum.Interrupted, sum.NotRun}); told != c {
		return c, fmt.Errorf("the summary tells %+v", told)
	}
	return c, nil
}

// add counts a status in the words of CTRF.
func (c *counts) add(status string) {
	switch status {
	case "passed":
		c.passed++
	case "failed":
		c.failed++
	case "skipped":
		c.skipped++
	case "pending":
		c.notRun++
	case "other":
		c.interrupted++
	}
}

func readTAP(text string) (counts, error) {
	var c counts
	lines := strings.Split(text, "\n")
	if lines[0] != "TAP version 13" {
		return c, fmt.Errorf("the first line is %q", lines[0])
	}
	point := regexp.MustCompile(`^(ok|not ok) (\d+) - (.*?)( # SKIP (.*))?$`)
	plan, block := "", ""
	for i, line := range lines {
		m := point.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "1.."):
			plan = line
		case strings.HasPrefix(line, "  severity: "):
			block = strings.TrimPrefix(line, "  severity: ")
		case line == "  ..." && block == "interrupted":
			c.failed, c.interrupted = c.failed-1, c.interrupted+1
		case m == nil:
		case m[2] != fmt.Sprint(c.total()+1):
			return c, fmt.Errorf("line %d: not the number %d: %q", i+1, c.total()+1, line)
		case m[5] == "not run":
			c.notRun++
		case m[4] != "":
			c.skipped++
		case m[1] == "ok":
			c.passed++
		default:
			c.failed++
		}
	}
	want := fmt.Sprintf("1..%d", c.total())
	if c.total() == 0 {
		want += " # SKIP nothing run"
	}
	if plan != want {
		return c, fmt.Errorf("the plan is %q; want %q", plan, want)
	}
	return c, nil
}

func readJUnit(text string) (counts, error) {
	type numbers struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	type fault struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	var doc struct {
		numbers
		Suites []struct {
			numbers
			Cases []struct {
				Skipped, Failure, Error *fault
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	// The names of the elements are written small.
	lower := strings.NewReplacer("<skipped", "<Skipped", "<failure", "<Failure", "</failure", "</Failure",
		"<error", "<Error", "</error", "</Error", "</skipped", "</Skipped").Replace(text)
	var c counts
	if err := xml.Unmarshal([]byte(lower), &doc); err != nil {
		return c, err
	}
	var sum numbers
	for _, s := range doc.Suites {
		if s.Tests != len(s.Cases) {
			return c, fmt.Errorf("a suite of %d cases tells %d", len(s.Cases), s.Tests)
		}
		sum.Tests, sum.Failures, sum.Errors, sum.Skipped = sum.Tests+s.Tests, sum.Failures+s.Failures, sum.Errors+s.Errors, sum.Skipped+s.Skipped
		for _, tc := range s.Cases {
			switch {
			case tc.Skipped != nil && tc.Skipped.Message == "not run":
				c.notRun++
			case tc.Skipped != nil:
				c.skipped++
			case tc.Error != nil && tc.Error.Type == "interrupted":
				c.interrupted++
			case tc.Failure != nil, tc.Error != nil:
				c.failed++
			default:
				c.passed++
			}
		}
	}
	want := numbers{c.total(), sum.Failures, c.failed + c.interrupted - sum.Failures, c.skipped + c.notRun}
	if doc.numbers != sum || sum != want {
		return c, fmt.Errorf("the document tells %+v, the suites %+v; want %+v", doc.numbers, sum, want)
	}
	return c, nil
}

func readCTRF(text string) (counts, error) {
	var doc struct {
		Results struct {
			Summary struct{ Tests, Passed, Failed, Skipped, Pending, Other int }
			Tests   []struct{ Status string }
		}
	}
	var c counts
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return c, err
	}
	for _, test := range doc.Results.Tests {
		c.add(test.Status)
	}
	s := doc.Results.Summary
	if told := (counts{s.Passed, s.Failed, s.Skipped, s.Other, s.Pending}); told != c || s.Tests != c.total() {
		return c, fmt.Errorf("the summary tells %+v", s)
	}
	return c, nil
}

// readHTML counts the entries of the list. A page must be whole, and nothing in
// it may end its scripts early.
func readHTML(text string) (counts, error) {
	var c counts
	entry := regexp.MustCompile(`<li id="s(\d+)" class="[a-z-]+" data-status="([a-z ]+)"`)
	for i, m := range entry.FindAllStringSubmatch(text, -1) {
		if m[1] != fmt.Sprint(i+1) {
			return c, fmt.Errorf("entry %d has the number %s", i+1, m[1])
		}
		c.add(map[string]string{"ok": "passed", "fail": "failed", "skip": "skipped", "cancelled": "other", "not run": "pending"}[m[2]])
	}
	if begins, ends := strings.Count(text, "<script"), strings.Count(text, "</script"); begins != ends || !strings.HasSuffix(text, "</html>\n") {
		return c, fmt.Errorf("%d scripts begin and %d end", begins, ends)
	}
	for _, outside := range []string{"src=", "@import", "url(", "<link"} {
		if strings.Contains(text, outside) {
			return c, fmt.Errorf("the page takes something from outside: %s", outside)
		}
	}
	return c, nil
}
