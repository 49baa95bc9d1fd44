package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// The first line of a file of saved runs names its format and version.
const (
	savedFormat  = "sockscript runs"
	savedVersion = 1
)

// What a file of saved runs may have: far more than a person reads.
const (
	maxSavedLine = 256 << 20
	maxSavedRuns = 1_000_000
)

// A Saver saves what comes of scenarios, so that [Load] can report it again in
// any form: JSON lines, of which the first has the format and its version, then
// one a scenario, and the summary last. It is a [Reporter].
type Saver struct {
	W io.Writer
	// How describes the run that is saved. It is set before the first
	// outcome.
	How How

	begun    bool
	problems source.Problems
	err      error // the first
}

// Err is what kept a scenario from being saved; nil where all are.
func (s *Saver) Err() error { return s.err }

// How is what of a command decides how its runs are reported.
type How struct {
	Several  bool   // more than one scenario was chosen: see [Text]
	Updating bool   // golden files were written
	Update   string // the command that makes transcripts that differ the golden ones
}

// A savedLine is a line of the file behind the first: one of its fields.
type savedLine struct {
	Outcome *savedOutcome
	Summary *Summary
}

type savedHead struct {
	Format   string
	Version  int
	How      How
	Problems []source.Problem // of the files
}

type savedOutcome struct {
	Scenario                  history.Scenario
	Result                    *history.Result
	Run, Runs, Wanted, Failed int
	Variants                  []Variant
	Diff, Change              *Diff
	Golden                    GoldenState
	GoldenPath                string
	Err                       *string
	Fault                     string
	Known, Row                string
}

// Problems implements [Reporter].
func (s *Saver) Problems(ps source.Problems) error {
	s.problems = append(s.problems, ps...)
	return nil
}

// Checked implements [Reporter]. There is no run to be saved.
func (s *Saver) Checked(int, source.Problems) error { return nil }

// Outcome implements [Reporter].
func (s *Saver) Outcome(o *Outcome) error {
	saved := &savedOutcome{
		Scenario: o.Scenario, Result: o.Result, Run: o.Run, Runs: o.Runs, Wanted: o.Wanted, Failed: o.Failed, Variants: o.Variants,
		Diff: o.Diff, Change: o.Change, Golden: o.Golden, GoldenPath: o.GoldenPath, Fault: o.Fault, Known: o.Known, Row: o.Row,
	}
	if o.Err != nil {
		text := o.Err.Error()
		saved.Err = &text
	}
	return s.line(savedLine{Outcome: saved})
}

// Summary implements [Reporter].
func (s *Saver) Summary(sum *Summary) error { return s.line(savedLine{Summary: sum}) }

func (s *Saver) line(l savedLine) error {
	err := s.write(l)
	if s.err == nil {
		s.err = err
	}
	return err
}

func (s *Saver) write(l savedLine) error {
	if !s.begun {
		s.begun = true
		if err := writeSaved(s.W, savedHead{savedFormat, savedVersion, s.How, values(s.problems)}); err != nil {
			return err
		}
	}
	return writeSaved(s.W, l)
}

