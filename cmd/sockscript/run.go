package main

import (
	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

func (p *program) runCommand() *cobra.Command {
	s := new(session)
	c := &cobra.Command{
		Use:   "run [FILE|DIR|GLOB|NAME]...",
		Short: "Run scenarios",
		Long: `Run scenarios and print what they did.

An argument is a file; a directory, whose *.yaml and *.yml are run, at any
depth; a pattern, in which ** stands for any directories; the name of a shipped
scenario; or -, which is the standard input. With no argument all shipped
scenarios are run. What is on disk goes before a shipped scenario of that name.

A single scenario prints its transcript. Of several, those that pass print a
line each, those that fail their whole report, and a summary comes last.

All files are checked first, and nothing is run if one of them is invalid.

` + exitHelp,
		Example: `  sockscript run hello.yaml
  sockscript run -j 4 tests/ 'more/**/*.yaml'
  sockscript run --count 100 -j 8 tcp-hello
  sockscript run -D port=7000 server.yaml`,
	}
	s.bind(c)
	s.order.words = []string{"causal", "time", "actor"}
	s.order.bind(c, "order", "the order of a transcript: the same on every run, as it happened, or one actor after the other")
	c.Flags().BoolVar(&s.unmask, "unmask", false, "print ports, temporary folders and process ids as they were")
	c.Flags().BoolVar(&s.full, "full", false, "print all data, not only its first 64 bytes")
	c.RunE = func(c *cobra.Command, args []string) error { return p.runScenarios(c, s, args) }
	return c
}

func (p *program) runScenarios(c *cobra.Command, s *session, args []string) error {
	if err := s.validate(); err != nil {
		return err
	}
	files := suite.Shipped()
	if len(args) > 0 {
		var err error
		if files, err = suite.Find(args, p.stdin); err != nil {
			return err
		}
	}
	rep := p.reporter(s)
	cases, err := s.cases(files, rep)
	if err != nil {
		return err
	}
	if text, ok := rep.(*report.Text); ok {
		text.Several = len(cases) > 1
	}
	return p.run(c.Context(), s, cases, rep, new(report.Summary))
}
