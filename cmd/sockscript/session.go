package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/runner/userns"
)

// A session is what run and test have in common: choosing scenarios, running
// them, reporting.
type session struct {
	jobs     int
	count    int
	pattern  string
	skip     string
	tags     []string
	failed   bool
	shuffle  shuffle
	failFast bool
	varFiles []string
	define   []string
	vars     map[string]any // what these two say
	strict   bool
	keep     bool
	private  bool
	slowest  int
	shipped  bool
	memory   *suite.Memory // nil where nothing can be remembered
	timeout  time.Duration
	quiet    bool
	verbose  bool
	stress   int
	sandbox  sandboxFlags
	reports  reportFlags

	order  choice
	unmask bool
	wire   bool
	full   bool
	lanes  bool
	states bool

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
	f.StringVar(&s.skip, "skip", "", "no scenarios whose name matches this `regexp`")
	f.StringSliceVar(&s.tags, "tags", nil, "only scenarios with one of these tags, and none of those with a !: `tcp,!slow`")
	f.BoolVar(&s.failed, "failed", false, "only scenarios that failed when they were last run from this directory")
	f.Var(&s.shuffle, "shuffle", "run in an order that depends on this seed: `n`, or random for one that the summary shows")
	f.BoolVar(&s.failFast, "fail-fast", false, "begin no further scenario after the first failure")
	f.StringArrayVar(&s.varFiles, "var-file", nil, "set variables from a YAML `file` of names and values (repeatable)")
	f.StringArrayVarP(&s.define, "define", "D", nil, "set a variable of the scenarios: `name=value` (repeatable)")
	f.DurationVar(&s.timeout, "timeout", 0, "the longest time that each scenario may run (default: its own timeout, or 30s)")
	f.BoolVar(&s.private, "private", false, "a network of its own, with nothing but lo, for each scenario that asks for none")
	f.BoolVar(&s.keep, "keep", false, "keep the temporary folder of a scenario that fails, and say where it is")
	f.IntVar(&s.slowest, "slowest", 0, "name the `n` scenarios that took longest")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "only failures and the summary; a failure shows of each repetition the first round and the last")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "all transcripts, with descriptions and elapsed times")
	s.sandbox.bindRun(c)
	c.RegisterFlagCompletionFunc("tags", completeTags)
	for _, name := range []string{"jobs", "count", "run", "skip", "shuffle", "define", "timeout", "slowest"} {
		c.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	c.ValidArgsFunction = completeNames
}

// bindForm adds the flags that say how transcripts are printed.
func (s *session) bindForm(c *cobra.Command) {
	f := c.Flags()
	s.order.words = []string{"causal", "time", "actor"}
	s.order.bind(c, "order", "the order of the transcript: the same on every run, by time, or one actor after the other")
	f.BoolVar(&s.lanes, "lanes", false, "print transcripts in columns, one for each actor, where the terminal is wide enough")
	s.bindStates(c)
	f.BoolVar(&s.unmask, "unmask", false, "print ports, temporary folders and process ids as they were")
	f.BoolVar(&s.full, "full", false, "print all data and arguments of programs, not only their first 64 bytes")
	s.bindWire(c)
}

// bindWire adds the flag that shows the wire.
func (s *session) bindWire(c *cobra.Command) {
	c.Flags().BoolVar(&s.wire, "wire", false, "end transcripts with what crossed the network on each connection, where the scenario has a network of its own")
}

// bindStates adds the flag that shows TCP states. Golden files never have them.
func (s *session) bindStates(c *cobra.Command) {
	c.Flags().BoolVar(&s.states, "states", false, "print below each event of a TCP socket the states of both ends, before and after it")
}

// bindSave adds the flag that keeps the runs.
func (s *session) bindSave(c *cobra.Command) {
	c.Flags().StringVar(&s.reports.save, "save", "", "save the runs in a `file`, which render prints again in any form")
}

// bindStress adds the flag that looks for transcripts that differ.
func (s *session) bindStress(c *cobra.Command) {
	c.Flags().IntVar(&s.stress, "stress", 0, "run each scenario until its transcript differs, at most `n` times, two a processor unless -j is given")
	c.RegisterFlagCompletionFunc("stress", cobra.NoFileCompletions)
}

// bindShipped adds the flag that takes the shipped scenarios.
func bindShipped(c *cobra.Command, shipped *bool) {
	c.Flags().BoolVar(shipped, "shipped", false, "use the shipped scenarios")
}

// bindStrict adds the flag for continuous integration.
func (s *session) bindStrict(c *cobra.Command) {
	c.Flags().BoolVar(&s.strict, "strict", false, "a skip, a scenario without its golden file and a golden file without a scenario are failures")
}

