package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/reference"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

func (p *program) docCommand() *cobra.Command {
	var markdown bool
	var pages string
	c := &cobra.Command{
		Use:   "doc [KIND | OPTION | LIBRARY[.PROCEDURE] | FILE]",
		Short: "Read about the language, its step kinds and socket options",
		Long: `Print the reference of a step kind, of a socket option or type of ancillary data
by its C name, such as SO_RCVBUF, or of a library that scenarios can include or
one of its procedures, such as sockets.serve. A FILE is a library of your own.
Without an argument, print an overview of the language: the keys of a scenario,
the step kinds, payloads and the functions of expressions.`,
		ValidArgsFunction: completeDoc,
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "print the whole reference as Markdown")
	c.Flags().StringVar(&pages, "pages", "", "write the reference into this `folder` as Markdown: reference.md, and a page for each kind and command")
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) > 1 || (markdown || pages != "") && len(args) > 0:
			return fmt.Errorf("doc takes one step kind or option, or --markdown, or --pages FOLDER, got %q", args[len(args)-1])
		case markdown && pages != "":
			return errors.New("--markdown prints one page, and --pages writes many; choose one of them")
		case pages != "":
			return p.writePages(pages, referencePages(c.Root()))
		case markdown:
			return p.print(referenceMarkdown(c.Root()))
		case len(args) == 0:
			return p.page(reference.Overview())
		}
		return p.describe(args[0])
	}
	return c
}

// describe prints what there is about a word: kinds are small letters, options
// capitals.
func (p *program) describe(word string) error {
	if kind, ok := steps.Kinds().Lookup(word); ok {
		return p.page(step.DocOf(kind).Text())
	}
	if text, ok := reference.Option(word); ok {
		return p.page(text)
	}
	if text, ok := reference.Library(word); ok {
		return p.page(text)
	}
	if strings.Contains(word, "/") || filepath.Ext(word) == ".yaml" || filepath.Ext(word) == ".yml" {
		text, err := reference.LibraryFile(word)
		if err != nil {
			return err
		}
		return p.page(text)
	}
	if file, _, dotted := strings.Cut(word, "."); dotted {
		if _, ok := reference.Library(file); ok {
			return unknown("procedure", word, reference.LibraryNames(), fmt.Sprintf("`sockscript doc %s` lists them", file))
		}
	}
	if word != "" && word == strings.ToUpper(word) {
		return unknown("socket option", word, reference.OptionNames(), "`sockscript doc --markdown` lists them")
	}
	if name := strings.ToUpper(word); slices.Contains(reference.OptionNames(), name) {
		return fmt.Errorf("unknown step kind %q; did you mean the option %q?", word, name)
	}
	names := slices.Concat(steps.Kinds().Names(), library.Includes())
	return unknown("step kind or library", word, names, "`sockscript doc` lists them")
}

func (p *program) print(text string) error {
	_, err := fmt.Fprint(p.out, text)
	return err
}

// page prints a text for people, within the terminal.
func (p *program) page(text string) error { return p.print(source.Narrow(text, p.out.width())) }

// referencePages are the pages of the reference by their files, as in docs.
func referencePages(root *cobra.Command) map[string]string {
	pages := make(map[string]string)
	for _, k := range steps.Kinds() {
		pages["kinds/"+k.Name+".md"] = reference.KindPage(k)
	}
	list := "## Command line\n\n| command | does |\n|---|---|\n"
	for _, c := range documented(root) {
		file := "commands/" + c.Name() + ".md"
		list += fmt.Sprintf("| [`sockscript %s`](%s) | %s |\n", c.Name(), file, lower(c.Short))
		pages[file] = fmt.Sprintf("# sockscript %s\n\n%s.\n\n%s\nAll commands and their exit status: [reference](../reference.md#command-line).\n\n%s",
			c.Name(), c.Short, fenced(commandText(c)), strings.TrimSuffix(reference.Generated, "\n"))
	}
	pages["reference.md"] = reference.Index() + list + "\n" + fenced(exitHelp) + "\n" + report.FormatsMarkdown() + report.JSONMarkdown()
	return pages
}

// documented are the commands that have pages.
func documented(root *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(root.Commands()), func(c *cobra.Command) bool {
		return !c.IsAvailableCommand() || c.Name() == "completion" || c.Name() == "help"
	})
}

// referenceMarkdown is the whole reference on one page.
func referenceMarkdown(root *cobra.Command) string {
	return reference.Markdown() + commandsMarkdown(root) + report.FormatsMarkdown() + report.JSONMarkdown()
}

// commandsMarkdown is the chapter of the reference about the command line.
func commandsMarkdown(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Command line\n\n%s\n", fenced(exitHelp))
	for _, c := range documented(root) {
		fmt.Fprintf(&b, "\n### sockscript %s\n\n%s", c.Name(), fenced(commandText(c)))
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

func completeDoc(_ *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []cobra.Completion
	for _, k := range steps.Kinds() {
		list = append(list, cobra.CompletionWithDesc(k.Name, k.Summary))
	}
	for _, name := range library.Includes() {
		list = append(list, cobra.CompletionWithDesc(name, "a library of procedures"))
	}
	if word != "" { // else the kinds would be lost among the options
		for _, name := range reference.OptionNames() {
			list = append(list, cobra.CompletionWithDesc(name, reference.OptionHelp(name)))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
