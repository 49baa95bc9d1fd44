package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/library"
)

// A session is what run and test have in common: choosing scenarios, running
// them, reporting.
type session struct {
	jobs     int
	count    int
	pattern  string
	tags     []string
	failFast bool
	define   []string
	vars     map[string]any // what define says
	timeout  time.Duration
	quiet    bool
	verbose  bool
	stress   int
	reports  reportFlags

	order  choice
	unmask bool
	full   bool

	goldens suite.Goldens
	update  bool
	prune   bool
}

// bind adds the flags that both commands have.
func (s *session) bind(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.IntVarP(&s.jobs, "jobs", "j", 1, "run `n` at a time; 0: one for each processor")
	f.IntVar(&s.count, "count", 1, "run each scenario `n` times; all transcripts must be the same")
	f.StringVar(&s.pattern, "run", "", "only scenarios whose name matches this `regexp`")
	f.StringSliceVar(&s.tags, "tags", nil, "only scenarios with one of these tags: `a,b`")
	f.BoolVar(&s.failFast, "fail-fast", false, "begin no further scenario after the first failure")
	f.StringArrayVarP(&s.define, "define", "D", nil, "set a variable of the scenarios: `name=value` (repeatable)")
	f.DurationVar(&s.timeout, "timeout", 0, "the bound of each scenario's run (default: its own, or 30s)")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "only failures and the summary; a failure shows of each repetition the first round and the last")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "all transcripts, with descriptions and elapsed times")
	c.RegisterFlagCompletionFunc("tags", completeTags)
	for _, name := range []string{"jobs", "count", "run", "define", "timeout"} {
		c.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	c.ValidArgsFunction = completeNames
}

// bindStress adds the flag that looks for transcripts that differ.
func (s *session) bindStress(c *cobra.Command) {
	c.Flags().IntVar(&s.stress, "stress", 0, "run each scenario until its transcript differs, at most `n` times, two a processor unless -j is given")
	c.RegisterFlagCompletionFunc("stress", cobra.NoFileCompletions)
}

// completeNames completes the shipped scenarios' names; where none fits, the
// shell completes files.
func completeNames(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return library.Names(), cobra.ShellCompDirectiveDefault
}

func completeTags(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cases, _, _ := suite.Load(suite.Shipped())
	return suite.Tags(cases), cobra.ShellCompDirectiveNoFileComp
}

// validate finds what is wrong with the flags together, and turns them into the
// numbers of runs and of jobs.
func (s *session) validate(c *cobra.Command) error {
	given := c.Flags().Changed
	switch {
	case given("stress") && s.stress < 2:
		return errors.New("--stress: a number of at least 2 is needed")
	case given("stress") && given("count"):
		return errors.New("--stress and --count exclude each other")
	case s.jobs < 0:
		return errors.New("--jobs: a number of at least 0 is needed")
	case s.count < 1:
		return errors.New("--count: a number of at least 1 is needed")
	case s.timeout < 0:
		return errors.New("--timeout: a duration above 0 is needed")
	case s.quiet && s.verbose:
		return errors.New("--quiet and --verbose exclude each other")
	}
	if s.jobs == 0 {
		s.jobs = runtime.GOMAXPROCS(0)
	}
	if s.stress > 0 {
		s.count = s.stress
		if !given("jobs") {
			s.jobs = 2 * runtime.GOMAXPROCS(0)
		}
	}
	return nil
}

// load loads the files.
func load(files []suite.File, rep report.Reporter) ([]*suite.Case, error) {
	all, problems, err := suite.Load(files)
	rep.Problems(problems) // p.out and the files keep the error
	if err == nil && problems.HasErrors() {
		err = fmt.Errorf("nothing was run: %s", report.CountProblems(problems))
	}
	return all, err
}

// choose chooses among the scenarios.
func (s *session) choose(all []*suite.Case) ([]*suite.Case, error) {
	var filter suite.Filter
	if s.pattern != "" {
		re, err := regexp.Compile(s.pattern)
		if err != nil {
			return nil, fmt.Errorf("--run: %w", err)
		}
		filter.Name = re
	}
	filter.Tags = s.tags
	chosen := filter.Choose(all)
	if len(chosen) == 0 {
		return nil, s.nothingChosen(all)
	}
	return chosen, nil
}

