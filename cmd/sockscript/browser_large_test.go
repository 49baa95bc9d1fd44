package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
)

// A report of 2,000 scenarios is opened as fast as its bytes are read, within a
// small factor: the browser lays out what one sees, and pictures wait until a
// scenario is opened.
func TestLargeReportOpensAtOnce(t *testing.T) {
	t.Parallel()
	const count = 2000
	b := newBrowser(t)
	dir := t.TempDir()
	large, plain := filepath.Join(dir, "large.html"), filepath.Join(dir, "plain.html")
	text := largeReport(t, count)
	if err := os.WriteFile(large, text, 0o600); err != nil {
		t.Fatal(err)
	}
	words := strings.ReplaceAll(string(text), "script", "")
	if err := os.WriteFile(plain, []byte("<!DOCTYPE html><title>plain</title><script type=\"text/plain\">"+words+"</script>"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.as(looked{1440, "light"})
	ours, theirs := b.work(large), b.work(plain)
	t.Logf("%d bytes: %.3fs of work, and %.3fs to read them", len(text), ours, theirs)
	if ours > 6*theirs {
		t.Errorf("opening it is %.3fs of work, and reading as many bytes %.3fs", ours, theirs)
	}
	b.open(large)
	if n := script[int](b, `document.querySelectorAll("svg").length`); n != 0 {
		t.Errorf("%d pictures are drawn before one opens a scenario", n)
	}
	if n := script[int](b, `document.querySelectorAll("*").length`); n > 20*count {
		t.Errorf("%d elements for %d scenarios", n, count)
	}
	if got := script[string](b, `find.value = "udp-echo"; find.dispatchEvent(new Event("input")); count.textContent`); got != "1000 of 2000 shown" {
		t.Errorf("after a search it says %q", got)
	}
}

// work is how long the browser's processor works until a page is shown. Other
// processes do not count.
func (b *browser) work(path string) float64 {
	b.t.Helper()
	b.open("/dev/null")
	tell(b, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
	spent := func() float64 {
		for _, m := range tell(b, performance.GetMetrics, cdp.Empty{}).Metrics {
			if m.Name == "TaskDuration" {
				return m.Value
			}
		}
		b.t.Fatal("the browser does not tell how long it works")
		return 0
	}
	before := spent()
	b.open(path)
	script[chromedp.Void](b, `new Promise(done => requestAnimationFrame(() => setTimeout(done)))`)
	return spent() - before
}

// largeReport is a report of count runs of two scenarios.
func largeReport(t *testing.T, count int) []byte {
	t.Helper()
	var outcomes []*report.Outcome
	for _, name := range []string{"tcp-hello", "udp-echo"} {
		data, _ := library.Open(name)
		list, problems := scenarios.Parse(name+".yaml", data)
		if problems.HasErrors() {
			t.Fatal(problems.Report())
		}
		r := runner.Run(t.Context(), list[0], runner.Options{})
		outcomes = append(outcomes, &report.Outcome{Scenario: r.Scenario, Result: r, Run: 1, Runs: 1, Wanted: 1})
	}
	var b bytes.Buffer
	form, _ := report.LookupFormat("html")
	r := form.New(&b, report.Style{})
	sum := report.Summary{Count: 1}
	for i := range count {
		o := outcomes[i%len(outcomes)]
		sum.Add(o)
		if err := r.Outcome(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Summary(&sum); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
