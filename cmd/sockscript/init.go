package main

import (
	"bytes"
	"context"
	_ "embed" // the files of a new project
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/source"
)

var (
	//go:embed init/hello.yaml
	firstScenario []byte
	//go:embed init/sockscript.yml.txt
	firstWorkflow []byte
	//go:embed init/settings.json
	firstSettings []byte
)

func (p *program) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin: a first scenario, its golden file, CI and editor settings",
		Long: `Write what a project needs to begin with, into DIR or the current directory:

  hello.yaml                        a first scenario
  hello.golden                      its transcript, of a run made now
  sockscript.schema.json            what an editor completes and checks with
  .vscode/settings.json             says so to Visual Studio Code
  .github/workflows/sockscript.yml  runs all scenarios on GitHub

A file that is there already stays as it is. "sockscript test" then compares.`,
		Example: `  sockscript init
  sockscript init tests/sockets && sockscript test tests/sockets`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("init takes one directory, got %d", len(args))
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return p.begin(c.Context(), dir)
		},
	}
}

// begin writes the files of a new project.
func (p *program) begin(ctx context.Context, dir string) error {
	schema := new(bytes.Buffer)
	err := writeSchema(schema)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"hello.yaml", firstScenario},
		{"sockscript.schema.json", schema.Bytes()},
		{".vscode/settings.json", firstSettings},
		{".github/workflows/sockscript.yml", firstWorkflow},
	} {
		if err := p.writeNew(filepath.Join(dir, f.name), f.data); err != nil {
			return err
		}
	}
	golden, err := goldenOf(ctx, filepath.Join(dir, "hello.yaml"))
	if err != nil {
		return err
	}
	if err := p.writeNew(filepath.Join(dir, "hello.golden"), golden); err != nil {
		return err
	}
	return p.page(fmt.Sprintf("`sockscript test %s` compares, `sockscript doc` lists what a step can do\n", source.Visible(dir)))
}

// writeNew writes a file where there is none.
func (p *program) writeNew(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("cannot make a folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return p.page(fmt.Sprintf("kept  %s (it is there already)\n", source.Visible(path)))
	}
	if err == nil {
		_, err = f.Write(data)
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(path) // half a file is worse than none
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write a file of the project: %w", err)
	}
	return p.page(fmt.Sprintf("new   %s\n", source.Visible(path)))
}

// goldenOf runs the first scenario.
func goldenOf(ctx context.Context, path string) ([]byte, error) {
	files, err := suite.Find([]string{path}, nil)
	if err != nil {
		return nil, err
	}
	cases, err := loadValid(files)
	if err != nil {
		return nil, err
	}
	if len(cases) != 1 {
		return nil, fmt.Errorf("%s does not hold one scenario; name another directory", source.Visible(path))
	}
	result := runner.Run(ctx, cases[0].Scenario, runner.Options{})
	b := new(bytes.Buffer)
	if result.Status != history.Passed {
		report.Failure(b, result, report.Style{}) // a buffer has no errors
		return nil, fmt.Errorf("the first scenario does not pass here:\n%s", b)
	}
	err = report.Transcript(b, result, report.Style{})
	return b.Bytes(), err
}
