package main

import (
	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

func (p *program) checkCommand() *cobra.Command {
	format := choice{words: []string{"text", "json"}}
	c := &cobra.Command{
		Use:   "check [FILE|DIR|GLOB|NAME]...",
		Short: "Find what is wrong with scenarios without running them",
		Long: `Check scenarios without running them, and print all that is wrong with them:
each finding with its place, the line and a caret. Warnings do not count.

Arguments are those of run. With none, the current directory is taken.

` + exitHelp,
		Example: `  sockscript check hello.yaml
  sockscript check tests/
  sockscript check - <hello.yaml`,
		ValidArgsFunction: completeNames,
	}
	format.bind(c, "format", "what to print; json: one object a line, see the reference")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"."}
		}
		files, err := suite.Find(args, p.stdin)
		if err != nil {
			return err
		}
		var rep report.Reporter = &report.Text{W: p.out, Errors: p.out, Style: report.Style{Color: p.out.color()}}
		if format.word == "json" {
			rep = &report.JSON{W: p.out}
		}
		return check(files, rep)
	}
	return c
}

func check(files []suite.File, rep report.Reporter) error {
	_, problems, err := suite.Load(files)
	rep.Problems(problems)
	if err != nil {
		return err
	}
	if err := rep.Checked(len(files), problems); err != nil {
		return err
	}
	if problems.HasErrors() {
		return status(statusInvalid)
	}
	return nil
}
