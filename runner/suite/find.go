// Package suite runs many scenarios: it finds their files, chooses among them,
// runs several at a time, and compares their transcripts with golden files and
// against each other.
//
//	files, err := suite.Find([]string{"testdata/*.yaml"}, nil)
//	…
//	cases, problems, err := suite.Load(files)
//	…
//	suite.Run(ctx, cases, suite.Options{Jobs: 4}, func(o *report.Outcome) {
//		fmt.Println(o.Status(), o.Scenario.Name)
//	})
package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A File is a scenario file: on disk, shipped with sockscript, or text that
// was read from elsewhere.
type File struct {
	Path    string // as messages name it
	Shipped bool
	// Options say how the file is read.
	Options scenarios.Options
	data    []byte // nil where the file is on disk
}

// Text is a scenario file that is not on disk; messages call it name.
func Text(name string, data []byte) File {
	return File{Path: name, data: append([]byte{}, data...)}
}

// Folder is the folder of the file, which its scenarios may read; "" of a file
// that is not on disk.
func (f File) Folder() string {
	if f.data != nil {
		return ""
	}
	return filepath.Dir(f.Path)
}

// Foreign reports whether the file is text that came from elsewhere: neither on
// disk nor shipped.
func (f File) Foreign() bool { return f.data != nil && !f.Shipped }

// scenario is the name of the one scenario of a shipped file. It is not known
// where the file says a name itself, or has a table of cases.
func (f File) scenario() (name string, known bool) {
	if !f.Shipped {
		return "", false
	}
	for line := range bytes.Lines(f.data) {
		for _, more := range []string{"name:", "cases:", "---"} {
			if bytes.HasPrefix(line, []byte(more)) {
				return "", false
			}
		}
	}
	return strings.TrimSuffix(f.Path, filepath.Ext(f.Path)), true
}

// stdinName is what messages call the standard input.
const stdinName = "stdin"

// Shipped lists the files of all shipped scenarios.
func Shipped() []File {
	var files []File
	for _, name := range library.Names() {
		files = append(files, shipped(name))
	}
	return files
}

func shipped(name string) File {
	data, _ := library.Open(name)
	return File{Path: library.FileName(name), Shipped: true, data: data}
}

// Find returns the scenario files that the names stand for. A name is
//
//   - a file;
//   - a directory: all its *.yaml and *.yml files, at any depth, except those
//     in hidden directories;
//   - a pattern, in which ** stands for any directories;
//   - the name of a shipped scenario, unless there is such a path on disk;
//   - or "-", the text that stdin holds. It cannot include files. Where stdin
//     is nil, "-" is an error.
//
// Each file comes once, where it is first named. The error joins those of all
// names, [ErrNoScenarios] among them; the files of the other names are returned
// with it.
func Find(names []string, stdin io.Reader) ([]File, error) {
	var files []File
	var errs []error
	seen := make(map[string]bool)
	for _, name := range names {
		found, err := find(name, stdin)
		if err != nil {
			errs = append(errs, err)
		}
		for _, f := range found {
			key := filepath.Clean(f.Path)
			if f.Shipped {
				key = "shipped:" + f.Path
			}
			if !seen[key] {
				seen[key] = true
				files = append(files, f)
			}
		}
	}
	return files, errors.Join(errs...)
}

func find(name string, stdin io.Reader) ([]File, error) {
	if name == "-" {
		if stdin == nil {
			return nil, errors.New("- stands for the standard input, which is not read here")
		}
		data, err := source.ReadAll("it", stdin)
		if err != nil {
			return nil, fmt.Errorf("cannot read the standard input: %w", err)
		}
		f := Text(stdinName, data)
		f.Options.Alone = true
		return []File{f}, nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return walk(name)
	case err == nil:
		return []File{{Path: name}}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot read the scenario: %w", err)
	case isPattern(name):
		return glob(name)
	}
	if _, ok := library.Open(name); ok {
		return []File{shipped(name)}, nil
	}
	return nil, notFound(name)
}

// isScenario recognizes scenario files by their ending.
func isScenario(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

// ErrNoScenarios is the error for a directory that holds no scenario file.
var ErrNoScenarios = errors.New("there are no scenario files (*.yaml, *.yml)")

// walk finds the scenario files of a directory, sorted.
func walk(root string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && hidden(d.Name()):
			return filepath.SkipDir
		case !d.IsDir() && isScenario(path):
			files = append(files, File{Path: path})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the directory: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNoScenarios, root)
	}
	return files, nil
}

// glob finds the scenario files that a pattern matches, sorted.
func glob(pattern string) ([]File, error) {
	paths, err := doublestar.FilepathGlob(pattern, doublestar.WithFilesOnly(), doublestar.WithFailOnIOErrors())
	if err != nil {
		return nil, fmt.Errorf("the pattern %q: %w", pattern, err)
	}
	slices.Sort(paths)
	var files []File
	for _, path := range paths {
		if isScenario(path) {
			files = append(files, File{Path: path})
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("the pattern %q matches no scenario file (*.yaml, *.yml)", pattern)
	}
	return files, nil
}

// notFound is the error for a name that is nothing, with what was meant.
func notFound(name string) error {
	err := fmt.Errorf("there is no file, directory or shipped scenario %q", name)
	candidates := library.Names()
	entries, _ := os.ReadDir(filepath.Dir(name))
	for _, e := range entries {
		if e.IsDir() || isScenario(e.Name()) {
			candidates = append(candidates, filepath.Join(filepath.Dir(name), e.Name()))
		}
	}
	bare := strings.TrimSuffix(name, filepath.Ext(name))
	if _, ok := library.Open(bare); ok {
		return fmt.Errorf("%w; did you mean %q, which is shipped?", err, bare)
	}
	if hint := source.DidYouMean(name, candidates); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return fmt.Errorf("%w; `sockscript list --shipped` shows those that are shipped", err)
}
