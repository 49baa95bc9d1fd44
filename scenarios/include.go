package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// An Included is a file of procedures and variables that a scenario, or another
// such file, includes.
type Included struct {
	Name     string // that it is called by
	Path     string // of the file; "" of a library that ships with sockscript
	Scope    *step.Library
	Vars     map[string]any // nil for those in Computed
	Computed []*Variable
	Included []*Included

	node *source.Node // its name where it is included
	from string       // as the include has it
	root *source.Node // the document
	doc  document
}

// IncludedFiles are the paths of the files that the scenario includes, and of
// those that these include.
func (s *Scenario) IncludedFiles() []string { return filesOf(s.Included, nil) }

func filesOf(list []*Included, paths []string) []string {
	for _, inc := range list {
		if inc.Path != "" && !slices.Contains(paths, inc.Path) {
			paths = append(paths, inc.Path)
		}
		paths = filesOf(inc.Included, paths)
	}
	return paths
}

// IncludedData are the contents of the files of [Scenario.IncludedFiles], by
// their paths.
func (s *Scenario) IncludedData() map[string][]byte {
	files := make(map[string][]byte)
	addData(s.Included, files)
	return files
}

func addData(list []*Included, to map[string][]byte) {
	for _, inc := range list {
		if inc.Path != "" {
			to[inc.Path] = inc.root.File.Data
		}
		addData(inc.Included, to)
	}
}

// libraryKeys are the keys of a file that others include.
var libraryKeys = []string{"description", "include", "vars", "procedures"}

// isLibrary reports whether a document is not a scenario, but is there for
// others to include.
func isLibrary(n *source.Node) bool {
	if n.Get("procedures") == nil && n.Get("vars") == nil {
		return false
	}
	return !slices.ContainsFunc(n.Entries, func(e source.Entry) bool { return !slices.Contains(libraryKeys, e.Key.Text) })
}

// libraryParams are the declarations of those keys.
func (doc *document) libraryParams() []*value.Param {
	var list []*value.Param
	for _, p := range doc.params() {
		if slices.Contains(libraryKeys, p.Key) {
			list = append(list, p)
		}
	}
	return list
}

// A loader reads the files that one document includes, and those that these
// include.
type loader struct {
	problems source.Problems
	under    []string // the files under way, the document's own first
	count    int
	size     int // of all of them, in bytes
	policy   *Policy
	alone    bool              // no file is included
	given    map[string][]byte // the files that may be included; nil: any
}

// newLoader reads for the document at n.
func newLoader(n *source.Node, o Options) *loader {
	return &loader{under: []string{filepath.Clean(n.Pos.File)}, policy: o.Policy, alone: o.Alone, given: o.Included}
}

// includeList is the value of the key include. The loader reads the files
// before anything else of the document is decoded.
type includeList struct{}

func (includeList) Decode(*value.Decoder, *source.Node) {}

func (includeList) Schema() value.Schema {
	named := value.Object(value.Schema{
		"as":   value.Schema{"type": "string", "pattern": value.NamePattern, "description": "the name by which it is called"},
		"from": value.Schema{"anyOf": []value.Schema{{"enum": library.Includes()}, {"type": "string"}}, "description": "a file or a library"},
	}, "as", "from")
	return value.OneOrMore(value.Schema{"anyOf": []value.Schema{{"enum": library.Includes()}, {"type": "string"}, named}})
}

func (includeList) Type() string { return "files and libraries" }

// include reads what the key include names.
func (l *loader) include(n *source.Node) []*Included {
	if n == nil {
		return nil
	}
	var list []*Included
	seen := make(map[string]*Included)
	for _, item := range n.OneOrMore() {
		inc := l.one(item)
		if inc == nil {
			continue
		}
		if first := seen[inc.Name]; first != nil {
			l.problem(inc.node, "there are two includes named %s; the first is at line %d", inc.Name, first.node.Pos.Line).
				WithHint("give one of them another name: {as: NAME, from: %s}", inc.from)
			continue
		}
		seen[inc.Name] = inc
		list = append(list, inc)
	}
	return list
}

func (l *loader) problem(n *source.Node, format string, args ...any) *source.Problem {
	p := n.Problem(format, args...)
	l.problems = append(l.problems, p)
	return p
}

