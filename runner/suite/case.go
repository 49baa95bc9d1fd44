package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A Case is one scenario of a file, or one row of a scenario's table.
type Case struct {
	Scenario *scenarios.Scenario
	File     File
	// Golden is the golden file where it is not the one beside the scenario's
	// file. It must be there when transcripts are compared.
	Golden string
	alone  bool     // in its file
	rows   []string // of its table, in the order of the file
}

// Load reads and checks the files. The problems are those of all files,
// warnings among them; a file with errors gives no cases. The error says
// which files could not be read.
func Load(files []File) ([]*Case, source.Problems, error) {
	var cases []*Case
	var problems source.Problems
	var errs []error
	for _, f := range files {
		list, found, err := f.load()
		if err != nil {
			errs = append(errs, err)
		}
		problems = append(problems, found...)
		rows := make(map[string][]string)
		for _, s := range list {
			rows[s.Title()] = append(rows[s.Title()], s.Row)
		}
		for _, s := range list {
			cases = append(cases, &Case{Scenario: s, File: f, alone: len(rows) == 1, rows: rows[s.Title()]})
		}
	}
	return cases, problems, errors.Join(errs...)
}

func (f File) load() ([]*scenarios.Scenario, source.Problems, error) {
	data := f.data
	if data == nil {
		var err error
		if data, err = source.ReadFile(f.Path); err != nil {
			return nil, nil, fmt.Errorf("cannot read the scenario: %w", err)
		}
	}
	list, problems := scenarios.ParseWith(f.Path, data, f.Options)
	return list, problems, nil
}

// GoldenPath is where the case's golden file is or would be: [Case.Golden], or
// else NAME.golden beside its file. NAME is the name of that file, or of the
// scenario where the file holds several. The rows of a table share one golden
// file. GoldenPath is "" for a case that is not on disk.
func (c *Case) GoldenPath() string {
	if c.Golden != "" {
		return c.Golden
	}
	if c.File.data != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(c.File.Path), c.goldenName())
}

const goldenExt = ".golden"

func (c *Case) goldenName() string {
	if c.alone {
		base := filepath.Base(c.File.Path)
		return strings.TrimSuffix(base, filepath.Ext(base)) + goldenExt
	}
	return strings.NewReplacer("/", "-", `\`, "-", "\x00", "-").Replace(c.Scenario.Title()) + goldenExt
}

// GoldenLabel is what messages call the golden file: its path, or the name of
// one that is not on disk.
func (c *Case) GoldenLabel() string {
	if path := c.GoldenPath(); path != "" {
		return path
	}
	return c.goldenName()
}

// hasGolden reports whether there is a golden file to compare with.
func (c *Case) hasGolden() bool {
	g, err := c.golden()
	return g != nil || err != nil
}

// golden reads the golden file; nil where there is none.
func (c *Case) golden() (*golden, error) {
	path := c.GoldenPath()
	if path == "" {
		data, ok := library.Golden(strings.TrimSuffix(c.goldenName(), goldenExt))
		if !ok || !c.File.Shipped {
			return nil, nil
		}
		return c.parse(c.goldenName(), string(data))
	}
	data, err := source.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the golden file: %w", err)
	}
	return c.parse(path, string(data))
}

// parse reads of a golden file what is the case's; nil where it has nothing for
// its row.
func (c *Case) parse(path, text string) (*golden, error) {
	if c.Scenario.Row == "" {
		return parseGolden(path, text, 0)
	}
	for _, s := range sectionsOf(text) {
		if s.row == c.Scenario.Row {
			return parseGolden(path, s.text, s.before)
		}
	}
	return nil, nil
}
