package suite

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// Directories returns those of the names, as [Find] takes them, that are
// directories.
func Directories(names []string) []string {
	var dirs []string
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			dirs = append(dirs, name)
		}
	}
	return dirs
}

// Orphans finds the golden files in directories that do not belong to any of
// the cases, because their scenario is gone or has another name now. For a row
// of a table that is gone, it returns the section of the golden file, as
// "FILE: -- ROW --". It looks at any depth, except into hidden directories. The
// cases must be all cases of the directories. A file that ends in .golden and
// does not hold a transcript is left out.
func Orphans(dirs []string, cases []*Case) ([]string, error) {
	known := make(map[string]bool)
	rows := make(map[string]map[string]bool) // of the golden files of tables
	for _, c := range cases {
		path := c.GoldenPath()
		if path == "" {
			continue
		}
		known[absolute(path)] = true
		if c.Scenario.Row != "" {
			if rows[absolute(path)] == nil {
				rows[absolute(path)] = make(map[string]bool)
			}
			rows[absolute(path)][c.Scenario.Row] = true
		}
	}
	var orphans []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != dir && hidden(d.Name()):
				return filepath.SkipDir
			case !d.Type().IsRegular() || filepath.Ext(path) != goldenExt:
				return nil
			case rows[absolute(path)] != nil:
				list, err := orphanSections(path, rows[absolute(path)])
				delete(rows, absolute(path)) // once is enough
				orphans = append(orphans, list...)
				return err
			case known[absolute(path)]:
				return nil
			}
			known[absolute(path)] = true // once is enough
			is, err := holdsTranscript(path)
			if is {
				orphans = append(orphans, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot look for orphaned golden files: %w", err)
		}
	}
	return orphans, nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }

// absolute makes paths that lead to the same file comparable.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// holdsTranscript recognizes a golden file of ours by its last line, the
// verdict.
func holdsTranscript(path string) (bool, error) {
	data, err := source.ReadFile(path)
	if err != nil {
		return false, err
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	last := string(data[bytes.LastIndexByte(data, '\n')+1:])
	return strings.HasPrefix(strings.TrimPrefix(last, patternMark), history.Passed.String()+"  "), nil
}
