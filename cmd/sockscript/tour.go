package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/runner/userns"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) tourCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "tour [CHAPTER|NAME]",
		Short: "Learn about sockets from the shipped scenarios, in chapters",
		Long: `Lead through the shipped scenarios in an order for learning.
Without an argument the chapters are listed. A chapter, by its number, has a text
and its scenarios; the name of a scenario shows its text, its file and its
transcript, and which one comes next.

With --html the tour is written as pages for a browser, with a diagram of each
scenario. For that the scenarios are run; what cannot be run here has no diagram.`,
		Example: `  sockscript tour
  sockscript tour 1
  sockscript tour tcp-hello
  sockscript tour --html tour/`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return library.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().StringVar(&dir, "html", "", "write the tour as pages into this `folder`")
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) > 1:
			return fmt.Errorf("tour takes one chapter or one scenario, got %d arguments", len(args))
		case dir != "" && len(args) > 0:
			return fmt.Errorf("--html writes the whole tour; leave %s out", source.Visible(args[0]))
		case dir != "":
			return p.tourPages(c.Context(), dir)
		case len(args) == 0:
			return p.page(chapterList(p.columns()))
		}
		chapters := library.Tour()
		if n, err := strconv.Atoi(args[0]); err == nil {
			if n < 1 || n > len(chapters) {
				return fmt.Errorf("there is no chapter %d; the chapters are 1 to %d", n, len(chapters))
			}
			return p.page(chapterText(n, chapters[n-1], p.columns()))
		}
		return p.tourStop(chapters, args[0])
	}
	return c
}

// paragraph is a text in lines of at most width characters.
func paragraph(text string, width int) string {
	return source.Narrow(source.Prose(text), width) + "\n"
}

func chapterList(width int) string {
	var b strings.Builder
	for i, c := range library.Tour() {
		fmt.Fprintf(&b, "%2d  %s (%s)\n", i+1, c.Title, source.Count(len(c.Scenarios), "scenario", "scenarios"))
	}
	b.WriteString("\n" + paragraph("`sockscript tour 1` begins with the first chapter, and `sockscript tour --html FOLDER` writes all of them as pages.", width))
	return b.String()
}

func chapterText(n int, c library.Chapter, width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d. %s\n\n%s\n", n, c.Title, paragraph(c.Text, width))
	var entries []*entry
	for _, name := range c.Scenarios {
		s := shippedScenario(name)
		entries = append(entries, &entry{Name: name, Title: firstSentence(s.Description)})
	}
	writeEntries(&b, entries, width)
	fmt.Fprintf(&b, "\n%s", paragraph(fmt.Sprintf("`sockscript tour %s` shows the first of them.", c.Scenarios[0]), width))
	return b.String()
}

// shippedScenario is a shipped scenario, or the first row of a shipped table.
func shippedScenario(name string) history.Scenario {
	files, err := suite.Find([]string{name}, nil)
	if err != nil {
		return history.Scenario{Name: name}
	}
	cases, _, err := suite.Load(files)
	if err != nil || len(cases) == 0 {
		return history.Scenario{Name: name}
	}
	return runner.Describe(cases[0].Scenario)
}

// tourStop shows a scenario, and says which is next.
func (p *program) tourStop(chapters []library.Chapter, name string) error {
	for n, c := range chapters {
		i := slices.Index(c.Scenarios, name)
		if i < 0 {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%d. %s: %s (%d of %d)\n\n%s\n", n+1, c.Title, name, i+1, len(c.Scenarios), paragraph(shippedScenario(name).Description, p.columns()))
		text, _ := library.Open(name)
		fmt.Fprintf(&b, "The scenario (`sockscript show %s`):\n\n%s\n", name, indented(string(text)))
		if golden, ok := library.Golden(name); ok {
			fmt.Fprintf(&b, "Its transcript (`sockscript run %s`):\n\n%s\n", name, indented(string(golden)))
		}
		switch {
		case i+1 < len(c.Scenarios):
			fmt.Fprintf(&b, "Next: sockscript tour %s\n", c.Scenarios[i+1])
		case n+1 < len(chapters):
			fmt.Fprintf(&b, "Next: sockscript tour %d\n", n+2)
		default:
			b.WriteString("This was the last one.\n")
		}
		return p.page(b.String())
	}
	return unknown("scenario", name, library.Names(), "`sockscript tour` lists the chapters")
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// tourPages runs the shipped scenarios and writes the pages.
func (p *program) tourPages(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil { // before what takes long
		return fmt.Errorf("cannot make the folder of the tour: %w", err)
	}
	results := p.runShipped(ctx)
	if ctx.Err() != nil {
		return status(statusInterrupted)
	}
	var chapters []report.TourChapter
	for _, c := range library.Tour() {
		chapter := report.TourChapter{Title: c.Title, Text: c.Text}
		for _, name := range c.Scenarios {
			s := shippedScenario(name)
			text, _ := library.Open(name)
			golden, _ := library.Golden(name)
			chapter.Stops = append(chapter.Stops, report.TourStop{
				Name: name, Description: s.Description, Source: string(text), Transcript: string(golden), Result: results[name],
			})
		}
		chapters = append(chapters, chapter)
	}
	pages := report.TourPages(chapters)
	for name, page := range pages {
		if err := writeWhole(filepath.Join(dir, name), page); err != nil {
			return err
		}
	}
	return p.page(fmt.Sprintf("%s in %s; begin with index.html\n", source.Count(len(pages), "page", "pages"), source.Visible(dir)))
}

// runShipped runs the shipped scenarios, and returns those that pass: of a
// table its first row.
func (p *program) runShipped(ctx context.Context) map[string]*history.Result {
	results := make(map[string]*history.Result)
	cases, _, err := suite.Load(suite.Shipped())
	if err != nil {
		return results
	}
	elsewhere := userns.New(p.hurry)
	defer elsewhere.Close()
	options := suite.Options{Run: runner.Options{Hurry: p.hurry}, Jobs: 4, Count: 1, Elsewhere: elsewhere.Run}
	progress := newProgress()
	options.Progress = progress.Show
	suite.Run(ctx, cases, options, func(o *report.Outcome) {
		name, _, _ := strings.Cut(o.Scenario.Name, "/")
		if o.Result != nil && o.Result.Status == history.Passed && results[name] == nil {
			results[name] = o.Result
		}
	})
	progress.End()
	return results
}
