package report_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/source"
)

const twoActors = `name: lanes
actors:
  left:
    - socketpair: unix
      as: [a, b]
    - send: a
      data: hello
      note: a word
    - signal: sent
    - parallel:
        reads:
          - recv: b
            size: 5
  right:
    - wait: sent
`

func transcript(t *testing.T, text string, s report.Style) string {
	t.Helper()
	var b strings.Builder
	if err := report.Transcript(&b, run(t, text)[0].Result, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLanes(t *testing.T) {
	t.Parallel()
	want := `left                      right
────────────────────────  ────────────────────────
socketpair(AF_UNIX,
  SOCK_STREAM, 0) = a b
# a word
send(a, "hello", 5) = 5
signal(sent)
reads: recv(b, 5) = 5
  "hello"
                          wait(sent)
ok  lanes
`
	if got := transcript(t, twoActors, report.Style{Lanes: true, Width: 50}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Where there is no room, the transcript is the usual one.
	if got, want := transcript(t, twoActors, report.Style{Lanes: true, Width: 30}), transcript(t, twoActors, report.Style{Width: 30}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLongLinesAreBroken(t *testing.T) {
	t.Parallel()
	got := transcript(t, twoActors, report.Style{Width: 40})
	for line := range strings.Lines(got) {
		if utf8.RuneCountInString(line) > 41 {
			t.Errorf("the line %q is too long", line)
		}
	}
	if want := "left        socketpair(AF_UNIX,\n              SOCK_STREAM, 0) = a b\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s", got)
	}
	whole := transcript(t, twoActors, report.Style{})
	if !strings.Contains(whole, "socketpair(AF_UNIX, SOCK_STREAM, 0) = a b\n") {
		t.Errorf("a line is broken where there is no terminal:\n%s", whole)
	}
}

// unequal fails in a long line of its file, with wide characters, while another
// actor waits.
const unequal = `
actors:
  waits_and_has_a_long_name:
    - wait: a_signal_that_is_not_raised
  fails:
    - {exec: [sh, -c, "echo a line of a program that is longer than the terminal has columns; exit 3"], note: "日本語の説明文はとても長いので端末の幅に合わせて折り返す必要があります"}
    - signal: a_signal_that_is_not_raised
`

func TestFailuresAreBroken(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := report.Failure(&b, run(t, unequal)[0].Result, report.Style{Width: 44}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := source.Cells(strings.TrimSuffix(line, "\n")); n > 44 {
			t.Errorf("the line %q has %d cells", line, n)
		}
	}
	for _, want := range []string{"    6 |     - {exec: [sh, -c, \"echo a line …", "a line of a program", "waits_and_has"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestActorsHaveColours(t *testing.T) {
	t.Parallel()
	got := transcript(t, twoActors, report.Style{Color: true})
	if !strings.Contains(got, "\x1b[36mleft        \x1b[0m") || !strings.Contains(got, "\x1b[34mright       \x1b[0m") {
		t.Errorf("got %q", got)
	}
}
