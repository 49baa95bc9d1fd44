package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockscript/sockscript/scenarios/source"
)

const exitHelp = `Exit status:
  0    all scenarios passed or were skipped
  1    a scenario failed, or its transcript is not the golden file's
  2    a scenario or the command line is invalid, or a file cannot be read or written
  130  interrupted
  141  the reader of the output has gone away`

// command is the root of the command line.
func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "sockscript",
		Short: "Run scenarios of socket calls on the real kernel",
		Long: `sockscript runs scenarios: YAML files that say, actor by actor, which socket
calls to make and what must come back. The calls are made on the real kernel,
the actors run concurrently, and the transcript is the same on every run.

` + exitHelp,
		Example: `  sockscript init                    begin with a first scenario of your own
  sockscript tour                    learn from those that are shipped
  sockscript run tcp-hello           run a shipped scenario
  sockscript show tcp-hello          see how it is written
  sockscript run hello.yaml          run your own
  sockscript test --update tests/    keep the transcripts as golden files
  sockscript doc recv                read about a step kind`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		Args:          p.unknownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(p.out)
	root.SetErr(p.errors)
	p.narrowHelp(root)
	root.SetFlagErrorFunc(p.flagError)
	root.SetHelpCommand(p.helpCommand())
	root.AddCommand(
		p.initCommand(), p.runCommand(), p.testCommand(), p.renderCommand(), p.diagramCommand(), p.watchCommand(), p.checkCommand(), p.fmtCommand(), p.listCommand(), p.showCommand(), p.tourCommand(), p.explainCommand(),
		p.lspCommand(), p.docCommand(), p.manCommand(), p.schemaCommand(), p.versionCommand(),
	)
	return root
}

// narrowHelp keeps the help of all commands within the terminal.
func (p *program) narrowHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		text := new(bytes.Buffer)
		c.SetOut(text)
		help(c, args)
		c.SetOut(p.out)
		p.page(text.String()) // p.out keeps the error
	})
}

// helpCommand shows the help of a command, as its --help does.
func (p *program) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var list []cobra.Completion
			for _, sub := range documented(c.Root()) {
				list = append(list, cobra.CompletionWithDesc(sub.Name(), sub.Short))
			}
			return list, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			switch {
			case err != nil || len(rest) > 0 && !about.HasParent():
				return p.unknownCommand(c.Root(), args)
			case len(rest) > 0:
				return fmt.Errorf("help takes one command, got %q", rest[0])
			}
			about.InitDefaultHelpFlag()
			about.InitDefaultVersionFlag()
			return about.Help()
		},
	}
}

// unknownCommand is the error for a first word that is not a command.
func (p *program) unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return unknown("command", args[0], names, "see `sockscript --help`")
}

// unknown is the error for a word that is not known. It suggests the known word
// that is most like it, or says otherwise where none is.
func unknown(what, word string, known []string, otherwise string) error {
	hint := source.DidYouMean(word, known)
	if hint == "" {
		hint = otherwise
	}
	return fmt.Errorf("unknown %s %q; %s", what, word, hint)
}

// flagError makes an error of a flag's readable, with what was meant. Behind
// a command that is unknown every flag is.
func (p *program) flagError(c *cobra.Command, err error) error {
	if !c.HasParent() && len(p.args) > 0 && !strings.HasPrefix(p.args[0], "-") {
		return p.unknownCommand(c, p.args[:1])
	}
	see := fmt.Sprintf("see `%s --help`", c.CommandPath())
	var missing *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &missing) && missing.GetSpecifiedShortnames() == "":
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return unknown("flag", "--"+missing.GetSpecifiedName(), names, see)
	case errors.As(err, &missing):
		return fmt.Errorf("unknown flag %q; %s", "-"+missing.GetSpecifiedName(), see)
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s: %s", invalid.GetFlag().Name, invalidValue(invalid))
	}
	return fmt.Errorf("%w; %s", err, see)
}

func invalidValue(e *pflag.InvalidValueError) string {
	switch e.GetFlag().Value.Type() {
	case "int":
		return fmt.Sprintf("%q is not a whole number", e.GetValue())
	case "duration":
		return fmt.Sprintf("%q is not a duration; write it as 500ms, 10s or 2m", e.GetValue())
	}
	return strings.TrimSpace(e.Unwrap().Error())
}

// choice is a flag that takes one of a few words.
type choice struct {
	words []string
	word  string
}

// Set implements [pflag.Value].
func (v *choice) Set(s string) error {
	for _, w := range v.words {
		if s == w {
			v.word = w
			return nil
		}
	}
	err := fmt.Errorf("%q is not one of %s", s, strings.Join(v.words, ", "))
	if hint := source.DidYouMean(s, v.words); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

// String implements [pflag.Value].
func (v *choice) String() string { return v.word }

// Type implements [pflag.Value]; help shows it.
func (v *choice) Type() string { return strings.Join(v.words, "|") }

// bind adds the flag to a command, with completion of its words. The first word
// is the default.
func (v *choice) bind(c *cobra.Command, name, help string) {
	v.word = v.words[0]
	c.Flags().Var(v, name, help)
	c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(v.words, cobra.ShellCompDirectiveNoFileComp))
}
