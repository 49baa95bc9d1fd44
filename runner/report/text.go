package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// Verbosity is how much a text report says about what went well.
type Verbosity int

// The verbosities.
const (
	Normal  Verbosity = iota // the transcript of a single scenario, of several only their names
	Quiet                    // only failures and the summary
	Verbose                  // all transcripts, with descriptions and times
)

// Text is the report for people. It is a [Reporter].
type Text struct {
	W      io.Writer
	Errors io.Writer // where problems of the files go
	// ErrorWidth is how many columns the terminal of Errors has; 0 where Errors
	// is not a terminal.
	ErrorWidth int
	Style      Style
	Verbosity  Verbosity
	// Several says that more than one scenario was chosen: those that passed
	// are a line each, and a summary follows.
	Several bool
	// Updating says that golden files are written.
	Updating bool

	lines  bool // the last thing written is a line of a list
	blocks bool // the last thing written is a block, set apart by empty lines
}

// Problems implements [Reporter]: each problem with its line and a caret.
func (t *Text) Problems(ps source.Problems) error {
	if len(ps) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(t.Errors, ps.Within(t.ErrorWidth))
	return err
}

// Checked implements [Reporter].
func (t *Text) Checked(files int, problems source.Problems) error {
	gap := ""
	if len(problems) > 0 {
		gap = "\n"
	}
	_, err := fmt.Fprintf(t.W, "%s%s in %s\n", gap, CountProblems(problems), source.Count(files, "file", "files"))
	return err
}

// CountProblems counts errors and warnings: "2 errors, 1 warning".
func CountProblems(ps source.Problems) string {
	errs := countErrors(ps)
	var parts []string
	if errs > 0 {
		parts = append(parts, source.Count(errs, "error", "errors"))
	}
	if warnings := len(ps) - errs; warnings > 0 {
		parts = append(parts, source.Count(warnings, "warning", "warnings"))
	}
	if len(parts) == 0 {
		return "no problems"
	}
	return strings.Join(parts, ", ")
}

// countErrors counts the problems that are not warnings.
func countErrors(ps source.Problems) int {
	n := 0
	for _, p := range ps {
		if p.Severity == source.Error {
			n++
		}
	}
	return n
}

// Outcome implements [Reporter].
func (t *Text) Outcome(o *Outcome) error {
	if err := t.outcome(o); err != nil {
		return err
	}
	return t.races(o)
}

func (t *Text) outcome(o *Outcome) error {
	status := o.Status()
	switch {
	case status == history.Known && t.Several && t.Verbosity != Verbose:
		if t.Verbosity == Quiet {
			return nil
		}
		return t.line(o)
	case o.Err != nil || o.Diff != nil || o.Fault != "":
		return t.block(func(w io.Writer) error { return t.differing(w, o) })
	case o.Result == nil:
		return nil
	case status == history.Failed, status == history.Known:
		return t.block(func(w io.Writer) error { return t.failure(w, o) })
	case o.Runs < o.Wanted:
		return t.line(o)
	case t.Verbosity == Quiet && status != history.Cancelled:
		return nil
	case t.Updating && o.Golden == GoldenSame && t.Verbosity != Verbose:
		return nil
	case o.Golden == GoldenChanged && t.Verbosity == Verbose && o.Change != nil:
		return t.block(func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s\n%s", t.written(o), t.Style.paintDiff(source.VisibleLines(o.Change.Text)))
			return err
		})
	case o.Golden == GoldenChanged || o.Golden == GoldenCreated:
		return t.line(o)
	case t.full(o):
		return t.block(func(w io.Writer) error { return Transcript(w, o.Result, t.style()) })
	}
	return t.line(o)
}

// full reports whether a scenario that did not fail is shown whole.
func (t *Text) full(o *Outcome) bool {
	if o.Golden == GoldenSame && t.Verbosity != Verbose {
		return false
	}
	return !t.Several || t.Verbosity == Verbose && o.Status() != history.Skipped
}

func (t *Text) style() Style {
	s := t.Style
	s.Verbose = t.Verbosity == Verbose
	return s
}

// block writes what takes several lines, set apart where it is among
// others.
func (t *Text) block(write func(io.Writer) error) error {
	if t.lines || t.blocks {
		if _, err := fmt.Fprintln(t.W); err != nil {
			return err
		}
	}
	t.lines, t.blocks = false, true
	return write(t.W)
}

// line writes an outcome as a line of a list. The names are in one column.
func (t *Text) line(o *Outcome) error {
	if t.blocks {
		if _, err := fmt.Fprintln(t.W); err != nil {
			return err
		}
	}
	t.lines, t.blocks = true, false
	line := t.written(o)
	aside := t.style().aside(o.Result)
	if o.Status() == history.Known {
		aside = t.Style.dim("  (" + source.Visible(o.Known) + ")")
	}
	if o.Golden != GoldenChanged && o.Golden != GoldenCreated {
		line = t.column(o, o.Status().String(), source.Visible(o.Scenario.Name))
	}
	if o.Runs < o.Wanted {
		aside = fmt.Sprintf("  (%d of %d runs)", o.Runs, o.Wanted)
	}
	_, err := fmt.Fprintln(t.W, t.Style.beside(line, aside))
	return err
}

// column sets what is said of an outcome before its name.
func (t *Text) column(o *Outcome, word, subject string) string {
	width := len("skip")
	if t.Updating {
		width = len("changed")
	}
	return t.Style.paintStatus(o.Status(), fmt.Sprintf("%-*s  %s", width, word, subject))
}

