package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) listCommand() *cobra.Command {
	var shipped bool
	c := &cobra.Command{
		Use:   "list [FILE|DIR|GLOB|NAME]...",
		Short: "List scenarios: their names, tags and what they show",
		Long: `List scenarios: their names, their tags and the first sentence of their
description. The arguments are the same as for run. Without arguments, the
current directory is used; with --shipped, the shipped scenarios.`,
		Example: `  sockscript list --shipped
  sockscript list tests/`,
		ValidArgsFunction: completeNames,
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := p.find(args, shipped)
			if err != nil {
				return err
			}
			cases, problems, err := suite.Load(files)
			if err == nil {
				err = problems.Err()
			}
			if err != nil {
				return err
			}
			var table strings.Builder
			w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
			for _, c := range cases {
				s := c.Scenario
				fmt.Fprintf(w, "%s\t%s\t%s\n", source.Visible(s.Name), source.Visible(strings.Join(s.Tags, ",")), source.Visible(firstSentence(s.Description)))
			}
			w.Flush()
			return p.print(cutLines(table.String(), p.out.width()))
		},
	}
	bindShipped(c, &shipped)
	return c
}

// firstSentence is a text up to its first full stop, on one line.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if sentence, _, more := strings.Cut(text, ". "); more {
		return sentence + "."
	}
	return text
}

// cutLines cuts each line to the width of a terminal; 0: there is no terminal.
func cutLines(text string, width int) string {
	if width == 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimSuffix(line, "\n"))
		if len(runes) > width {
			runes = append(runes[:width-1], '…')
		}
		b.WriteString(string(runes) + "\n")
	}
	return b.String()
}

// noArguments is the error for arguments where none are taken.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}
