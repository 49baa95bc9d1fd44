package report_test

import (
	"html"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner/report"
)

func TestPageOfAFailure(t *testing.T) {
	f, _ := report.LookupFormat("html")
	text := tell(t, f, run(t, passing+"---\n"+failing))
	for _, want := range []string{
		"1 failed", "Says hello.",
		`data-status="fail"`, `<details open>`, "What went wrong", "1 == 2 does not hold",
		`<span class="at">    - assert: 1 == 2</span>`, // the line in the source
		`aria-label="sequence diagram of failing"`, `aria-label="times of failing"`,
		"one  | hello", // the transcript of the one that passed
	} {
		if !strings.Contains(text, want) && !strings.Contains(text, html.EscapeString(want)) {
			t.Errorf("%q is not in the page:\n%s", want, text)
		}
	}
	if strings.Count(text, "<details open>") != 1 {
		t.Error("a scenario that passed is open")
	}
}