// written names a golden file that was written, with how many lines of it are
// new and how many are gone.
func (t *Text) written(o *Outcome) string {
	path := source.Visible(o.GoldenPath)
	if o.Row != "" {
		path += " (" + source.Visible(o.Row) + ")"
	}
	if o.Golden == GoldenCreated {
		return t.column(o, "new", path)
	}
	line := t.column(o, "changed", path)
	if o.Change != nil {
		added, removed := o.Change.count()
		line += t.Style.dim(fmt.Sprintf("  (+%d -%d)", added, removed))
	}
	return line
}

// failure writes the report of a run that failed.
func (t *Text) failure(w io.Writer, o *Outcome) error {
	if o.Runs > 1 {
		_, err := fmt.Fprintf(w, "run %d failed; of %d runs %d did:\n", o.Run, o.Runs, o.Failed)
		if err != nil {
			return err
		}
	}
	if o.Status() == history.Known {
		seen := *o.Result
		seen.Status, seen.Reason = history.Known, o.Known
		return Failure(w, &seen, t.style())
	}
	return Failure(w, o.Result, t.style())
}

// differing writes how a transcript is not what it should be.
func (t *Text) differing(w io.Writer, o *Outcome) error {
	var b strings.Builder
	file, name := source.Visible(o.Scenario.Pos().File), source.Visible(o.Scenario.Name)
	switch d := o.Diff; {
	case o.Err != nil:
		fmt.Fprintf(&b, "%s: %s: %s\n", file, name, source.Visible(o.Err.Error()))
	case o.Fault != "":
		fmt.Fprintf(&b, "%s: %s: %s\n", file, name, source.Visible(o.Fault))
	case o.Golden == GoldenDiffers:
		fmt.Fprintf(&b, "%s: %s: the transcript differs from %s\n", file, name, source.Visible(d.From))
	default:
		fmt.Fprintf(&b, "%s: %s: the transcript of %s differs from that of %s\n", file, name, source.Visible(d.To), source.Visible(d.From))
		for i, v := range o.Variants {
			if i == mostVariants {
				fmt.Fprintf(&b, "and %s\n", source.Count(len(o.Variants)-i, "other transcript", "other transcripts"))
				break
			}
			fmt.Fprintf(&b, "%s of %s: that of run %d\n", source.Thousands(v.Runs), source.Count(o.Runs, "run", "runs"), v.Run)
		}
	}
	text := t.Style.within(b.String())
	if o.Err == nil && o.Fault == "" {
		text += t.Style.paintDiff(source.VisibleLines(o.Diff.Text))
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n", text, t.Style.paintStatus(o.Status(), verdictLine(o.Status(), name)))
	return err
}

// mostVariants is how many transcripts of one scenario are reported one by one.
const mostVariants = 10

// Summary implements [Reporter]. A single transcript is its own summary.
func (t *Text) Summary(s *Summary) error {
	if !t.Several && s.Count < 2 && !s.Updating && t.Verbosity != Quiet {
		return nil
	}
	gap := ""
	if t.lines || t.blocks {
		gap = "\n"
	}
	status := history.Passed
	switch {
	case s.Failed > 0 || s.Faulty():
		status = history.Failed
	case s.Interrupted+s.NotRun > 0:
		status = history.Cancelled
	}
	goldens := ""
	if t.Verbosity != Quiet {
		goldens = goldenLists(s)
	}
	if goldens != "" {
		goldens += "\n"
	}
	lists := source.Narrow(slowestList(s)+goldens, t.Style.Width)
	counts := source.Narrow(s.String(), t.Style.Width)
	_, err := fmt.Fprintf(t.W, "%s%s%s\n", gap, lists, t.Style.paintStatus(status, counts))
	return err
}

// slowestList names the scenarios that took longest.
func slowestList(s *Summary) string {
	if len(s.Slowest) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("slowest:\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, x := range s.Slowest {
		fmt.Fprintf(w, "  %s\t%s (%s)\n", brief(x.Elapsed), source.Visible(x.Scenario), source.Visible(x.File))
	}
	w.Flush()
	b.WriteByte('\n')
	return b.String()
}

// goldenLists names the golden files that are missing, and those that nothing
// needs.
func goldenLists(s *Summary) string {
	var b strings.Builder
	if n := len(s.NoGolden); n > 0 {
		fmt.Fprintf(&b, "%s no golden file (--update writes them):\n", source.Count(n, "scenario has", "scenarios have"))
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, m := range s.NoGolden {
			fmt.Fprintf(w, "  %s\t%s (%s)\n", source.Visible(m.Path), source.Visible(m.Scenario), source.Visible(m.File))
		}
		w.Flush()
	}
	if n := len(s.Orphans); n > 0 {
		fmt.Fprintf(&b, "%s no scenario (--update --prune removes them):\n", source.Count(n, "golden file has", "golden files have"))
		fmt.Fprintf(&b, "  %s\n", strings.Join(visibleAll(s.Orphans), "\n  "))
	}
	if n := len(s.Removed); n > 0 {
		fmt.Fprintf(&b, "%s no scenario and %s removed:\n", source.Count(n, "golden file had", "golden files had"), verb(n, "was", "were"))
		fmt.Fprintf(&b, "  %s\n", strings.Join(visibleAll(s.Removed), "\n  "))
	}
	return b.String()
}

// visibleAll is a list of names with their control characters written out.
func visibleAll(list []string) []string {
	shown := make([]string, len(list))
	for i, s := range list {
		shown[i] = source.Visible(s)
	}
	return shown
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
