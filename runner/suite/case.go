package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
)

// A Case is one scenario of a file.
type Case struct {
	Scenario *scenarios.Scenario
	File     File
	// Golden is the golden file where it is not the one beside the scenario's
	// file. It must be there when transcripts are compared.
	Golden string
	alone  bool // in its file
}

// Load reads and checks the files. The problems are those of all files,
// warnings among them; a file with errors gives no cases. The error tells
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
		for _, s := range list {
			cases = append(cases, &Case{Scenario: s, File: f, alone: len(list) == 1})
		}
	}
	return cases, problems, errors.Join(errs...)
}

func (f File) load() ([]*scenarios.Scenario, source.Problems, error) {
	data := f.data
	if data == nil {
		var err error
		if data, err = os.ReadFile(f.Path); err != nil {
			return nil, nil, fmt.Errorf("cannot read the scenario: %w", err)
		}
	}
	list, problems := scenarios.ParseWith(f.Path, data, f.Command)
	return list, problems, nil
}

// GoldenPath is where the case's golden file is or would be: the one that it
// was given, else beside its file, with that file's name, or the scenario's
// where a file holds several. It is "" for a case that is not on disk.
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
	return strings.NewReplacer("/", "-", `\`, "-", "\x00", "-").Replace(c.Scenario.Name) + goldenExt
}

// GoldenLabel is what messages call the golden file: its path, or the name of
// one that is not on disk.
func (c *Case) GoldenLabel() string {
	if path := c.GoldenPath(); path != "" {
		return path
	}
	return c.goldenName()
}

// HasGolden reports whether there is a golden file to compare with.
func (c *Case) HasGolden() bool {
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
		return parseGolden(c.goldenName(), string(data))
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the golden file: %w", err)
	}
	return parseGolden(path, string(data))
}

// A Filter chooses among cases. The zero Filter takes them all.
type Filter struct {
	Name *regexp.Regexp // matches the scenario's name anywhere
	Tags []string       // the scenario has one of them
}

// Choose returns the cases that the filter takes.
func (f Filter) Choose(cases []*Case) []*Case {
	var chosen []*Case
	for _, c := range cases {
		named := f.Name == nil || f.Name.MatchString(c.Scenario.Name)
		if named && (len(f.Tags) == 0 || c.Scenario.HasTag(f.Tags...)) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// Tags lists all tags of the cases, sorted.
func Tags(cases []*Case) []string {
	var tags []string
	for _, c := range cases {
		tags = append(tags, c.Scenario.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// ParseVars reads NAME=VALUE texts. A value is typed as a plain YAML scalar
// is: 5 is a number, true a truth value.
func ParseVars(assignments []string) (map[string]any, error) {
	vars := make(map[string]any, len(assignments))
	for _, a := range assignments {
		name, value, ok := strings.Cut(a, "=")
		if !ok || !steps.IsName(name) {
			return nil, fmt.Errorf("%q is not of the form NAME=VALUE", a)
		}
		vars[name] = steps.TypedText(value)
	}
	return vars, nil
}

// CheckVars reports a variable that none of the cases has.
func CheckVars(cases []*Case, vars map[string]any) error {
	known := make(map[string]bool)
	for _, c := range cases {
		for name := range c.Scenario.Vars {
			known[name] = true
		}
	}
	var names, unknown []string
	for name := range known {
		names = append(names, name)
	}
	for name := range vars {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(names)
	slices.Sort(unknown)
	err := fmt.Errorf("no chosen scenario has a variable %q", unknown[0])
	switch hint := source.DidYouMean(unknown[0], names); {
	case hint != "":
		return fmt.Errorf("%w; %s", err, hint)
	case len(names) == 0:
		return fmt.Errorf("%w; none of them has the key vars", err)
	}
	return fmt.Errorf("%w; their variables are %s", err, strings.Join(names, ", "))
}
