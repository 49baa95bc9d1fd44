package suite

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// pause is longer than the times after which the kernel does something that a
// scenario may not expect: 40 ms for an acknowledgement, 200 ms for a segment
// that it sends again or that a cork has held.
const pause = 250 * time.Millisecond

// TestShippedSlowly runs the shipped scenarios as a machine does that is so
// slow that it waits before each step. They show the same. On a user's machine
// it is every fourth of them.
func TestShippedSlowly(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits most of the time")
	}
	t.Parallel()
	var files []File
	for i, name := range library.Names() {
		if i%ci.Rounds(4, 1) != 0 {
			continue
		}
		data, _ := library.Open(name)
		if left.Match(data) || hurries[name] {
			continue
		}
		files = append(files, File{Path: library.FileName(name), Shipped: true, data: slowed(data)})
	}
	cases, problems, err := Load(files)
	if err != nil || problems.HasErrors() {
		t.Fatalf("%v\n%s", err, problems.Report())
	}
	Run(t.Context(), cases, Options{Jobs: len(cases), Goldens: CompareGoldens}, func(o *report.Outcome) {
		status := o.Status()
		if status == history.Skipped || status == history.Passed && o.Golden == report.GoldenSame {
			return
		}
		var b strings.Builder
		if err := (&report.Text{W: &b, Several: true}).Outcome(o); err != nil {
			t.Fatal(err)
		}
		t.Errorf("golden file: %q\n%s", o.Golden, b.String())
	})
}

// left matches scenarios with programs, which have times of their own, and with
// turns, which look like steps.
var left = regexp.MustCompile(`(?m)^(?:tags:.*\bprograms\b|sequence:)`)

// hurries are the scenarios that would take too long, for their many rounds or
// clients, and one that must answer within a second.
var hurries = map[string]bool{
	"tcp-echo": true, "misbehave-connection-flood": true, "packet-keepalive": true,
}

// stepLine matches the first line of a step.
var stepLine = func() *regexp.Regexp {
	var kinds []string
	for _, k := range steps.Kinds() {
		if k.Name != "pack" { // a payload form too
			kinds = append(kinds, k.Name)
		}
	}
	return regexp.MustCompile(`(?m)^( *)- \{?(?:` + strings.Join(kinds, "|") + `): `)
}()

// blockedLine matches a step that sees a branch inside a call.
var blockedLine = regexp.MustCompile(`(?m)^( *)- blocked: \w+$`)

// slowed is a scenario with a pause before each step. A pause is a call too, so
// blocked looks longer than one lasts: it sees the call behind it.
func slowed(data []byte) []byte {
	text := blockedLine.ReplaceAllString(string(data), "$0\n$1  stays: "+(4*pause).String())
	text = stepLine.ReplaceAllString(text, "${1}- {sleep: "+pause.String()+", quiet: true}\n$0")
	if !strings.Contains(text, "\nstep_timeout:") {
		text = strings.Replace(text, "\nactors:", "\nstep_timeout: 1m\nactors:", 1)
	}
	if !strings.Contains(text, "\ntimeout:") {
		text = strings.Replace(text, "\nactors:", "\ntimeout: 2m\nactors:", 1)
	}
	return []byte(text)
}