// nothingChosen is the error for flags that choose none of the scenarios.
func (s *session) nothingChosen(all []*suite.Case) error {
	if tags := suite.Tags(all); len(s.tags) > 0 {
		for _, tag := range s.tags {
			if !slices.Contains(tags, tag) {
				return fmt.Errorf("--tags: %w", unknown("tag", tag, tags, "none of the scenarios has it"))
			}
		}
	}
	return fmt.Errorf("none of the %d scenarios matches --run %q", len(all), s.pattern)
}

// style is how transcripts are printed.
func (p *program) style(s *session) report.Style {
	return report.Style{
		Order: runner.Order(s.order.word),
		Form:  runner.Form{Unmask: s.unmask, Full: s.full},
		Color: p.out.color(),
	}
}

// text is the report for people.
func (p *program) text(s *session) *report.Text {
	text := &report.Text{W: p.out, Errors: p.errors, Style: p.style(s), Updating: s.goldens == suite.UpdateGoldens}
	switch {
	case s.quiet:
		text.Verbosity = report.Quiet
	case s.verbose:
		text.Verbosity = report.Verbose
	}
	return text
}

// report opens the reports, and closes them when do has ended.
func (p *program) report(s *session, do func(*reporting) error) error {
	rep, err := p.reporting(&s.reports, p.style(s), p.text(s))
	if err != nil {
		return err
	}
	return rep.end(do(rep))
}

// run runs the cases and reports them.
func (p *program) run(ctx context.Context, s *session, cases []*suite.Case, rep report.Reporter, sum *report.Summary) error {
	options := suite.Options{
		Run:  runner.Options{Vars: s.vars, Timeout: s.timeout, Full: s.full, FoldAll: s.tellsFailuresOnly()},
		Jobs: s.jobs, Count: s.count, FailFast: s.failFast, Stress: s.stress > 0, Goldens: s.goldens,
	}
	progress := newProgress(len(cases) * s.count)
	options.Progress = func(g suite.Progress) { progress.Show(g.Done, g.Total, g.Failed, g.Name) }
	sum.Start = time.Now()
	suite.Run(ctx, cases, options, func(o *report.Outcome) {
		progress.Clear()
		sum.Add(o)
		rep.Outcome(o) // p.out and the files keep the error
	})
	progress.Clear()
	sum.Count, sum.Stress = s.count, s.stress > 0
	sum.Elapsed, sum.Updating = time.Since(sum.Start), s.goldens == suite.UpdateGoldens
	var err error
	if s.prune && ctx.Err() == nil {
		err = prune(sum)
	}
	rep.Summary(sum) // likewise
	if err != nil {
		return err
	}
	return exitOf(ctx, sum)
}

// tellsFailuresOnly reports whether nobody reads the transcript of a run that
// passes.
func (s *session) tellsFailuresOnly() bool {
	format, _ := report.LookupFormat(s.reports.format.word)
	return s.quiet && s.count == 1 && s.goldens == suite.IgnoreGoldens &&
		format.Name == "text" && len(s.reports.files) == 0 && !onGitHub()
}

// setVars sets the variables that -D names; one of the cases must have each.
func (s *session) setVars(cases []*suite.Case) (err error) {
	if s.vars, err = suite.ParseVars(s.define); err == nil {
		err = suite.CheckVars(cases, s.vars)
	}
	if err != nil {
		return fmt.Errorf("-D: %w", err)
	}
	return nil
}

// prune removes the golden files that no scenario has.
func prune(sum *report.Summary) error {
	for len(sum.Orphans) > 0 {
		path := sum.Orphans[0]
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("cannot remove the golden file: %w", err)
		}
		sum.Orphans, sum.Removed = sum.Orphans[1:], append(sum.Removed, path)
	}
	return nil
}

func exitOf(ctx context.Context, sum *report.Summary) error {
	switch {
	case ctx.Err() != nil && sum.Interrupted+sum.NotRun > 0:
		return status(statusInterrupted)
	case sum.Broken > 0:
		return status(statusInvalid)
	case sum.Failed > 0:
		return status(statusFailed)
	}
	return nil
}

// newProgress draws on the terminal that the errors go to, if they go to one,
// and else nowhere.
func newProgress(runs int) *report.Progress {
	fd := int(os.Stderr.Fd())
	if runs < 2 || plain() || !term.IsTerminal(fd) {
		return new(report.Progress)
	}
	p := &report.Progress{W: os.Stderr, Delay: 200 * time.Millisecond, Every: 50 * time.Millisecond}
	p.Width, _, _ = term.GetSize(fd)
	p.Begin()
	return p
}
