package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) renderCommand() *cobra.Command {
	s := new(session)
	s.reports.saved = true
	c := &cobra.Command{
		Use:   "render FILE",
		Short: "Print runs that were saved with --save",
		Long: `Print runs that "run --save FILE" or "test --save FILE" has saved: the same bytes
that they printed, here or on another machine. Flags can choose another order,
other masks and another form. - is the standard input.

With --full all data is printed that the runs have kept: save them with --full.
Nothing is run, and the scenario files are not needed.

The exit status is that of the runs, or 2 where FILE is not such a file.`,
		Example: `  sockscript run --save runs.jsonl tests/
  sockscript render runs.jsonl
  sockscript render -v --order time runs.jsonl
  sockscript render --format junit runs.jsonl >report.xml`,
	}
	f := c.Flags()
	f.SortFlags = false
	s.bindForm(c)
	f.BoolVarP(&s.quiet, "quiet", "q", false, "only failures and the summary")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "all transcripts, with descriptions and elapsed times")
	s.reports.bind(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("render takes the file of saved runs; `sockscript run --save FILE` writes one")
		}
		if s.quiet && s.verbose {
			return errors.New("--quiet and --verbose exclude each other")
		}
		return p.report(s, func(rep *reporting) error { return p.render(args[0], rep) })
	}
	return c
}

// render reports the saved runs.
func (p *program) render(path string, rep *reporting) error {
	in := p.stdin
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory; render takes a file that `sockscript run --save FILE` has written", source.Visible(path))
	}
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("cannot read the saved runs: %w", err)
		}
		defer file.Close()
		in = io.Reader(file)
	}
	var how report.How
	sum, err := report.Load(in, func(h report.How) (report.Reporter, error) {
		how = h
		rep.begin(h)
		if rep.text != nil {
			rep.text.Updating = h.Updating
		}
		return rep, nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return p.offerUpdate(rep, sum, how.Update, exitOf(sum.Interrupted > 0, sum))
}
