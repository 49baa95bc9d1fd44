package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

func (p *program) testCommand() *cobra.Command {
	s := new(session)
	c := &cobra.Command{
		Use:   "test [FILE|DIR|GLOB|NAME]...",
		Short: "Run scenarios and compare their transcripts with golden files",
		Long:  testHelp + exitHelp,
		Example: `  sockscript test
  sockscript test -j 4 tests/
  sockscript test --update tests/hello.yaml
  sockscript test --report junit=report.xml tests/`,
	}
	s.bind(c)
	s.bindStress(c)
	s.bindStrict(c)
	bindShipped(c, &s.shipped)
	c.Flags().BoolVar(&s.update, "update", false, "write the golden files, and say which changed")
	c.Flags().BoolVar(&s.prune, "prune", false, "with --update: remove the golden files that no scenario has")
	s.bindStates(c)
	s.bindWire(c)
	s.bindSave(c)
	s.reports.bind(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := s.validate(c); err != nil {
			return err
		}
		if dash := c.ArgsLenAtDash(); dash >= 0 {
			return fmt.Errorf("test compares transcripts and runs no command beside a scenario; write: %s",
				strings.Join(slices.Concat([]string{"sockscript", "run"}, args[:dash], []string{"--"}, args[dash:]), " "))
		}
		s.goldens = suite.CompareGoldens
		switch {
		case s.update:
			s.goldens = suite.UpdateGoldens
		case s.prune:
			return errors.New("--prune goes with --update")
		}
		return p.report(s, func(rep *reporting) error { return p.testScenarios(c, s, args, rep) })
	}
	return c
}

const testHelp = `Run the scenarios that have a golden file beside them, and compare.

The golden file of hello.yaml is hello.golden. Where a file holds several
scenarios, each has its own golden file, with the scenario's name. A transcript
that differs is shown as a diff and fails. Scenarios without a golden file are
not run, but the summary names them; one that is skipped is not compared.

With --update the golden files are written where they differ or are missing,
and the summary says which are new and which changed, with how many lines; -v
shows the changes themselves. A scenario that fails leaves its golden file as it
is.

The summary names golden files in these directories that belong to no scenario;
--update --prune removes them. A file counts as one if its last line is a
verdict, such as "ok  hello": other tools' *.golden files are not touched.

A line of a golden file that begins with "~ " is a pattern: what follows is a
regular expression (RE2) that matches a whole line of the transcript, whatever
that line is on this run:

  client  send(sock, "hello", 5) = 5
  ~ client  recv\(sock, \d+\) = \d+ ".*"

Write such lines by hand, in the place of those that vary. --update keeps them
as long as they match. Where one does not match, it writes the line itself.

With --stress a scenario is run until its transcript differs or it fails; then
the difference is shown, and how often each transcript came.

With --strict, the flag for continuous integration, a scenario that is skipped
or has no golden file is a failure, and so is a golden file without a scenario.

The arguments are the same as for run. Without arguments, the current directory
is used.

`

func (p *program) testScenarios(c *cobra.Command, s *session, args []string, rep *reporting) error {
	files, err := p.find(args, s.shipped)
	if err != nil {
		return err
	}
	if !s.update && !s.strict {
		files = suite.NearGoldens(files)
	}
	all, err := p.load(s, files, rep)
	if err != nil {
		return err
	}
	sum := new(report.Summary)
	if len(args) == 0 && !s.shipped {
		args = []string{"."}
	}
	if sum.Orphans, err = suite.Orphans(suite.Directories(args), all); err != nil {
		return err
	}
	cases, err := s.toCompare(all, sum)
	if err == nil {
		err = s.setVars(cases)
	}
	if err != nil {
		return err
	}
	how := report.How{Several: true, Updating: s.update, Update: "test --update"}
	rep.begin(how)
	err = p.run(c.Context(), s, cases, rep, sum)
	return p.offerUpdate(rep, sum, how.Update, err)
}

// toCompare chooses among the scenarios those that have a golden file, or all
// where golden files are written. The summary counts the others.
func (s *session) toCompare(all []*suite.Case, sum *report.Summary) ([]*suite.Case, error) {
	if len(all) == 0 {
		return nil, errNoGolden
	}
	cases, err := s.choose(all)
	if err == nil {
		err = suite.CheckGoldens(cases)
	}
	if err != nil || s.update || s.strict {
		return cases, err
	}
	with, without := suite.WithGolden(cases)
	if len(with) == 0 {
		return nil, errNoGolden
	}
	for _, c := range without {
		sum.NoGolden = append(sum.NoGolden, report.NoGolden{
			Scenario: c.Scenario.Name, File: c.File.Path, Path: c.GoldenLabel(),
		})
	}
	return with, nil
}

var errNoGolden = errors.New("no scenario here has a golden file; `sockscript test --update` writes them")
