package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

func (p *program) runCommand() *cobra.Command {
	s := new(session)
	c := &cobra.Command{
		Use:   "run [FILE|DIR|GLOB|NAME]... [-- COMMAND [ARGUMENT]...]",
		Short: "Run scenarios",
		Long: `Run scenarios and print what they did.

An argument is a file; a directory, whose *.yaml and *.yml are run, at any
depth; a pattern, in which ** stands for any directories; the name of a shipped
scenario; or -, which is the standard input. With no argument all shipped
scenarios are run. What is on disk goes before a shipped scenario of that name.

A single scenario prints its transcript. Of several, those that pass print a
line each, those that fail their whole report, and a summary comes last.

All files are checked first, and nothing is run if one of them is invalid.

With -- COMMAND a client or server under test runs beside the scenario. Its
arguments may hold ${...}, as in "http://${server.listener}/"; its environment has
the address of each socket that an actor listens on or binds for datagrams, as
SOCKSCRIPT_server_listener=127.0.0.1:43211. Its exit status must be 0.

` + exitHelp,
		Example: `  sockscript run hello.yaml
  sockscript run -j 4 tests/ 'more/**/*.yaml'
  sockscript run --count 100 -j 8 tcp-hello
  sockscript run -D port=7000 server.yaml
  sockscript run http-server -- curl -s 'http://${server.listener}/'`,
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
	var command []string
	if dash := c.ArgsLenAtDash(); dash >= 0 {
		args, command = args[:dash], args[dash:]
		if len(command) == 0 || len(args) == 0 {
			return errors.New("-- stands between a scenario and a command, as in: run server.yaml -- curl URL")
		}
	}
	files := suite.Shipped()
	if len(args) > 0 {
		var err error
		if files, err = suite.Find(args, p.stdin); err != nil {
			return err
		}
	}
	for i := range files {
		files[i].Command = command
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
