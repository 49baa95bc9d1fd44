package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

const runHelp = `Run scenarios and print what they did.

An argument is a file; a directory, whose *.yaml and *.yml are run, at any
depth; a pattern, in which ** means any directories; the name of a shipped
scenario; or -, which is the standard input. Without arguments the current
directory is used, with --shipped all shipped scenarios. A file or directory is
preferred to a shipped scenario of the same name.

A single scenario prints its transcript. If there are several, each one that
passes prints one line, and each one that fails its whole report. A summary comes
last.

All files are checked first, and nothing is run if one of them is invalid.

A scenario that uses the handle stdout is a tool: its transcript goes to the
standard error.

With -- COMMAND a client or server under test runs beside the scenario. Its
arguments may hold ${...}, as in "http://${server.listener}/"; its environment has
the address of each socket that an actor listens on or binds for datagrams, as
SOCKSCRIPT_server_listener=127.0.0.1:43211. Its exit status must be 0.

With --golden FILE the transcript of a single scenario must be what FILE holds;
see test. With --stress a scenario is run until its transcript differs or it
fails; then the difference is shown, and how often each transcript came.

--sandbox is for a scenario that somebody else has written. It keeps the scenario
from the files, programs, networks and processes of this machine. If the scenario
needs more, that is an error before anything runs. --allow opens one thing. The
sandbox is the default for a scenario from the standard input; --sandbox=off runs
it as a file of your own. See "sockscript doc", Sandbox.

With --save FILE the runs are saved as JSON lines. "sockscript render FILE" prints
the same bytes again, or another form of them, also on another machine. If
nothing was run, the file is not written.

`

func (p *program) runCommand() *cobra.Command {
	s := new(session)
	c := &cobra.Command{
		Use:   "run [FILE|DIR|GLOB|NAME]... [-- COMMAND [ARGUMENT]...]",
		Short: "Run scenarios",
		Long:  runHelp + exitHelp,
		Example: `  sockscript run hello.yaml
  sockscript run -j 4 tests/ 'more/**/*.yaml'
  sockscript run --count 100 -j 8 tcp-hello
  sockscript run --stress 1000 hello.yaml
  sockscript run --golden expected.txt hello.yaml
  sockscript run --report junit=report.xml --report tap=report.tap tests/
  sockscript run -D port=7000 server.yaml
  sockscript run -D to=127.0.0.1:7 netcat <request
  sockscript run --sandbox --allow exec=curl stranger.yaml
  sockscript run http-server -- curl -s 'http://${server.listener}/'`,
	}
	var golden string
	s.bind(c)
	s.bindStress(c)
	s.bindStrict(c)
	bindShipped(c, &s.shipped)
	f := c.Flags()
	s.bindForm(c)
	f.StringVar(&golden, "golden", "", "compare the transcript of the one scenario with this `file`")
	f.BoolVar(&s.update, "update", false, "with --golden: write the file")
	s.bindSave(c)
	s.reports.bind(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := s.validate(c); err != nil {
			return err
		}
		switch {
		case s.update && golden == "":
			return errors.New("--update goes with --golden; `sockscript test --update` writes the golden files beside scenarios")
		case s.update:
			s.goldens = suite.UpdateGoldens
		case golden != "":
			s.goldens = suite.CompareGoldens
		}
		return p.report(s, func(rep *reporting) error { return p.runScenarios(c, s, args, golden, rep) })
	}
	return c
}

func (p *program) runScenarios(c *cobra.Command, s *session, args []string, golden string, rep *reporting) error {
	files, err := p.filesToRun(c, args, s.shipped)
	if err != nil {
		return err
	}
	all, err := p.load(s, files, rep)
	if err != nil {
		return err
	}
	cases, err := s.choose(all)
	if err == nil {
		err = s.setVars(cases)
	}
	if err != nil {
		return err
	}
	if golden != "" {
		if len(cases) > 1 && !suite.OneTable(cases) {
			return fmt.Errorf("--golden is for one scenario or the rows of one, and %d are chosen; test compares many", len(cases))
		}
		for _, c := range cases {
			c.Golden = golden
		}
	}
	if len(cases) == 1 && cases[0].Scenario.UsesOwnStream("stdout") {
		p.reportAside(rep)
	}
	how := report.How{Several: len(cases) > 1, Updating: s.update, Update: "run --golden " + golden + " --update"}
	rep.begin(how)
	sum := new(report.Summary)
	err = p.run(c.Context(), s, cases, rep, sum)
	return p.offerUpdate(rep, sum, how.Update, err)
}

// reportAside writes the report to the standard error, for a scenario that uses
// the standard output itself.
func (p *program) reportAside(rep *reporting) {
	p.out.file = os.Stderr
	if rep.text != nil {
		rep.text.Style.Color = p.out.color()
	}
}

// filesToRun finds the files that the arguments name, and the command that they
// may end with.
func (p *program) filesToRun(c *cobra.Command, args []string, shipped bool) ([]suite.File, error) {
	var command []string
	if dash := c.ArgsLenAtDash(); dash >= 0 {
		args, command = args[:dash], args[dash:]
		if len(command) == 0 || len(args) == 0 {
			return nil, errors.New("-- comes between a scenario and a command, as in: run server.yaml -- curl URL")
		}
	}
	files, err := p.find(args, shipped)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Options.Command = command
	}
	return files, nil
}

// offerUpdate says, where transcripts differ from golden files, how to make
// them the golden ones.
func (p *program) offerUpdate(rep *reporting, sum *report.Summary, how string, err error) error {
	if sum.Differing == 0 || rep.text == nil {
		return err
	}
	what := "transcript the golden one"
	if sum.Differing > 1 {
		what = "transcripts the golden ones"
	}
	p.page(fmt.Sprintf("`sockscript %s` makes the new %s\n", source.Visible(how), what)) // p.out keeps the error
	return err
}
