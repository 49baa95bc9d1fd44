package runner_test

import (
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
)

// A round of a ping-pong, four steps, is made out of what earlier rounds have
// left.
func TestRoundsReuseMemory(t *testing.T) {
	const few, many, most = 100, 5100, 1
	run := func(rounds int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		passes(t, pingPong, runner.Options{Vars: map[string]any{"rounds": rounds}})
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs
	}
	base := run(few)
	if got := float64(int64(run(many)-base)) / (many - few); got > most {
		t.Errorf("a round allocates %.2f times, more than %d", got, most)
	}
}

// A short conversation is run many times, and each run is written down to be
// compared: neither may come to allocate more without anybody noticing.
func TestShortRunAllocatesLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	const runs, mostOfRun, mostOfTranscript = 101, 230, 170
	s := scenario(t, hello)
	// Who has to wait for whom differs from run to run: the run in the middle
	// counts.
	var ran, written []uint64
	var before, between, after runtime.MemStats
	for range runs {
		runtime.ReadMemStats(&before)
		r := runner.Run(t.Context(), s, runner.Options{})
		runtime.ReadMemStats(&between)
		if err := report.Transcript(io.Discard, r, report.Style{}); err != nil || r.Status != history.Passed {
			t.Fatal(err, ending(r))
		}
		runtime.ReadMemStats(&after)
		ran = append(ran, between.Mallocs-before.Mallocs)
		written = append(written, after.Mallocs-between.Mallocs)
	}
	slices.Sort(ran)
	slices.Sort(written)
	if ran, written := ran[runs/2], written[runs/2]; ran > mostOfRun || written > mostOfTranscript {
		t.Errorf("a run allocates %d times, of at most %d; its transcript %d times, of at most %d",
			ran, mostOfRun, written, mostOfTranscript)
	}
}

// What a round that is folded leaves is used again by the next ones, and shows
// in none of those that are kept.
func TestRoundsThatAreKeptStayAsTheyWere(t *testing.T) {
	wantTranscript(t, `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - repeat: 9
      index: i
      steps:
        - send: a
          data: '${i < 3 ? "first" : i < 7 ? "second one" : "third"}'
        - recv: b
          max: 100
        - send: a
          data: x
          when: i == 5
    - close: [a, b]
`, `
one  socketpair(AF_UNIX, SOCK_STREAM, 0) = a b
one  send(a, "first", 5) = 5
one  recv(b, 100) = 5 "first"
one  ... 1 more rounds
one  send(a, "first", 5) = 5
one  recv(b, 100) = 5 "first"
one  send(a, "second one", 10) = 10
one  recv(b, 100) = 10 "second one"
one  send(a, "second one", 10) = 10
one  recv(b, 100) = 10 "second one"
one  send(a, "second one", 10) = 10
one  recv(b, 100) = 10 "second one"
one  send(a, "x", 1) = 1
one  send(a, "second one", 10) = 10
one  recv(b, 100) = 11 "xsecond one"
one  send(a, "third", 5) = 5
one  recv(b, 100) = 5 "third"
one  send(a, "third", 5) = 5
one  recv(b, 100) = 5 "third"
one  close(a) = 0
one  close(b) = 0
`)
}
