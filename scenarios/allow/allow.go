// Package allow is what scenarios may use that are run in a sandbox: nothing
// of the outside, but for what --allow names.
package allow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/value"
)

// A List is what is allowed. The zero List allows nothing. It is the value of a
// flag that may be repeated.
type List struct {
	All     bool     // any program may be run
	Exec    []string // the programs that may be run, as they were named
	Read    []string // files and folders, as absolute paths
	Write   []string // likewise
	Env     []string // names of variables
	Network bool     // that of the host
	Raw     bool     // raw and packet sockets
}

// Own are the variables that each sandbox has, with values of its own.
var Own = []string{"PATH", "TMPDIR", "LANG"}

// A word is one that --allow takes.
type word struct {
	name     string
	argument string // what follows the =; "" where nothing may
	optional bool   // it can be left out
	help     string
	add      func(l *List, argument string) error
}

var words = []word{
	{string(value.Exec), "PROGRAM,…", true, "run these programs, or any", (*List).addExec},
	{string(value.ReadFile), "DIR", false, "read this folder and what is in it", func(l *List, s string) error { return addPath(&l.Read, s) }},
	{string(value.WriteFile), "DIR", false, "read and change this folder and what is in it", func(l *List, s string) error { return addPath(&l.Write, s) }},
	{string(value.Environment), "NAME", false, "read this variable of the environment", (*List).addEnv},
	{string(value.HostNetwork), "", false, "use the network of this machine", func(l *List, _ string) error { l.Network = true; return nil }},
	{string(value.RawSocket), "", false, "make raw and packet sockets; with host-network, in the network of this machine, which only root can allow", func(l *List, _ string) error { l.Raw = true; return nil }},
}

// form is how a word is written.
func (w *word) form() string {
	switch {
	case w.argument == "":
		return w.name
	case w.optional:
		return w.name + "[=" + w.argument + "]"
	}
	return w.name + "=" + w.argument
}

// Words lists what [List.Set] takes, for the reference.
func Words() []value.DocRow {
	var rows []value.DocRow
	for _, w := range words {
		rows = append(rows, value.DocRow{Key: w.form(), Help: w.help})
	}
	return rows
}

// Completions are the words as a shell completes them.
func Completions() []string {
	var list []string
	for _, w := range words {
		if w.argument == "" || w.optional {
			list = append(list, w.name)
		}
		if w.argument != "" {
			list = append(list, w.name+"=")
		}
	}
	return list
}

// Set implements [pflag.Value]: it adds to what is allowed.
func (l *List) Set(text string) error {
	name, argument, given := strings.Cut(text, "=")
	var names, forms []string
	for _, w := range words {
		names, forms = append(names, w.name), append(forms, w.form())
		switch {
		case w.name != name:
			continue
		case given && w.argument == "":
			return fmt.Errorf("%s takes nothing behind an =; write %s", name, name)
		case argument == "" && (given || w.argument != "" && !w.optional):
			return fmt.Errorf("%q does not say which; write %s", text, w.form())
		}
		return w.add(l, argument)
	}
	err := fmt.Errorf("%q is not one of %s", name, strings.Join(forms, ", "))
	if hint := source.DidYouMean(name, names); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

// String implements [pflag.Value]: what is allowed, on one line.
func (l *List) String() string {
	var list []string
	if l.All {
		list = append(list, string(value.Exec))
	}
	add := func(a value.Access, of []string) {
		if len(of) > 0 {
			list = append(list, string(a)+"="+strings.Join(of, ","))
		}
	}
	add(value.Exec, l.Exec)
	add(value.ReadFile, l.Read)
	add(value.WriteFile, l.Write)
	add(value.Environment, l.Env)
	if l.Network {
		list = append(list, string(value.HostNetwork))
	}
	if l.Raw {
		list = append(list, string(value.RawSocket))
	}
	return strings.Join(list, ", ")
}

// Type implements [pflag.Value]; help shows it.
func (l *List) Type() string { return "WHAT" }

func (l *List) addExec(names string) error {
	if names == "" {
		l.All = true
		return nil
	}
	for name := range strings.SplitSeq(names, ",") {
		if path := programPath(name); path == "" {
			return fmt.Errorf("there is no program %q; name one that is in PATH, or a path of one", name)
		}
		l.Exec = append(l.Exec, name)
	}
	return nil
}

// programPath is the file that is run for a program's name; "" where there is
// none.
func programPath(name string) string {
	path, err := program.LookPath(name, os.Environ(), "")
	if name == "" || err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	path, _ = filepath.Abs(path)
	return path
}

func addPath(list *[]string, path string) error {
	full, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(full)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s; name one that exists", source.Visible(path))
	case err != nil:
		return err
	}
	if !slices.Contains(*list, full) {
		*list = append(*list, full)
	}
	return nil
}

