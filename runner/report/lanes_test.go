package report_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockscript/sockscript/runner/report"
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

func TestActorsHaveColours(t *testing.T) {
	got := transcript(t, twoActors, report.Style{Color: true})
	if !strings.Contains(got, "\x1b[36mleft        \x1b[0m") || !strings.Contains(got, "\x1b[34mright       \x1b[0m") {
		t.Errorf("got %q", got)
	}
}
