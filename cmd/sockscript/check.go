package main

import (
	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

const checkHelp = `Check scenarios without running them. Every problem is printed with its place,
its line and a caret. Warnings do not change the exit status.

The arguments are the same as for run. Without arguments, the current directory
is used.

With --needs, what the scenarios need of the outside is listed instead, a line
for each place in a file that says so:

  hello.yaml:12:7: exec curl

No line means that they need only to read the folder that they are in, a
temporary folder, and the loopback network. What a program does, and what an
expression makes of data that comes in, is not known without running.
"sockscript doc" explains the words.

With --sandbox it is a mistake to need anything of the outside that --allow does
not name; see run. A scenario from the standard input cannot include files,
unless --sandbox=off allows it.

`

func (p *program) checkCommand() *cobra.Command {
	var flags reportFlags
	var shipped bool
	var needs choice
	var sandbox sandboxFlags
	c := &cobra.Command{
		Use:   "check [FILE|DIR|GLOB|NAME]...",
		Short: "Find mistakes in scenarios without running them",
		Long:  checkHelp + exitHelp,
		Example: `  sockscript check hello.yaml
  sockscript check tests/
  sockscript check - <hello.yaml
  sockscript check --needs hello.yaml
  sockscript check --sandbox --allow exec=curl hello.yaml`,
		ValidArgsFunction: completeNames,
	}
	flags.bind(c)
	bindShipped(c, &shipped)
	needs.words = []string{"text", "json"}
	needs.bind(c, "needs", "list what the scenarios need of the outside, as lines or as a JSON array")
	f := c.Flags().Lookup("needs")
	needs.word, f.DefValue, f.NoOptDefVal = "", "", needs.words[0]
	sandbox.bind(c, "find what a sandbox would not allow", sandboxOn, sandboxOff)
	c.MarkFlagsMutuallyExclusive("needs", "sandbox")
	c.RunE = func(_ *cobra.Command, args []string) error {
		files, err := p.find(args, shipped)
		if err != nil {
			return err
		}
		if needs.word != "" {
			return p.printNeeds(files, needs.word)
		}
		if _, err := sandbox.confine(files, func(suite.File) bool { return sandbox.mode.word == sandboxOn }); err != nil {
			return err
		}
		style := report.Style{Color: p.out.color(), Width: p.out.width()}
		rep, err := p.reporting(&flags, style, &report.Text{W: p.out, Errors: p.out, ErrorWidth: style.Width, Style: style})
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
