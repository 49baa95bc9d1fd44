package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

func (p *program) testCommand() *cobra.Command {
	s := new(session)
	var update bool
	c := &cobra.Command{
		Use:   "test [FILE|DIR|GLOB|NAME]...",
		Short: "Run scenarios and compare their transcripts with golden files",
		Long: `Run the scenarios that have a golden file beside them, and compare.

The golden file of hello.yaml is hello.golden. Where a file holds several
scenarios, each has its own golden file, with the scenario's name. A transcript
that differs is shown as a diff and fails. Scenarios without a golden file are
not run but counted; one that is skipped is not compared.

With --update the golden files are written where they differ or are missing. A
scenario that fails leaves its golden file as it is.

Arguments are those of run. With none, the current directory is taken.

` + exitHelp,
		Example: `  sockscript test
  sockscript test -j 4 tests/
  sockscript test --update tests/hello.yaml`,
	}
	s.bind(c)
	c.Flags().BoolVar(&update, "update", false, "write the golden files, and say which changed")
	c.RunE = func(c *cobra.Command, args []string) error {
		s.goldens = suite.CompareGoldens
		if update {
			s.goldens = suite.UpdateGoldens
		}
		return p.testScenarios(c, s, args)
	}
	return c
}

func (p *program) testScenarios(c *cobra.Command, s *session, args []string) error {
	if err := s.validate(); err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	files, err := suite.Find(args, p.stdin)
	if err != nil {
		return err
	}
	update := s.goldens == suite.UpdateGoldens
	if !update {
		if files = suite.NearGoldens(files); len(files) == 0 {
			return errNoGolden
		}
	}
	rep := p.reporter(s)
	cases, err := s.cases(files, rep)
	if err != nil {
		return err
	}
	if err := suite.CheckGoldens(cases); err != nil {
		return err
	}
	sum := new(report.Summary)
	if !update {
		with, without := suite.WithGolden(cases)
		if len(with) == 0 {
			return errNoGolden
		}
		cases, sum.NoGolden = with, len(without)
	}
	if text, ok := rep.(*report.Text); ok {
		text.Several = true
	}
	err = p.run(c.Context(), s, cases, rep, sum)
	if sum.Differing > 0 && s.format.word == "text" {
		fmt.Fprintln(p.out, "`sockscript test --update` makes the new transcripts the golden ones")
	}
	return err
}

var errNoGolden = errors.New("no scenario here has a golden file; `sockscript test --update` writes them")