// one reads one file; nil where that is not possible.
func (l *loader) one(n *source.Node) *Included {
	from, name := n, n
	if n.Kind == source.Map {
		d := value.NewDecoder(nil, nil)
		var as, path value.Plain
		d.Mapping(n, []*value.Param{
			{Key: "as", Value: &as, Required: true, Help: "the name by which it is called"},
			{Key: "from", Value: &path, Required: true, Help: "a file or a library"},
		}, "include")
		l.problems = append(l.problems, d.Problems()...)
		if len(d.Problems()) > 0 {
			return nil
		}
		from, name = n.Get("from"), n.Get("as")
	}
	if from.Kind != source.Scalar || from.Null {
		l.problem(from, "expected a file or a library, got %s", from.Describe()).Hint = "write the path of a file, such as ./common.yaml, or the name of a library"
		return nil
	}
	inc := &Included{Name: name.Text, node: name, from: from.Text}
	if name == from {
		base := filepath.Base(from.Text)
		inc.Name = strings.TrimSuffix(base, filepath.Ext(base))
	}
	if !value.IsName(inc.Name) {
		l.problem(name, "%s cannot be a name", value.Quote(inc.Name)).WithHint("write {as: NAME, from: %s}; a name is letters, digits and _", from.Text)
		return nil
	}
	if isPath(from.Text) {
		inc.Path, _ = pathOf(from)
	}
	if inc.root = l.open(from); inc.root == nil {
		return nil
	}
	inc.Included = l.include(inc.root.Get("include"))
	l.under = l.under[:len(l.under)-1]
	return inc
}

// isPath reports whether an include is a file: a text with a / or an ending.
func isPath(text string) bool { return strings.Contains(text, "/") || filepath.Ext(text) != "" }

// open reads and parses a file, which is then under way; nil where it is not
// one to include.
func (l *loader) open(n *source.Node) *source.Node {
	path, shown := pathOf(n)
	if slices.Contains(l.under, path) {
		circle := append(slices.Clone(l.under[slices.Index(l.under, path):]), path)
		l.problem(n, "the files include each other in a circle: %s", strings.Join(circle, ", ")).
			WithHint("move what both need into a file of its own")
		return nil
	}
	if l.count++; l.tooMany(n) {
		return nil
	}
	if p := l.refuse(n, path); p != nil {
		l.problems = append(l.problems, p)
		return nil
	}
	data, err := l.read(n, path)
	if err != nil {
		l.problem(n, "%s", err).Hint = includeHint(n.Text, err)
		return nil
	}
	if l.size += len(data); l.size > source.MaxFile {
		l.problem(n, "the files that are included have together more than %dMiB", source.MaxFile>>20).Hint = "include smaller ones"
		return nil
	}
	docs, problems := source.Parse(shown, data)
	l.problems = append(l.problems, problems...)
	if problems.HasErrors() || !l.holdsLibrary(n, shown, docs) {
		return nil
	}
	l.under = append(l.under, path)
	return docs[0]
}

func (l *loader) tooMany(n *source.Node) bool {
	err := value.MaxIncluded.Check(int64(l.count))
	if err != nil && l.count == int(value.MaxIncluded.Most)+1 {
		l.problem(n, "%s", err)
	}
	return err != nil
}

// refuse is what there is against a file before it is read.
func (l *loader) refuse(n *source.Node, path string) *source.Problem {
	switch {
	case !isPath(n.Text):
		return nil
	case l.alone:
		return n.Problem("this text is in no folder, so that it cannot include a file").
			WithHint("save the text as a file and name that, or include a library")
	case l.policy == nil:
		return nil
	}
	need := value.FileNeed(n.Text, path, n.Pos)
	if need.Met(value.In{Folder: l.policy.Folder}) {
		return nil
	}
	p := l.policy.Refuse(newNeed(need))
	if p != nil {
		p.Line = n.Line()
	}
	return p
}

// pathOf is where the file of an include is, which separates it from others,
// and how messages call it.
func pathOf(n *source.Node) (path, shown string) {
	if !isPath(n.Text) {
		shown = library.IncludeFile(n.Text)
		return n.Text, shown
	}
	path = filepath.Clean(n.Text)
	if !filepath.IsAbs(path) && n.File != nil {
		path = filepath.Join(filepath.Dir(n.File.Name), path)
	}
	return path, path
}

