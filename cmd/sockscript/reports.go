package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

// onGitHub reports whether the command runs in a workflow of GitHub Actions.
func onGitHub() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// reportFlags say in which forms to report, and where to.
type reportFlags struct {
	format choice
	files  reportList
	save   string // the file to save the runs in; "" for none
	draw   string // the folder for diagrams; "" for none
	pcap   string // the folder for captures; "" for none
	saved  bool   // the runs were saved before
}

func (f *reportFlags) bind(c *cobra.Command) {
	for _, format := range report.Formats() {
		f.format.words = append(f.format.words, format.Name)
	}
	f.format.bind(c, "format", "what to print; see \"Reports\" in the reference")
	c.Flags().StringVar(&f.draw, "diagram", "", "draw a sequence diagram of each run into this `folder`, as NAME.svg")
	c.Flags().StringVar(&f.pcap, "pcap", "", "write the frames of each run into this `folder`, as NAME.pcapng, where the scenario has a network of its own")
	c.Flags().Var(&f.files, "report", "write a report to a file too, in one of these forms (repeatable)")
	c.RegisterFlagCompletionFunc("report", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var list []cobra.Completion
		for _, word := range f.format.words {
			list = append(list, word+"=")
		}
		return list, cobra.ShellCompDirectiveNoSpace
	})
}

// reportList is the flag --report: a form and a file, several times.
type reportList []reportTo

type reportTo struct {
	format report.Format
	path   string
}

// Set implements [pflag.Value].
func (l *reportList) Set(s string) error {
	name, path, ok := strings.Cut(s, "=")
	if !ok || path == "" {
		return fmt.Errorf("%q is not of the form FORMAT=FILE", s)
	}
	var word choice
	for _, f := range report.Formats() {
		word.words = append(word.words, f.Name)
	}
	if err := word.Set(name); err != nil {
		return err
	}
	for _, other := range *l {
		if filepath.Clean(other.path) == filepath.Clean(path) {
			return fmt.Errorf("two reports would be written to %s", path)
		}
	}
	format, _ := report.LookupFormat(name)
	*l = append(*l, reportTo{format, path})
	return nil
}

// String implements [pflag.Value].
func (l *reportList) String() string { return "" }

// Type implements [pflag.Value]; help shows it.
func (l *reportList) Type() string { return "FORMAT=FILE" }

// A reporting is where a run or a check is reported: on the standard output and
// in files.
type reporting struct {
	report.Reporter
	text      *report.Text      // nil where the standard output has another form
	documents []report.Reporter // those that must be ended even where nothing is run
	files     []*reportFile
	saver     *report.Saver // nil where the runs are not saved
	diagrams  *diagrams     // nil where nothing is drawn
	captures  *captures     // nil where nothing is captured
	problems  source.Problems
	ended     bool
}

// reporting opens the reports. The main one goes to the standard output.
func (p *program) reporting(f *reportFlags, style report.Style, text *report.Text) (*reporting, error) {
	r := new(reporting)
	format, _ := report.LookupFormat(f.format.word)
	var list []report.Reporter
	if format.Name == "text" {
		r.text = text
		list = append(list, text)
		if onGitHub() {
			list = append(list, &report.GitHub{W: p.out, Root: os.Getenv("GITHUB_WORKSPACE")})
		}
	} else {
		list = append(list, r.add(format, p.out, style))
	}
	for _, to := range f.files {
		file, err := createReport(to.path)
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		r.files = append(r.files, file)
		list = append(list, r.add(to.format, file, style))
	}
	if f.save != "" {
		file, err := createReport(f.save)
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		file.needsEnd = true
		r.files = append(r.files, file)
		r.saver = &report.Saver{W: file}
		list = append(list, r.saver)
	}
	if f.draw != "" {
		r.diagrams = &diagrams{dir: f.draw, style: style}
		list = append(list, r.diagrams)
	}
	if f.pcap != "" || !f.saved {
		r.captures = &captures{dir: f.pcap, named: make(map[string]int), told: p.errors, lacking: "it used the network of this machine; " + ownNetwork}
		if f.saved {
			r.captures.lacking = "its frames were not saved; run it with --pcap, and --save"
		}
		list = append(list, r.captures)
	}
	r.Reporter = report.Multi(list...)
	return r, nil
}

