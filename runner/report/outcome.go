package report

import (
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// An Outcome says how a scenario ended: one run of it, or several.
type Outcome struct {
	Scenario history.Scenario
	// Result is the run to report: the first that failed, else the first. It is
	// nil where the scenario was not run at all.
	Result *history.Result
	Run    int // the number of that run, from 1
	Runs   int // how many runs there were
	Wanted int // how many there should have been
	Failed int // how many of them failed, or differed from the first
	// Variants are the transcripts that the runs gave, where they gave several.
	Variants []Variant

	Diff   *Diff       // how the transcript differs; nil where it does not
	Golden GoldenState // how the golden file compares
	Change *Diff       // how the golden file was changed; nil where it was not
	// GoldenPath is where that file is, or would be; "" where there can be
	// none.
	GoldenPath string
	Row        string // whose section of it is meant; "" where that is all
	Err        error  // what kept the golden file from being read or written
	// Fault is why the scenario counts as failed though no run of it did; ""
	// where it does not.
	Fault string
	// Known is why the scenario is expected to fail; "" where it is not.
	Known string
}

// A Diff says how a transcript differs from what it should be.
type Diff struct {
	From string // the golden file, or the run that is compared with: "run 1"
	To   string // "run 7", or "transcript"
	Text string // in the unified format
	Line int    // of From: the first that differs, from 1
}

// count is how many lines To has that From has not, and the other way round.
func (d *Diff) count() (added, removed int) {
	hunks := false
	for line := range strings.Lines(d.Text) {
		switch {
		case strings.HasPrefix(line, "@@"):
			hunks = true
		case hunks && line[0] == '+':
			added++
		case hunks && line[0] == '-':
			removed++
		}
	}
	return added, removed
}

// A Variant is a transcript that several runs of a scenario have given.
type Variant struct {
	Run  int `json:"run" doc:"the number of the first run that had it"`
	Runs int `json:"runs" doc:"how many runs had it"`
}

// GoldenState is what came of comparing or writing a golden file.
type GoldenState int

// What can come of a golden file.
const (
	GoldenUnused  GoldenState = iota // it was not looked at
	GoldenSame                       // the transcript is what the file holds
	GoldenDiffers                    // it is not
	GoldenChanged                    // it was not, and is now
	GoldenCreated                    // there was no file before
)

// String is the state as the JSON report writes it; "" for GoldenUnused.
func (g GoldenState) String() string {
	return [...]string{"", "same", "differs", "changed", "created"}[g]
}

// Status is how the runs ended, taken together.
func (o *Outcome) Status() history.Status {
	switch {
	case o.Err != nil || o.Fault != "":
		return history.Failed
	case o.Known != "" && (o.Diff != nil || o.Result != nil && o.Result.Status == history.Failed):
		return history.Known
	case o.Diff != nil:
		return history.Failed
	case o.Result == nil, o.Runs < o.Wanted && o.Result.Status != history.Failed:
		return history.Cancelled
	}
	return o.Result.Status
}

// Elapsed is how long the reported run took.
func (o *Outcome) Elapsed() time.Duration {
	if o.Result == nil {
		return 0
	}
	return o.Result.Elapsed
}

// A Reporter writes what comes of scenarios in one form. Its methods are
// called one after the other; each returns the error of writing.
type Reporter interface {
	// Problems writes what is wrong with the files.
	Problems(source.Problems) error
	// Checked ends a check of files that were not run.
	Checked(files int, problems source.Problems) error
	// Outcome writes what came of one scenario.
	Outcome(*Outcome) error
	// Summary comes last, when all scenarios have been run.
	Summary(*Summary) error
}
