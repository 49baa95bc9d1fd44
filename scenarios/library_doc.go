package scenarios

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A LibraryDoc is what the reference says of a procedure library.
type LibraryDoc struct {
	Name        string
	Description string
	Vars        []value.DocRow
	Procedures  []ProcedureDoc // sorted by name
}

// A ProcedureDoc is what the reference says of a procedure.
type ProcedureDoc struct {
	Name        string
	Description string
	Params      []value.DocRow
	Returns     string // the name of what it returns; "" where it returns nothing
}

// DescribeLibrary reads what there is to say of a shipped procedure library,
// and whether there is one of that name.
func DescribeLibrary(name string) (*LibraryDoc, bool) {
	data, ok := library.OpenInclude(name)
	if !ok {
		return nil, false
	}
	docs, _ := source.Parse(library.IncludeFile(name), data)
	return describe(name, docs[0]), true
}

// DescribeFile reads what there is to say of a file that scenarios include. The
// error says why it is not one.
func DescribeFile(path string) (*LibraryDoc, error) {
	docs, problems, err := source.ParseFile(path)
	switch {
	case err != nil:
		return nil, err
	case problems.HasErrors():
		return nil, problems
	case len(docs) != 1 || !isLibrary(docs[0]):
		return nil, fmt.Errorf("%s is not a library: that is a file with procedures or vars, and without actors", path)
	}
	base := filepath.Base(path)
	return describe(strings.TrimSuffix(base, filepath.Ext(base)), docs[0]), nil
}

func describe(name string, root *source.Node) *LibraryDoc {
	l := newLoader(root, Options{})
	inc := &Included{root: root, node: root}
	inc.Included = l.include(inc.root.Get("include"))
	file, _ := inc.decode(step.NewReader(steps.Kinds(), nil, nil))
	d := &LibraryDoc{Name: name, Description: inc.doc.description.Text}
	if vars := inc.root.Get("vars"); vars != nil {
		for _, e := range vars.Entries {
			d.Vars = append(d.Vars, value.DocRow{Key: e.Key.Text, Help: flow(e.Value)})
		}
	}
	for _, p := range file.Procedures() {
		doc := ProcedureDoc{Name: p.Name, Description: p.Description, Returns: p.Returns}
		for _, q := range p.Params {
			row := value.DocRow{Key: q.Name, Required: q.Default == nil}
			if q.Default != nil {
				row.Default = flow(q.Default.Node)
			}
			doc.Params = append(doc.Params, row)
		}
		d.Procedures = append(d.Procedures, doc)
	}
	return d
}

// flow is a value as YAML writes it on one line.
func flow(n *source.Node) string {
	var parts []string
	switch n.Kind {
	case source.List:
		for _, item := range n.Items {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case source.Map:
		for _, e := range n.Entries {
			parts = append(parts, e.Key.Text+": "+flow(e.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	if n.Quoted {
		return strconv.Quote(n.Text)
	}
	return n.Text
}
