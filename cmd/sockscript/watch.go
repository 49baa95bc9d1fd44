package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) watchCommand() *cobra.Command {
	s := new(session)
	c := &cobra.Command{
		Use:   "watch [FILE|DIR|GLOB]...",
		Short: "Run scenarios again whenever they change",
		Long: `Run scenarios, and then run again what has changed, until Ctrl-C.

A scenario is run when its file is new or changes. It is also run when its golden
file changes, or a file that it includes or names, such as that of a payload, if
that file is in a directory that is watched. These are the directories of the
arguments, with all that is below directories and patterns. What a scenario
itself writes while it runs is not a change. Where a scenario has a golden file,
its transcript is compared.

If a file is invalid, its errors are printed, and the watching goes on. Without
arguments, the current directory is used.

` + exitHelp,
		Example: `  sockscript watch
  sockscript watch hello.yaml
  sockscript watch -j 4 'tests/**/*.yaml'`,
	}
	s.bind(c)
	c.ValidArgsFunction = nil // files only
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := s.validate(c); err != nil {
			return err
		}
		s.goldens = suite.CompareGoldens
		if len(args) == 0 {
			args = []string{"."}
		}
		return p.watch(c.Context(), s, args)
	}
	return c
}

// A watch is a session that goes on.
type watch struct {
	*session
	p       *program
	watcher *suite.Watcher
	files   []suite.File
}

func (p *program) watch(ctx context.Context, s *session, args []string) error {
	watcher, err := suite.Watch(args)
	if err != nil {
		return err
	}
	defer watcher.Close()
	w := &watch{session: s, p: p, watcher: watcher}
	if err := w.begin(ctx); err != nil {
		return err
	}
	for {
		change, err := watcher.Next(ctx)
		if ctx.Err() != nil {
			return status(statusInterrupted)
		}
		if err != nil {
			return err
		}
		if err := w.again(ctx, change); err != nil {
			p.complain(err)
		}
	}
}

// begin runs all.
func (w *watch) begin(ctx context.Context) error {
	w.files = w.watcher.Files()
	confined, err := w.p.confine(w.session, w.files)
	if err != nil {
		return err
	}
	all, problems, err := suite.Load(w.files)
	if err = cmp.Or(confined(), err); err != nil {
		return err
	}
	w.p.text(w.session).Problems(problems)
	var cases []*suite.Case
	if len(all) > 0 {
		if cases, err = w.choose(all); err == nil {
			err = w.setVars(all)
		}
		if err != nil {
			return err
		}
	}
	if err := w.run(ctx, cases); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.p.out, "\nwatching %s; Ctrl-C ends\n", scenarioFiles(len(w.files)))
	return err
}

func scenarioFiles(n int) string {
	if n == 1 {
		return "1 scenario file"
	}
	return fmt.Sprintf("%d scenario files", n)
}

// again runs what a change has to do with.
func (w *watch) again(ctx context.Context, change suite.Change) error {
	before := w.files
	w.files = w.watcher.Files()
	if _, err := w.sandbox.confine(w.files, w.sandbox.confines); err != nil {
		return err
	}
	all, problems, err := suite.Load(w.files)
	if err != nil {
		return err // a file that is gone since; its going is the next change
	}
	var chosen []*suite.Case
	if len(all) > 0 {
		chosen, _ = w.choose(all) // none is not a mistake any more
	}
	paths := slices.Concat(change.Changed, change.Gone)
	told := slices.DeleteFunc(slices.Clone(change.Changed), func(path string) bool {
		return !has(w.files, path) && len(suite.Affected(chosen, []string{path})) == 0
	})
	gone := slices.DeleteFunc(slices.Clone(change.Gone), func(path string) bool {
		return !has(before, path) && len(suite.Affected(chosen, []string{path})) == 0
	})
	if len(told)+len(gone) == 0 {
		return nil
	}
	fmt.Fprintf(w.p.out, "\n-- %s\n", source.Visible(strings.Join(append(word(told, "changed"), word(gone, "gone")...), "; ")))
	// All about files that have not changed has been said.
	problems = slices.DeleteFunc(problems, func(p *source.Problem) bool { return !slices.ContainsFunc(told, sameAs(p.Pos.File)) })
	if err := w.p.text(w.session).Problems(problems); err != nil {
		return err
	}
	if err := w.setVars(all); err != nil {
		return err
	}
	return w.run(ctx, suite.Affected(chosen, paths))
}

// word lists paths with what has happened to them.
func word(paths []string, what string) []string {
	if len(paths) == 0 {
		return nil
	}
	return []string{strings.Join(paths, ", ") + " " + what}
}

func has(files []suite.File, path string) bool {
	return slices.ContainsFunc(files, func(f suite.File) bool { return sameAs(path)(f.Path) })
}

// sameAs compares paths with that of one file.
func sameAs(path string) func(string) bool {
	return func(other string) bool { return filepath.Clean(other) == filepath.Clean(path) }
}

// run runs some of the scenarios. How they end sets no exit status.
func (w *watch) run(ctx context.Context, cases []*suite.Case) error {
	if len(cases) == 0 {
		return nil
	}
	if err := suite.CheckGoldens(cases); err != nil {
		return err
	}
	text := w.p.text(w.session)
	text.Several = len(cases) > 1
	rep := &settling{Reporter: text, left: len(cases), settle: w.watcher.Settle}
	err := w.p.run(ctx, w.session, cases, rep, new(report.Summary))
	var told status
	if errors.As(err, &told) {
		return nil
	}
	return err
}

// settling takes the files as they are when the last scenario has ended, before
// that is reported: what people change when they have read it counts again.
type settling struct {
	report.Reporter
	left   int // scenarios whose end has not been reported
	settle func()
}

// Outcome implements [report.Reporter].
func (s *settling) Outcome(o *report.Outcome) error {
	if s.left--; s.left == 0 {
		s.settle()
	}
	return s.Reporter.Outcome(o)
}
