package history

import (
	"fmt"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// A Result is a run of a scenario that has ended, as a value: it holds no
// pointer into the scenario's file, so it can be saved and read in another
// process.
type Result struct {
	Scenario Scenario
	Status   Status
	Reason   string   // why it was skipped; "" where it was not
	Failure  *Failure // why it failed or was cancelled; nil where it did neither
	// Elapsed is how long the run took, with the release of what it made; 0
	// where the scenario was skipped.
	Elapsed time.Duration
	// Kept is the temporary folder, where it was not removed; "" where it was.
	Kept string

	*Record
}

// A Scenario is what reports say of a scenario.
type Scenario struct {
	Name        string
	Description string
	Tags        []string
	At          source.Pos
	Line        string // the text of the file's line at At
	Source      string // the document that the scenario is in; "" where that is very long
	Wire        bool   // its transcript ends with the lines of the wire
	SourceLine  int    // the line of the file with which Source begins
	// Capture says that the frames of the run are to be kept in a file; nil
	// where the scenario says nothing of it.
	Capture *Capture
}

// A Capture is what a scenario says of a file for the frames of its runs.
type Capture struct {
	At   []string // links, interfaces as HOST.INTERFACE, lo, all; empty: all
	File string   // its name; "" for that of the scenario
}

// Pos is the scenario's place in its file.
func (s Scenario) Pos() source.Pos { return s.At }

// Problem is an error at the scenario's place.
func (s Scenario) Problem(format string, args ...any) *source.Problem {
	return &source.Problem{Pos: s.At, Line: s.Line, Msg: fmt.Sprintf(format, args...)}
}

// Status is how a run ended.
type Status int

// The ways a run ends.
const (
	Passed Status = iota
	Failed
	Skipped   // something it requires is not there
	Cancelled // the context was cancelled from outside
	Known     // it failed, as its known_failure says: a status of outcomes, not of runs
)

// String is the status as the transcript's last line writes it.
func (s Status) String() string {
	return [...]string{"ok", "fail", "skip", "cancelled", "known"}[s]
}

// A Failure is what ended a run that did not pass.
type Failure struct {
	Actor   string       // its name, with the branch; "" where the scenario as a whole failed
	Place   *event.Place // nil where the scenario as a whole failed
	Message string       // why, of one line or more
	// At is the place of what is wrong, where that is not the step but an
	// expression in it, or a part of the file outside any step.
	At *Spot
	// Mismatch is the data that was expected and that came, where it differs.
	Mismatch *Mismatch
	Deadlock bool        // the actors wait for each other
	Waits    []string    // in a deadlock: who waits for what, a line each
	Via      []event.Via // the do steps and the loops that the step is in, the innermost first
	Others   []Doing     // what every other actor was doing at that moment
	// Programs are those that the scenario started, with what they wrote, by
	// the place of their actors in the file.
	Programs []Program

	// Err is the error itself, for those who run scenarios and look into it. Of
	// a run that was loaded from a file it is nil.
	Err error
}

// NewFailure is the failure of a scenario as a whole, because of an error.
func NewFailure(err error) *Failure { return &Failure{Err: err, Message: err.Error()} }

// A Spot is a place in a file, with the text of its line.
type Spot struct {
	Pos  source.Pos
	Line string
}

// A Mismatch is data that differs from what was expected.
type Mismatch struct{ Want, Got []byte }

// Doing is what an actor was doing when the scenario failed.
type Doing struct {
	Actor string
	Place *event.Place // of the step; nil before the first
	For   time.Duration
	Waits string // the name, signal or barrier it waits for; "" in a system call
	Done  bool   // its steps are done, and it waits for its branches
	Ended bool
	Turn  *event.Place // of a sequence, in which it is; nil where it is in none
	// Between says that it is in no turn now, although it has turns.
	Between bool
}

// A Program is one that the scenario started, and what it wrote.
type Program struct {
	Actor          string
	Name           string
	Status         string // "exit 1", "killed by SIGSEGV", "still running"
	Stdout, Stderr string // the last part of each, as far as no step has read it
	// How many bytes came before that part.
	StdoutBefore, StderrBefore int64
}
