package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) fmtCommand() *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [FILE|DIR|GLOB|-]...",
		Short: "Format scenario files",
		Long: `Format scenario files: two columns for each level, lists indented below their key,
no blanks at the ends of lines, one empty line at most. Comments, quotes, the
order of keys and all texts stay. The files that change are named. - formats the
standard input to the standard output.

Exit status:
  0    all files are formatted
  1    with --check: a file is not formatted
  2    a file is not YAML, or cannot be read or written`,
		Example: `  sockscript fmt tests/
  sockscript fmt --check .
  sockscript fmt - <hello.yaml`,
	}
	c.Flags().BoolVar(&check, "check", false, "write nothing, and name the files that are not formatted")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 1 && args[0] == "-" {
			return p.formatInput()
		}
		if len(args) == 0 {
			args = []string{"."}
		}
		files, err := suite.Find(args, p.stdin)
		if err != nil {
			return err
		}
		var errs []error
		var problems source.Problems
		changed := 0
		for _, f := range files {
			if f.Shipped {
				return fmt.Errorf("%s is shipped, and formatted; name files of your own", f.Path)
			}
			differs, wrong, err := p.format(f.Path, check)
			if differs {
				changed++
			}
			problems = append(problems, wrong...)
			errs = append(errs, err)
		}
		if err := errors.Join(append(errs, p.faulty("not formatted", problems))...); err != nil {
			return err
		}
		if check && changed > 0 {
			return status(statusFailed)
		}
		return nil
	}
	return c
}

func (p *program) formatInput() error {
	data, err := io.ReadAll(io.LimitReader(p.stdin, source.MaxFile+1))
	if err != nil {
		return err
	}
	out, problems, err := source.Format("standard input", data)
	if err := errors.Join(err, p.faulty("not formatted", problems)); err != nil {
		return err
	}
	return p.print(string(out))
}

// format formats a file, or only says whether it is formatted.
func (p *program) format(path string, check bool) (differs bool, problems source.Problems, err error) {
	data, err := source.ReadFile(path)
	if err != nil {
		return false, nil, err
	}
	out, problems, err := source.Format(path, data)
	switch {
	case err != nil:
		return false, nil, fmt.Errorf("%s: %w", source.Visible(path), err)
	case problems.HasErrors() || bytes.Equal(out, data):
		return false, problems, nil
	}
	if !check {
		err = writeWhole(path, out)
	}
	if err != nil {
		return true, nil, err
	}
	return true, nil, p.print(source.Visible(path) + "\n")
}
