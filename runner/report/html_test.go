package report_test

import (
	"context"
	"html"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

func TestPageOfAFailure(t *testing.T) {
	t.Parallel()
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

// The page has the TCP states of both ends, and what crossed the network where
// that was recorded.
func TestTablesOfThePage(t *testing.T) {
	t.Parallel()
	const text = `
name: tables
requires: netns
network: private
actors:
  server:
    - {socket: tcp, as: 'listener'}
    - {bind: listener, to: '127.0.0.1:0'}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: {eof: true}}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: '${server.listener}'}
    - {close: sock}
`
	f, _ := report.LookupFormat("html")
	for _, wire := range []bool{false, true} {
		var list []*report.Outcome
		suite.Run(context.Background(), cases(t, text), suite.Options{Run: runner.Options{Frames: wire}}, func(o *report.Outcome) { list = append(list, o) })
		if list[0].Result.Status == history.Skipped {
			ci.Lacks(t, list[0].Result.Reason)
		}
		page := tell(t, f, list)
		for _, want := range []string{
			"<h2>TCP states</h2>", `<th scope="col">the other end</th>`,
			"<tr><td>client</td><td>connect(sock, 127.0.0.1:&lt;listener&gt;) = 0</td><td><b>sock</b> CLOSE → SYN_SENT → ESTABLISHED</td>" +
				"<td><b>server.conn</b> LISTEN → SYN_RECV → ESTABLISHED</td></tr>",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%q is not in the page:\n%s", want, page)
			}
		}
		for _, want := range []string{"<h2>Wire</h2>", `<th scope="col">client.sock</th><th scope="col">server.conn</th>`, "<tr><td>S →</td><td></td></tr>", "<tr><td></td><td>← S.</td></tr>"} {
			if strings.Contains(page, want) != wire {
				t.Errorf("the wire is recorded: %v; %q in the page: %v\n%s", wire, want, !wire, page)
			}
		}
	}
}
