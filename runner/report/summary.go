package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A Summary counts scenarios by how they ended.
type Summary struct {
	Passed      int
	Failed      int
	Skipped     int
	Known       int // that failed, as their known_failure says
	Interrupted int // by a signal, while they ran
	NotRun      int // because of a signal, or of an earlier failure
	Broken      int // of the failed: a golden file could not be read or written
	Differing   int // of the failed: the transcript is not what the golden file holds

	// Of golden files that were written where they differed.
	Changed, Created, Unchanged int
	Updating                    bool // golden files are written, not compared

	NoGolden []NoGolden // scenarios passed over because they have none
	Orphans  []string   // golden files that no scenario has
	Removed  []string   // those that were removed

	// Strict says that a golden file without a scenario is a failure.
	Strict bool
	// Most is how many scenarios Slowest holds at most; 0: none.
	Most    int
	Slowest []Timed // those that took longest, the slowest first
	// Seed is that of the order in which the scenarios were run; nil where it
	// is that of their files.
	Seed *uint64

	Count   int  // how often each scenario was run
	Stress  bool // or less often, where runs were not alike
	Start   time.Time
	Elapsed time.Duration
}

// NoGolden is a scenario that has no golden file.
type NoGolden struct {
	Scenario, File string
	Path           string // where the golden file would be
}

// A Timed is a scenario with the time that its reported run took.
type Timed struct {
	Scenario, File string
	Elapsed        time.Duration
}

// Faulty reports whether the golden files alone make a failure.
func (s *Summary) Faulty() bool { return s.Strict && len(s.Orphans) > 0 }

// time keeps the outcome if it is one of the slowest.
func (s *Summary) time(o *Outcome) {
	if s.Most == 0 || o.Result == nil {
		return
	}
	x := Timed{o.Scenario.Name, o.Scenario.Pos().File, o.Elapsed()}
	at, _ := slices.BinarySearchFunc(s.Slowest, x, func(a, b Timed) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	s.Slowest = slices.Insert(s.Slowest, at, x)
	s.Slowest = s.Slowest[:min(len(s.Slowest), s.Most)]
}

// Add counts an outcome.
func (s *Summary) Add(o *Outcome) {
	s.time(o)
	switch o.Status() {
	case history.Passed:
		s.Passed++
	case history.Skipped:
		s.Skipped++
	case history.Failed:
		s.Failed++
	case history.Known:
		s.Known++
	case history.Cancelled:
		if o.Result == nil {
			s.NotRun++
		} else {
			s.Interrupted++
		}
	}
	if o.Err != nil {
		s.Broken++
	}
	switch o.Golden {
	case GoldenDiffers:
		s.Differing++
	case GoldenChanged:
		s.Changed++
	case GoldenCreated:
		s.Created++
	case GoldenSame:
		s.Unchanged++
	}
}

// Total is the number of scenarios.
func (s *Summary) Total() int {
	return s.Passed + s.Failed + s.Skipped + s.Known + s.Interrupted + s.NotRun
}

// String is the summary's line: "14 passed, 1 failed, 2 skipped in 1.2s".
func (s *Summary) String() string {
	parts := tallies(s.passed(),
		tally{s.Failed, "failed"}, tally{s.Known, "known to fail"}, tally{s.Skipped, "skipped"},
		tally{s.Interrupted, "interrupted"}, tally{s.NotRun, "not run"},
		tally{len(s.NoGolden), "without a golden file"},
		tally{len(s.Orphans), "without a scenario"}, tally{len(s.Removed), "removed"})
	line := fmt.Sprintf("%s in %s", parts, brief(s.Elapsed))
	switch {
	case s.Stress:
		line += fmt.Sprintf(" (at most %s of each)", source.Count(s.Count, "run", "runs"))
	case s.Count > 1:
		line += fmt.Sprintf(" (%s of each)", source.Count(s.Count, "run", "runs"))
	}
	if s.Seed != nil {
		line += fmt.Sprintf(" (--shuffle %d)", *s.Seed)
	}
	return line
}

// begun is when the runs began, also where nobody has noted it.
func (s *Summary) begun() time.Time {
	if s.Start.IsZero() {
		return time.Now().Add(-s.Elapsed)
	}
	return s.Start
}

func (s *Summary) passed() []tally {
	if s.Updating {
		return []tally{{s.Changed, "changed"}, {s.Created, "new"}, {s.Unchanged, "unchanged"}}
	}
	return []tally{{s.Passed, "passed"}}
}

type tally struct {
	n    int
	what string
}

// tallies joins those that count anything; with none of them it is "nothing
// run".
func tallies(first []tally, more ...tally) string {
	var parts []string
	for _, t := range append(first, more...) {
		if t.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", source.Thousands(t.n), t.what))
		}
	}
	if len(parts) == 0 {
		return "nothing run"
	}
	return strings.Join(parts, ", ")
}

// brief writes a duration as a person would say it: 8ms, 1.2s, 3m5s.
func brief(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", max(1, d.Round(time.Millisecond).Milliseconds()))
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