var variableName = source.Pattern(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (l *List) addEnv(names string) error {
	for name := range strings.SplitSeq(names, ",") {
		if !variableName().MatchString(name) {
			return fmt.Errorf("%q is not the name of a variable of the environment; write env=HOME", name)
		}
		l.Env = append(l.Env, name)
	}
	return nil
}

// Refuse returns the problem with a need that is not allowed. A need that only
// the run can tell is allowed where the run can refuse it.
func (l *List) Refuse(n scenarios.Need) *source.Problem {
	if l.allows(n) {
		return nil
	}
	p := &source.Problem{Pos: n.Pos, Msg: "not allowed: " + n.Access}
	return p.WithHint("run with --allow %s", advice(n))
}

func (l *List) allows(n scenarios.Need) bool {
	switch value.Access(n.Access) {
	case value.Exec:
		return l.All || n.Late && len(l.Exec) > 0 || !n.Late && slices.ContainsFunc(l.Exec, func(name string) bool { return isProgram(name, n.Of) })
	case value.ReadFile:
		return n.Late || isIn(l.Read, n.Path) || isIn(l.Write, n.Path)
	case value.WriteFile:
		return n.Late || isIn(l.Write, n.Path)
	case value.Environment:
		return n.Late || slices.Contains(Own, n.Of) || slices.Contains(l.Env, n.Of)
	case value.HostNetwork:
		return n.Late || l.Network
	case value.RawSocket:
		return n.Late || l.Raw
	case value.Privilege:
		return true // the users of a sandbox are its own
	}
	return false
}

// isProgram reports whether two names are of one program.
func isProgram(a, b string) bool {
	if a == b {
		return true
	}
	path := programPath(a)
	return path != "" && path == programPath(b)
}

func isIn(folders []string, path string) bool {
	return path != "" && slices.ContainsFunc(folders, func(folder string) bool { return value.IsWithin(folder, path) })
}

// plainWord is an argument that a shell takes as it is.
var plainWord = source.Pattern(`^[A-Za-z0-9_./@%:+-]+$`)

// advice is the argument of --allow that allows a need.
func advice(n scenarios.Need) string {
	argument := n.Of
	switch value.Access(n.Access) {
	case value.Exec:
		if n.Late || !plainWord().MatchString(n.Of) {
			return n.Access
		}
	case value.ReadFile, value.WriteFile:
		if argument = "DIR"; n.Path != "" {
			argument = folderOf(n.Path)
		}
	case value.Environment:
		if n.Late {
			argument = "NAME"
		}
	default:
		return n.Access
	}
	if !plainWord().MatchString(argument) {
		argument = "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
	}
	return n.Access + "=" + argument
}

// folderOf is the folder to allow for a path: the one that it is in, through
// all symbolic links, or itself where it is a folder. Nobody is advised to
// allow all.
func folderOf(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(real, filepath.Base(path))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path
	}
	if folder := filepath.Dir(path); folder != "/" {
		return folder
	}
	return path
}
