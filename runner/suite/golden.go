package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// goldenFiles is held while a golden file is written: the rows of a table share
// one, and may end at the same time.
var goldenFiles sync.Mutex

func (c *Case) writeGolden(text string) error {
	goldenFiles.Lock()
	defer goldenFiles.Unlock()
	path := c.GoldenPath()
	if path == "" {
		return errors.New("the golden file of a scenario that is not on disk cannot be written")
	}
	err := goldenStays(path)
	if err == nil && c.Scenario.Row != "" {
		text, err = c.withSection(path, text)
	}
	var r *Replacement
	if err == nil {
		r, err = Replace(path)
	}
	if err == nil {
		if _, err = r.WriteString(text); err != nil {
			r.Discard()
		} else {
			err = r.Commit()
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write the golden file: %w", err)
	}
	return nil
}

// goldenStays reports a golden file that is a symbolic link out of its folder:
// who checks scenarios out may not know what it leads to.
func goldenStays(path string) error {
	to, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil // there is none yet, or writing it says why not
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(dir, to); err != nil || !filepath.IsLocal(inside) {
		return fmt.Errorf("%s is a symbolic link out of its folder, to %s; remove the link", path, to)
	}
	return nil
}

// IsScenario reports whether the file at path is one of the files, also where
// it has another name, as by a link.
func IsScenario(path string, files []File) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, f := range files {
		if f.data != nil {
			continue
		}
		if other, err := os.Stat(f.Path); err == nil && os.SameFile(info, other) {
			return true
		}
	}
	return false
}

// WithGolden returns the cases that have a golden file, and those that do not.
func WithGolden(cases []*Case) (with, without []*Case) {
	for _, c := range cases {
		if c.hasGolden() {
			with = append(with, c)
		} else {
			without = append(without, c)
		}
	}
	return with, without
}

// CheckGoldens reports two cases that would share a golden file.
func CheckGoldens(cases []*Case) error {
	owner := make(map[string]*Case)
	for _, c := range cases {
		path := c.GoldenPath()
		if path == "" {
			continue
		}
		if other := owner[path]; other != nil && !other.sharesTable(c) {
			return fmt.Errorf("the scenarios %s (%s) and %s (%s) would share the golden file %s; give one of them another name",
				other.Scenario.Name, other.File.Path, c.Scenario.Name, c.File.Path, path)
		}
		if IsScenario(path, []File{c.File}) {
			return fmt.Errorf("the golden file %s is the scenario %s itself; name another file", path, c.File.Path)
		}
		owner[path] = c
	}
	return nil
}

// OneTable reports whether all cases are rows of one table, so that they share
// a golden file.
func OneTable(cases []*Case) bool {
	return !slices.ContainsFunc(cases, func(c *Case) bool { return !c.sharesTable(cases[0]) })
}

// sharesTable reports whether both are rows of one table.
func (c *Case) sharesTable(other *Case) bool {
	return c.Scenario.Row != "" && other.Scenario.Row != "" && c.Scenario.Node == other.Scenario.Node
}

// NearGoldens drops the files on disk whose directory has no golden file: there
// is nothing to compare, and they need not even be scenarios.
func NearGoldens(files []File) []File {
	golden := make(map[string]bool)
	var near []File
	for _, f := range files {
		dir := filepath.Dir(f.Path)
		if _, known := golden[dir]; !known {
			matches, _ := filepath.Glob(filepath.Join(escape(dir), "*"+goldenExt))
			golden[dir] = len(matches) > 0
		}
		if f.data != nil || golden[dir] {
			near = append(near, f)
		}
	}
	return near
}

// escape keeps the characters of a path from being read as a pattern.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
