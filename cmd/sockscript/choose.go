package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
)

// find finds the files that the arguments name: those of the current directory
// where there are none, or the shipped ones where these are asked for.
func (p *program) find(args []string, shipped bool) ([]suite.File, error) {
	switch {
	case shipped && len(args) > 0:
		return nil, errors.New("--shipped means all shipped scenarios; leave it out to name some of them")
	case shipped:
		return suite.Shipped(), nil
	case len(args) > 0:
		return suite.Find(args, p.stdin)
	}
	files, err := suite.Find([]string{"."}, p.stdin)
	if errors.Is(err, suite.ErrNoScenarios) {
		err = fmt.Errorf("%w; name files or directories, or use --shipped for the shipped scenarios", err)
	}
	return files, err
}

// completeNames completes the shipped scenarios' names; where none fits, the
// shell completes files.
func completeNames(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return library.Names(), cobra.ShellCompDirectiveDefault
}

func completeTags(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cases, _, _ := suite.Load(suite.Shipped())
	return suite.Tags(cases), cobra.ShellCompDirectiveNoFileComp
}

// load loads the files. The sandbox of those that need one is made meanwhile.
func (p *program) load(s *session, files []suite.File, rep *reporting) ([]*suite.Case, error) {
	if err := rep.spare(files); err != nil {
		return nil, err
	}
	files, err := s.narrow(files)
	if err != nil {
		return nil, err
	}
	confined, err := p.confine(s, files)
	if err != nil {
		return nil, err
	}
	all, problems, err := suite.Load(files)
	if err := confined(); err != nil {
		return nil, err
	}
	rep.Problems(problems) // p.out and the files keep the error
	if err == nil && problems.HasErrors() {
		err = fmt.Errorf("nothing was run: %s", report.CountProblems(problems))
	}
	return all, err
}

// loadValid loads files that must have no mistakes.
func loadValid(files []suite.File) ([]*suite.Case, error) {
	cases, problems, err := suite.Load(files)
	if err == nil {
		err = problems.Err()
	}
	return cases, err
}

// filter is what the flags choose, but for --failed.
func (s *session) filter() (f suite.Filter, err error) {
	f.Tags = s.tags
	if f.Name, err = pattern("--run", s.pattern); err == nil {
		f.Skip, err = pattern("--skip", s.skip)
	}
	return f, err
}

// narrow leaves out what need not be loaded: the shipped files whose names the
// flags do not choose.
func (s *session) narrow(files []suite.File) ([]suite.File, error) {
	filter, err := s.filter()
	if err != nil || s.failed {
		return files, err
	}
	return filter.Narrow(files), nil
}

// choose chooses among the scenarios.
func (s *session) choose(all []*suite.Case) ([]*suite.Case, error) {
	filter, err := s.filter()
	if err != nil {
		return nil, err
	}
	s.memory, err = suite.Recall()
	if s.failed {
		if err != nil {
			return nil, fmt.Errorf("--failed: %w", err)
		}
		filter.Only = s.memory.Failed
	}
	chosen := filter.Choose(all)
	if len(chosen) == 0 {
		return nil, s.nothingChosen(all)
	}
	if s.shuffle.on {
		suite.Shuffle(chosen, s.shuffle.seed)
	}
	return chosen, nil
}

// pattern compiles the regular expression of a flag; nil where none is given.
func pattern(flag, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return re, nil
}

// nothingChosen is the error for flags that choose none of the scenarios.
func (s *session) nothingChosen(all []*suite.Case) error {
	if tags := suite.Tags(all); len(s.tags) > 0 {
		for _, tag := range s.tags {
			tag = strings.TrimPrefix(tag, "!")
			if !slices.Contains(tags, tag) {
				return fmt.Errorf("--tags: %w", unknown("tag", tag, tags, "none of the scenarios has it"))
			}
		}
	}
	if s.failed {
		return fmt.Errorf("none of the %d scenarios failed when it was last run from this directory; leave --failed out", len(all))
	}
	if len(all) == 0 {
		return errors.New("there are only libraries here, which scenarios include; `sockscript check` checks them")
	}
	var flags []string
	for _, f := range []struct{ name, value string }{{"--run", s.pattern}, {"--skip", s.skip}, {"--tags", strings.Join(s.tags, ",")}} {
		if f.value != "" {
			flags = append(flags, fmt.Sprintf("%s %q", f.name, f.value))
		}
	}
	if len(all) == 1 {
		return fmt.Errorf("%s does not choose the only scenario, %s", strings.Join(flags, " with "), all[0].Scenario.Name)
	}
	return fmt.Errorf("%s chooses none of the %d scenarios", strings.Join(flags, " with "), len(all))
}

// faulty shows the problems of files where some are errors, and says how many
// these are, and what was not done for them.
func (p *program) faulty(undone string, problems source.Problems) error {
	if !problems.HasErrors() {
		return nil
	}
	t := &report.Text{W: io.Discard, Errors: p.errors, ErrorWidth: errorWidth()}
	if err := t.Problems(problems); err != nil {
		return err
	}
	return fmt.Errorf("%s: %s", undone, report.CountProblems(problems))
}
