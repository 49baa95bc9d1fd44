package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) listCommand() *cobra.Command {
	var shipped bool
	var find, tags []string
	var form choice
	c := &cobra.Command{
		Use:   "list [FILE|DIR|GLOB|NAME]...",
		Short: "List scenarios: their names and what they show",
		Long: `List scenarios: their names, the first sentence of their description, and their
tags. A table of cases is one line. The arguments are the same as for run.
Without arguments, the current directory is used; with --shipped, the shipped
scenarios. Where a file has mistakes, they are shown, and the others are listed.

With --find, only those are listed whose name, description or tags have all of
the words.`,
		Example: `  sockscript list --shipped
  sockscript list --shipped --find 'fast open'
  sockscript list --tags udp,!programs tests/
  sockscript list --format json tests/`,
		ValidArgsFunction: completeNames,
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := p.find(args, shipped)
			if err != nil {
				return err
			}
			cases, problems, err := suite.Load(files)
			err = errors.Join(err, p.faulty("not listed", problems))
			if len(cases) == 0 {
				return err
			}
			entries := entriesOf(suite.Filter{Tags: tags}.Choose(cases), strings.Fields(strings.Join(find, " ")))
			if len(entries) == 0 {
				return errors.Join(err, fmt.Errorf("none of the %s fits; leave --find or --tags out", source.Count(len(cases), "scenario", "scenarios")))
			}
			return errors.Join(p.list(entries, form.word), err)
		},
	}
	bindShipped(c, &shipped)
	f := c.Flags()
	f.StringArrayVar(&find, "find", nil, "only scenarios that have all these `words` (repeatable)")
	f.StringSliceVar(&tags, "tags", nil, "only scenarios with one of these tags, and none of those with a !: `tcp,!slow`")
	c.RegisterFlagCompletionFunc("tags", completeTags)
	form.words = []string{"text", "json"}
	form.bind(c, "format", "what to print: lines, or a JSON array")
	return c
}

// list prints the entries.
func (p *program) list(entries []*entry, form string) error {
	if form == "json" {
		return p.print(jsonOf(entries))
	}
	var table strings.Builder
	writeEntries(&table, entries, p.out.width())
	return p.print(table.String())
}

// An entry of the list is a scenario, or a table of them.
type entry struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Requires    []string `json:"requires,omitempty"`
	File        string   `json:"file"`
	Line        int      `json:"line"`
	Rows        []string `json:"rows,omitempty"` // of a table
}

// entriesOf are the entries of the cases that have all words.
func entriesOf(cases []*suite.Case, words []string) []*entry {
	var list []*entry
	var last *suite.Case
	for _, c := range cases {
		s := c.Scenario
		if last != nil && s.Row != "" && suite.OneTable([]*suite.Case{last, c}) {
			list[len(list)-1].add(s.Row, s.Tags)
			continue
		}
		e := &entry{
			Name: s.Title(), Title: firstSentence(s.Description), Description: strings.TrimSpace(s.Description),
			Tags: slices.Concat([]string{}, s.Tags), File: s.Node.Pos.File, Line: s.Node.Pos.Line,
		}
		for _, r := range s.Requires {
			e.Requires = append(e.Requires, r.String())
		}
		if s.Row != "" {
			e.Rows = []string{s.Row}
		}
		if last = nil; e.has(words) {
			list, last = append(list, e), c
		}
	}
	return list
}

// add adds a row of the table, with tags that may be its own.
func (e *entry) add(row string, tags []string) {
	e.Rows = append(e.Rows, row)
	for _, tag := range tags {
		if !slices.Contains(e.Tags, tag) {
			e.Tags = append(e.Tags, tag)
		}
	}
}

// has reports whether each word is somewhere in what is said of the scenario.
func (e *entry) has(words []string) bool {
	all := strings.ToLower(strings.Join([]string{e.Name, e.Description, strings.Join(e.Tags, " ")}, " "))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(all, strings.ToLower(w)) })
}

func jsonOf(entries []*entry) string {
	text, _ := json.MarshalIndent(entries, "", "  ") // texts have no errors
	return string(text) + "\n"
}

// What a list needs of a terminal to have two columns: for names, and for what
// is beside them.
const (
	mostName  = 32
	leastText = 36
)

// writeEntries writes a list into the width of a terminal; 0: there is none,
// and nothing is broken.
func writeEntries(w io.Writer, entries []*entry, width int) {
	column := 0
	for _, e := range entries {
		if n := source.Cells(e.name()); width == 0 || n <= mostName {
			column = max(column, n)
		}
	}
	if width > 0 && width < column+leastText {
		column = 0 // the text is below the name
	}
	for _, e := range entries {
		e.write(w, column, width)
	}
}

// name is the name as the list shows it.
func (e *entry) name() string { return source.Visible(e.Name) }

func (e *entry) write(w io.Writer, column, width int) {
	text := source.Visible(e.Title)
	if len(e.Rows) > 0 {
		text = strings.TrimSpace(text + " (" + source.Count(len(e.Rows), "case", "cases") + ")")
	}
	if len(e.Tags) > 0 {
		text = strings.TrimSpace(text + "  [" + source.Visible(strings.Join(e.Tags, " ")) + "]")
	}
	lines := []string{text}
	if width > 0 {
		lines = source.Wrap(text, width-column-2)
	}
	name := e.name()
	if n := source.Cells(name); n > column {
		fmt.Fprintln(w, name)
		name = ""
	}
	for _, line := range lines {
		fmt.Fprintln(w, strings.TrimRight(name+strings.Repeat(" ", column-source.Cells(name))+"  "+line, " "))
		name = ""
	}
}

// firstSentence is a text up to its first full stop, on one line.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if sentence, _, more := strings.Cut(text, ". "); more {
		return sentence + "."
	}
	return text
}

// noArguments is the error for arguments where none are taken.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}
