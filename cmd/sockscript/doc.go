package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/reference"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

func (p *program) docCommand() *cobra.Command {
	var markdown bool
	c := &cobra.Command{
		Use:   "doc [KIND]",
		Short: "Read about the language and its step kinds",
		Long: `Print the reference of a step kind; without one, an overview of the language:
the keys of a scenario, the step kinds, payloads and the functions of expressions.`,
		ValidArgsFunction: completeKinds,
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "print the whole reference as Markdown")
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) > 1 || markdown && len(args) > 0:
			return fmt.Errorf("doc takes one step kind, or --markdown, got %q", args[len(args)-1])
		case markdown:
			return p.print(reference.Markdown() + commandsMarkdown(c.Root()) + report.FormatsMarkdown() + report.JSONMarkdown())
		case len(args) == 0:
			return p.print(reference.Overview())
		}
		kind, ok := steps.Kinds().Lookup(args[0])
		if !ok {
			return unknown("step kind", args[0], steps.Kinds().Names(), "`sockscript doc` lists them")
		}
		return p.print(step.DocOf(kind).Text())
	}
	return c
}

func (p *program) print(text string) error {
	_, err := fmt.Fprint(p.out, text)
	return err
}

// commandsMarkdown is the chapter of the reference about the command line.
func commandsMarkdown(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Command line\n\n%s\n", fenced(exitHelp))
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "completion" && c.Name() != "help" {
			fmt.Fprintf(&b, "\n### sockscript %s\n\n%s", c.Name(), fenced(commandText(c)))
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// commandText is what the help of a command says, without the exit statuses,
// which are the same for all.
func commandText(c *cobra.Command) string {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	text = strings.TrimSpace(strings.TrimSuffix(text, exitHelp)) + "\n\nUsage:\n  " + c.UseLine() + "\n"
	flags := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	flags.SortFlags = false
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			flags.AddFlag(f)
		}
	})
	if flags.HasFlags() {
		text += "\nFlags:\n" + flags.FlagUsages()
	}
	if c.Example != "" {
		text += "\nExamples:\n" + c.Example + "\n"
	}
	return text
}

func fenced(text string) string {
	return "```text\n" + strings.TrimRight(text, "\n") + "\n```\n"
}

func completeKinds(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []cobra.Completion
	for _, k := range steps.Kinds() {
		list = append(list, cobra.CompletionWithDesc(k.Name, k.Summary))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
