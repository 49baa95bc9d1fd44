package main

import (
	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

func (p *program) checkCommand() *cobra.Command {
	var flags reportFlags
	var shipped bool
	c := &cobra.Command{
		Use:   "check [FILE|DIR|GLOB|NAME]...",
		Short: "Find mistakes in scenarios without running them",
		Long: `Check scenarios without running them. Every problem is printed with its place,
its line and a caret. Warnings do not change the exit status.

The arguments are the same as for run. Without arguments, the current directory
is used.

` + exitHelp,
		Example: `  sockscript check hello.yaml
  sockscript check tests/
  sockscript check - <hello.yaml`,
		ValidArgsFunction: completeNames,
	}
	flags.bind(c)
	bindShipped(c, &shipped)
	c.RunE = func(_ *cobra.Command, args []string) error {
		files, err := p.find(args, shipped)
		if err != nil {
			return err
		}
		style := report.Style{Color: p.out.color()}
		rep, err := p.reporting(&flags, style, &report.Text{W: p.out, Errors: p.out, Style: style})
		if err != nil {
			return err
		}
		return rep.end(check(files, rep))
	}
	return c
}

func check(files []suite.File, rep *reporting) error {
	if err := rep.spare(files); err != nil {
		return err
	}
	_, problems, err := suite.Load(files)
	rep.Problems(problems) // p.out and the files keep the error
	if err != nil {
		return err
	}
	rep.Checked(len(files), problems) // likewise
	if problems.HasErrors() {
		return status(statusInvalid)
	}
	return nil
}