func writeSaved[T any](w io.Writer, v T) error {
	b, err := history.Encode(v)
	if err == nil && len(b) >= maxSavedLine {
		err = fmt.Errorf("a run of %d MiB is too large to be saved; save it without --full, or with shorter repetitions", len(b)>>20)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func values(ps source.Problems) []source.Problem {
	var list []source.Problem
	for _, p := range ps {
		list = append(list, *p)
	}
	return list
}

func pointers(list []source.Problem) source.Problems {
	var ps source.Problems
	for i := range list {
		ps = append(ps, &list[i])
	}
	return ps
}

// Load reports what a [Saver] has saved: begin is called with how the runs were
// made, and its result gets everything that the run's own report got. The
// error has the number of the line that is at fault. Load does not trust the
// file.
func Load(r io.Reader, begin func(How) (Reporter, error)) (*Summary, error) {
	l := &loader{lines: bufio.NewReaderSize(r, 1<<16)}
	head, err := readSaved[savedHead](l)
	switch {
	case err == nil && head.Format != savedFormat:
		err = l.fault(errors.New("it does not have the format's name"))
	case err == nil && head.Version != savedVersion:
		err = fmt.Errorf("it has version %d of the format, and this sockscript reads version %d; use the sockscript that has saved it", head.Version, savedVersion)
	case errors.Is(err, io.EOF):
		err = l.fault(errors.New("the file is empty"))
	}
	if err != nil {
		return nil, err
	}
	rep, err := begin(head.How)
	if err != nil {
		return nil, err
	}
	if err := rep.Problems(pointers(head.Problems)); err != nil {
		return nil, err
	}
	for range maxSavedRuns {
		line, err := readSaved[savedLine](l)
		if errors.Is(err, io.EOF) {
			return nil, l.fault(errors.New("it has no summary: the run that saved it did not end"))
		}
		if err != nil {
			return nil, err
		}
		sum, err := l.report(rep, line)
		if sum != nil || err != nil {
			return sum, err
		}
	}
	return nil, l.fault(fmt.Errorf("it has more than %d scenarios", maxSavedRuns))
}

// IsSaved reports whether what r reads begins as a file of saved runs does. It
// takes nothing.
func IsSaved(r *bufio.Reader) bool {
	start, _ := r.Peek(128)
	line, _, _ := bytes.Cut(start, []byte("\n"))
	return bytes.HasPrefix(line, []byte("{")) && bytes.Contains(line, []byte(`"Format":"`+savedFormat+`"`))
}

type loader struct {
	lines *bufio.Reader
	n     int // lines read
}

// fault says what is wrong with a line, and what helps.
func (l *loader) fault(err error) error {
	return fmt.Errorf("line %d: %w; it is not a file that `sockscript run --save` has written, or it was changed: save the run again", max(l.n, 1), err)
}

func readSaved[T any](l *loader) (T, error) {
	var zero T
	line, err := l.read()
	if err != nil {
		return zero, err
	}
	v, err := history.Decode[T](line)
	if err != nil {
		return zero, l.fault(err)
	}
	return v, nil
}

// read reads a line; the error is io.EOF at the end of the file.
func (l *loader) read() ([]byte, error) {
	var line []byte
	for {
		piece, err := l.lines.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case len(line) > maxSavedLine:
			l.n++
			return nil, l.fault(fmt.Errorf("it is longer than %d MiB", maxSavedLine>>20))
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil:
			l.n++
			return bytes.TrimSuffix(line, []byte("\n")), nil
		}
		return nil, err
	}
}

// report reports a line. The summary is the last one.
func (l *loader) report(rep Reporter, line savedLine) (*Summary, error) {
	switch {
	case line.Outcome != nil:
		o, err := line.Outcome.outcome()
		if err != nil {
			return nil, l.fault(err)
		}
		return nil, rep.Outcome(o)
	case line.Summary != nil:
		if err := line.Summary.valid(); err != nil {
			return nil, l.fault(err)
		}
		return line.Summary, rep.Summary(line.Summary)
	}
	return nil, l.fault(errors.New("it has neither an outcome nor a summary"))
}

// outcome is the outcome, as far as its parts fit together.
func (s *savedOutcome) outcome() (*Outcome, error) {
	o := &Outcome{
		Scenario: s.Scenario, Result: s.Result, Run: s.Run, Runs: s.Runs, Wanted: s.Wanted, Failed: s.Failed, Variants: s.Variants,
		Diff: s.Diff, Change: s.Change, Golden: s.Golden, GoldenPath: s.GoldenPath, Fault: s.Fault, Known: s.Known, Row: s.Row,
	}
	if s.Err != nil {
		o.Err = errors.New(*s.Err)
	}
	switch {
	case s.Golden < GoldenUnused || s.Golden > GoldenCreated:
		return nil, fmt.Errorf("the state %d of the golden file is not known", s.Golden)
	case s.Golden == GoldenDiffers && s.Diff == nil:
		return nil, errors.New("the golden file differs and there is no diff")
	}
	return o, nil
}

// valid checks the numbers that are printed.
func (s *Summary) valid() error {
	for _, n := range []int{s.Passed, s.Failed, s.Skipped, s.Known, s.Interrupted, s.NotRun, s.Broken, s.Differing, s.Changed, s.Created, s.Unchanged, s.Count} {
		if n < 0 || int64(n) > 1<<31 {
			return fmt.Errorf("the count %d of the summary is out of range", n)
		}
	}
	return nil
}
