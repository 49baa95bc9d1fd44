package report_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner/report"
)

func TestTourPages(t *testing.T) {
	t.Parallel()
	result := run(t, passing)[0].Result
	pages := report.TourPages([]report.TourChapter{
		{Title: "A <first>", Text: "About & more.", Stops: []report.TourStop{
			{Name: "passing", Description: "Says\n<b>.\n\n    run <it>\n", Source: "a: <c>", Transcript: "ok  passing", Result: result}, {Name: "other"},
		}},
		{Title: "Second", Text: "Then.", Stops: []report.TourStop{{Name: "third"}}},
	})
	if len(pages) != 3 {
		t.Fatalf("%d pages", len(pages))
	}
	for file, wants := range map[string][]string{
		"index.html":      {`<a href="chapter-01.html">1. A &lt;first&gt;</a>`, "About &amp; more.", "2 scenarios", "1 scenario"},
		"chapter-01.html": {"Says &lt;b&gt;.\n\n<code>    run &lt;it&gt;</code></p>", "a: &lt;c&gt;", `aria-label="sequence diagram of passing"`, `<a href="chapter-02.html" rel="next">Next: Second</a>`, `id="other"`},
		"chapter-02.html": {`rel="prev">Before: A &lt;first&gt;`, "sockscript run third"},
	} {
		for _, want := range wants {
			if !strings.Contains(string(pages[file]), want) {
				t.Errorf("%s lacks %q:\n%s", file, want, pages[file])
			}
		}
	}
}