// begin says how the runs are reported: whether there are several, and which
// command makes transcripts that differ the golden ones.
func (r *reporting) begin(how report.How) {
	if r.text != nil {
		r.text.Several = how.Several
	}
	if r.saver != nil {
		r.saver.How = how
	}
}

func (r *reporting) add(format report.Format, w io.Writer, style report.Style) report.Reporter {
	rep := format.New(w, style)
	if format.Document {
		r.documents = append(r.documents, rep)
	}
	return rep
}

// Problems implements [report.Reporter].
func (r *reporting) Problems(ps source.Problems) error {
	r.problems = append(r.problems, ps...)
	return r.Reporter.Problems(ps)
}

// Checked implements [report.Reporter].
func (r *reporting) Checked(files int, ps source.Problems) error {
	r.ended = true
	return r.Reporter.Checked(files, ps)
}

// Summary implements [report.Reporter].
func (r *reporting) Summary(s *report.Summary) error {
	r.ended = true
	return r.Reporter.Summary(s)
}

// end closes the reports. Where nothing was run because of err, those that a
// consumer would reject otherwise say why. What kept a report from being
// written goes before an exit status that is reported already.
func (r *reporting) end(err error) error {
	if err != nil && !r.ended {
		problems := r.problems
		if !problems.HasErrors() {
			problems = append(problems, &source.Problem{Msg: err.Error()})
		}
		report.Multi(r.documents...).Checked(0, problems) // a file keeps its error
	}
	failed := r.close()
	var reported status
	if failed == nil || err != nil && !errors.As(err, &reported) {
		return errors.Join(err, failed)
	}
	return failed
}

func (r *reporting) close() error {
	var errs []error
	if r.diagrams != nil {
		errs = append(errs, r.diagrams.err)
	}
	if r.captures != nil {
		errs = append(errs, r.captures.err)
	}
	for _, f := range r.files {
		f.unfinished = f.needsEnd && !r.ended
		if f.needsEnd && r.saver != nil {
			f.keep(r.saver.Err())
		}
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// A reportFile is a file that a report is written to. It keeps the first error;
// the run goes on without it.
type reportFile struct {
	path string
	file *suite.Replacement
	err  error

	needsEnd   bool // without its end it is worth nothing
	unfinished bool
	refused    bool // it would take the place of something else, which has been said
}

func createReport(path string) (*reportFile, error) {
	file, err := suite.Replace(path)
	if err != nil {
		return nil, reportError(path, err)
	}
	return &reportFile{path: path, file: file}, nil
}

// Write implements [io.Writer].
func (f *reportFile) Write(b []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.file.Write(b)
	f.keep(err)
	return n, f.err
}

func (f *reportFile) keep(err error) {
	if f.err == nil && err != nil {
		f.err = reportError(f.path, err)
	}
}

// close puts the report in its place if it is whole. It returns the first
// error.
func (f *reportFile) close() error {
	if f.err != nil || f.unfinished || f.refused {
		f.file.Discard()
	} else {
		f.keep(f.file.Commit())
	}
	return f.err
}

// spare reports a report that would take the place of one of the scenarios, and
// does not write it.
func (r *reporting) spare(files []suite.File) error {
	var errs []error
	for _, f := range r.files {
		if suite.IsScenario(f.path, files) {
			f.refused = true
			errs = append(errs, fmt.Errorf("the report %s would overwrite a scenario; name another file", source.Visible(f.path)))
		}
	}
	return errors.Join(errs...)
}

func reportError(path string, err error) error { return writeError("the report "+path, err) }

// writeError says which file was not written, and why, in words without system
// calls.
func writeError(what string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("cannot write %s: %w", source.Visible(what), err)
}