// validate finds what is wrong with the flags together, and turns them into the
// numbers of runs and of jobs.
func (s *session) validate(c *cobra.Command) error {
	given := c.Flags().Changed
	switch {
	case given("stress") && s.stress < 2:
		return errors.New("--stress: the number must be at least 2")
	case given("stress") && given("count"):
		return errors.New("--stress and --count cannot be used together")
	case s.jobs < 0:
		return errors.New("--jobs: the number must be at least 0")
	case s.count < 1:
		return errors.New("--count: the number must be at least 1")
	case s.slowest < 0:
		return errors.New("--slowest: the number must be at least 0")
	case s.timeout < 0:
		return errors.New("--timeout: the duration must be above 0")
	case s.quiet && s.verbose:
		return errors.New("--quiet and --verbose cannot be used together")
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

// style is how transcripts are printed.
func (p *program) style(s *session) report.Style {
	return report.Style{
		Order: history.Order(s.order.word),
		Form:  history.Form{Unmask: s.unmask, Full: s.full},
		Color: p.out.color(),
		Width: p.out.width(),
		Lanes: s.lanes, States: s.states,
		Wire: s.wire,
	}
}

// text is the report for people.
func (p *program) text(s *session) *report.Text {
	text := &report.Text{W: p.out, Errors: p.errors, ErrorWidth: errorWidth(), Style: p.style(s), Updating: s.goldens == suite.UpdateGoldens}
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
	elsewhere := userns.New(p.hurry)
	defer elsewhere.Close()
	options := suite.Options{
		Run:  runner.Options{Vars: s.vars, Timeout: s.timeout, Full: s.full, FoldAll: s.tellsFailuresOnly(), Private: s.private, Frames: s.wire || s.reports.pcap != "", Keep: s.keep, Hurry: p.hurry},
		Jobs: s.jobs, Count: s.count, FailFast: s.failFast, Stress: s.stress > 0, Goldens: s.goldens, Strict: s.strict, Wire: s.wire,
		Elsewhere: s.sandbox.elsewhere(elsewhere.Run),
	}
	if s.reports.pcap != "" {
		if err := checkCapture(cases, options.Run); err != nil {
			return err
		}
	}
	progress := newProgress()
	// A scenario that writes to the terminal itself has it for itself.
	options.Progress = progress.Show
	options.Run.Stdio = func(string) error {
		progress.End()
		return nil
	}
	sum.Start, sum.Strict, sum.Most = time.Now(), s.strict, s.slowest
	if s.shuffle.on {
		sum.Seed = &s.shuffle.seed
	}
	ended := 0
	suite.Run(ctx, cases, options, func(o *report.Outcome) {
		sum.Add(o)
		if s.memory != nil {
			s.memory.Note(cases[ended], o)
		}
		ended++
		progress.Above(func() { rep.Outcome(o) }) // p.out and the files keep the error
	})
	progress.End()
	sum.Count, sum.Stress = s.count, s.stress > 0
	sum.Elapsed, sum.Updating = time.Since(sum.Start), s.goldens == suite.UpdateGoldens
	if s.memory != nil {
		s.memory.Save() // without it --failed knows less, and nothing else is lost
	}
	var err error
	if s.prune && ctx.Err() == nil {
		err = prune(sum)
	}
	rep.Summary(sum) // likewise
	if err != nil {
		return err
	}
	return exitOf(ctx.Err() != nil, sum)
}

// tellsFailuresOnly reports whether nobody reads the transcript of a run that
// passes.
func (s *session) tellsFailuresOnly() bool {
	format, _ := report.LookupFormat(s.reports.format.word)
	return s.quiet && s.count == 1 && s.goldens == suite.IgnoreGoldens &&
		format.Name == "text" && len(s.reports.files) == 0 && s.reports.save == "" && s.reports.draw == "" && s.reports.pcap == "" && !onGitHub()
}

// setVars sets the variables that --var-file and -D name; one of the cases must
// have each. What -D says counts before what a file says.
func (s *session) setVars(cases []*suite.Case) error {
	s.vars = make(map[string]any)
	for _, path := range s.varFiles {
		vars, err := suite.ReadVars(path)
		if err == nil {
			err = suite.CheckVars(cases, vars)
		}
		if err != nil {
			return fmt.Errorf("--var-file: %w", err)
		}
		maps.Copy(s.vars, vars)
	}
	defined, err := suite.ParseVars(s.define)
	if err == nil {
		err = suite.CheckVars(cases, defined)
	}
	if err != nil {
		return fmt.Errorf("-D: %w", err)
	}
	maps.Copy(s.vars, defined)
	return nil
}

// prune removes the golden files that no scenario has.
func prune(sum *report.Summary) error {
	for len(sum.Orphans) > 0 {
		path := sum.Orphans[0]
		if err := suite.RemoveOrphan(path); err != nil {
			return fmt.Errorf("cannot remove the golden file: %w", err)
		}
		sum.Orphans, sum.Removed = sum.Orphans[1:], append(sum.Removed, path)
	}
	return nil
}

// exitOf is the exit status of runs, of which an interrupt may have ended some.
func exitOf(interrupted bool, sum *report.Summary) error {
	switch {
	case interrupted && sum.Interrupted+sum.NotRun > 0:
		return status(statusInterrupted)
	case sum.Broken > 0:
		return status(statusInvalid)
	case sum.Failed > 0 || sum.Faulty():
		return status(statusFailed)
	}
	return nil
}