// read returns the text of a file or a library.
func (l *loader) read(n *source.Node, path string) ([]byte, error) {
	if isPath(n.Text) {
		data, given := l.given[path]
		if given {
			return data, nil
		}
		err := fs.ErrNotExist
		if l.given == nil {
			data, err = source.ReadFile(path)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot include the file: %w", err)
		}
		return data, nil
	}
	data, ok := library.OpenInclude(n.Text)
	if !ok {
		return nil, fmt.Errorf("there is no library %s", value.Quote(n.Text))
	}
	return data, nil
}

// includeHint says what helps where a file or library cannot be read.
func includeHint(text string, err error) string {
	switch {
	case !isPath(text):
	case errors.Is(err, fs.ErrNotExist):
		return "the path is relative to the folder of this file"
	default:
		return ""
	}
	if hint := source.DidYouMean(text, library.Includes()); hint != "" {
		return hint
	}
	return fmt.Sprintf("`sockscript doc` lists the libraries; for a file write its path, such as ./%s.yaml", text)
}

// holdsLibrary reports a file that is not there to be included.
func (l *loader) holdsLibrary(n *source.Node, shown string, docs []*source.Node) bool {
	const hint = "an included file is a mapping with procedures or vars, and without actors"
	switch {
	case len(docs) != 1:
		l.problem(n, "%s holds %d documents, not one", shown, len(docs)).Hint = hint
	case docs[0].Kind != source.Map:
		l.problem(n, "%s is not a library: it is %s", shown, docs[0].Describe()).Hint = hint
	case docs[0].Get("actors") != nil || docs[0].Get("sequence") != nil:
		l.problem(n, "%s is a scenario, not a library: it has actors", shown).Hint = hint
	case docs[0].Get("procedures") == nil && docs[0].Get("vars") == nil:
		l.problem(n, "%s is not a library: it has neither procedures nor vars", shown).Hint = hint
	default:
		return true
	}
	return false
}

// namesOfIncluded are the names under which the variables of included files can
// be read.
func namesOfIncluded(list []*Included) []string {
	var names []string
	for _, inc := range list {
		if inc.root.Get("vars") != nil {
			names = append(names, inc.Name)
		}
	}
	return names
}

// decode reads an included file, whose steps r numbers.
func (inc *Included) decode(r *step.Reader) (*step.Reader, source.Problems) {
	names := append(inc.root.Get("vars").Keys(), namesOfIncluded(inc.Included)...)
	inc.Scope = &step.Library{Vars: names}
	own := r.Library(inc.Scope)
	var problems source.Problems
	for _, other := range inc.Included {
		file, found := other.decode(r)
		own.Include(other.Name, file)
		problems = append(problems, found...)
	}
	inc.doc.procedures.Reader = own
	own.Mapping(inc.root, inc.doc.libraryParams(), "a library")
	inc.Vars = inc.doc.vars.values
	sorted, circles := inc.doc.vars.inOrder()
	inc.Computed = sorted
	return own, append(append(problems, own.Problems()...), circles...)
}

// checkLibrary checks a document that others include.
func checkLibrary(n *source.Node, o Options) source.Problems {
	l := newLoader(n, o)
	inc := &Included{root: n, node: n}
	inc.Included = l.include(n.Get("include"))
	r := step.NewReader(o.Kinds, nil, nil)
	r.Libraries = library.Includes()
	file, problems := inc.decode(r)
	return slices.Concat(l.problems, problems, check.Alone(file, problems.HasErrors()))
}

// clashes reports includes that bear the name of something else that
// expressions can name.
func (l *loader) clashes(list []*Included, actors, vars []string) {
	for _, inc := range list {
		what := ""
		switch {
		case slices.Contains(actors, inc.Name):
			what = "actor"
		case slices.Contains(vars, inc.Name):
			what = "variable"
		default:
			continue
		}
		l.problem(inc.node, "the name %s is taken by the %s %s", inc.Name, what, inc.Name).
			WithHint("give the include another name: {as: NAME, from: %s}", inc.from)
	}
}
