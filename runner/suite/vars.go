package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// ReadVars reads a YAML file of at most 16 MiB that maps names to values. They
// have the types that YAML gives them; ${ in them means nothing.
func ReadVars(path string) (map[string]any, error) {
	data, err := source.ReadFile(path)
	if err != nil {
		return nil, err
	}
	vars, problems := scenarios.ParseVars(path, data)
	return vars, problems.Err()
}

// ParseVars reads texts of the form NAME=VALUE; another form is an error. A
// value has the type of a plain YAML scalar: 5 is a number, true is a boolean.
func ParseVars(assignments []string) (map[string]any, error) {
	vars := make(map[string]any, len(assignments))
	for _, a := range assignments {
		name, text, ok := strings.Cut(a, "=")
		if !ok || !isVariable(name) {
			return nil, fmt.Errorf("%q is not of the form NAME=VALUE", a)
		}
		vars[name] = value.Typed(text)
	}
	return vars, nil
}

// isVariable reports whether a text can name a variable: NAME, or FILE.NAME of
// an included file.
func isVariable(text string) bool {
	for _, part := range strings.Split(text, ".") {
		if !value.IsName(part) {
			return false
		}
	}
	return true
}

// addIncluded adds the names of the variables of included files.
func addIncluded(known map[string]bool, list []*scenarios.Included, under string) {
	for _, inc := range list {
		for name := range inc.Vars {
			known[under+inc.Name+"."+name] = true
		}
		addIncluded(known, inc.Included, under+inc.Name+".")
	}
}

// CheckVars returns an error for a variable that none of the cases has, and for
// one that the row of a table sets.
func CheckVars(cases []*Case, vars map[string]any) error {
	known := make(map[string]bool)
	for _, c := range cases {
		for name := range vars {
			if _, set := c.Scenario.RowVars[name]; set {
				return fmt.Errorf("the variable %s is set by each row of cases that has it, such as %s; choose rows with --run, or leave this value out", name, c.Scenario.Name)
			}
		}
		for name := range c.Scenario.Vars {
			known[name] = true
		}
		addIncluded(known, c.Scenario.Included, "")
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
