package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// table is the value of the key cases.
type table struct{ rows []*row }

// A row is one run of a scenario with values of its own.
type row struct {
	name  string
	node  *source.Node // its name, or the row where that has no name
	vars  variables
	notes rowNotes
}

// rowNotes are the keys of a row that are not variables.
type rowNotes struct {
	knownFailure value.Filled
	requires     requirements
	tags         words
	timeout      value.Duration
}

func (x *rowNotes) params() []*value.Param {
	return []*value.Param{
		{Key: "known_failure", Value: &x.knownFailure, Help: "why the row is expected to fail"},
		{Key: "requires", Value: &x.requires, Help: "what must be there for the row, beside what the scenario requires"},
		{Key: "tags", Value: &x.tags, Help: "words by which the row can be chosen, beside the scenario's"},
		{Key: "timeout", Value: &x.timeout, Help: "the longest time that the run of the row may take; default: the scenario's"},
	}
}

// RowKeys documents the keys of a row that are not variables.
func RowKeys() []value.DocRow { return value.DocRows(new(rowNotes).params()) }

func isNote(key string) bool { return value.FindParam(new(rowNotes).params(), key) != nil }

// A rowNode is a row as it is in the file.
type rowNode struct {
	name  string
	at    *source.Node // the name, or the row where that has no name
	cells *source.Node
}

// rowsIn are the rows of a table.
func rowsIn(n *source.Node) []rowNode {
	var rows []rowNode
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		rows = append(rows, rowNode{e.Key.Text, e.Key, e.Value})
	}
	for i, item := range n.Items {
		row := rowNode{strconv.Itoa(i + 1), item, item}
		if own := item.Get("name"); own != nil && own.Kind == source.Scalar {
			row.name, row.at = own.Text, own
		}
		rows = append(rows, row)
	}
	return rows
}

// columnsOf are the variables that any row of the table sets, each with the
// place where that happens first.
func columnsOf(n *source.Node) map[string]*source.Node {
	columns := make(map[string]*source.Node)
	for _, row := range rowsIn(n) {
		for _, e := range row.cells.Entries {
			if !isNote(e.Key.Text) && columns[e.Key.Text] == nil {
				columns[e.Key.Text] = e.Key
			}
		}
	}
	return columns
}

func (v *table) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.Scalar {
		d.Problem(n, "cases is a table of rows, not %s", n.Describe()).Hint = "write a mapping of names to rows, or a list of rows; a row is a mapping of variables to values"
		return
	}
	if len(n.Entries)+len(n.Items) == 0 {
		d.Problem(n, "there are no rows in cases").Hint = "write a row, as NAME: {VARIABLE: VALUE}"
	}
	seen := make(map[string]*source.Node)
	for _, x := range rowsIn(n) {
		name, at, cells := x.name, x.at, x.cells
		if first := seen[name]; first != nil {
			d.Problem(at, "there are two rows named %s; the first is at line %d", name, first.Pos.Line).Hint = "give one of them another name"
		}
		seen[name] = at
		if why := badRowName(name); why != "" {
			d.Problem(at, "%s is not a name for a row: %s", value.Quote(name), why)
		}
		if cells.Kind != source.Map {
			d.Problem(cells, "a row is a mapping of variables to values, not %s", cells.Describe()).Hint = "write {VARIABLE: VALUE}"
			continue
		}
		v.rows = append(v.rows, decodeRow(d, name, at, cells))
	}
}

// mostRowName is the most characters that the name of a row has.
const mostRowName = 80

// badRowName says what keeps a text from naming a row: it is in a line of the
// golden file and in the names of tests.
func badRowName(name string) string {
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return "it is empty, or begins or ends with a blank"
	case len(name) > mostRowName:
		return fmt.Sprintf("it has more than %d bytes", mostRowName)
	case strings.Contains(name, "/"):
		return "a / is between the scenario and the row"
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "it has a control character"
	}
	return ""
}

func decodeRow(d *value.Decoder, name string, at, cells *source.Node) *row {
	r := &row{name: name, node: at}
	notes, vars := *cells, *cells
	notes.Entries, vars.Entries = nil, nil
	for _, e := range cells.Entries {
		if isNote(e.Key.Text) {
			notes.Entries = append(notes.Entries, e)
		} else {
			vars.Entries = append(vars.Entries, e)
		}
	}
	d.Mapping(&notes, r.notes.params(), "a row")
	fixed(&r.notes.timeout, 0, d)
	r.vars.Decode(d, &vars)
	return r
}

// Schema accepts a table whose cells may be anything.
func (v *table) Schema() value.Schema {
	properties := value.Schema{}
	for _, p := range new(rowNotes).params() {
		properties[p.Key] = value.Described(p)
	}
	one := value.Schema{"type": "object", "properties": properties, "propertyNames": value.Schema{"pattern": value.NamePattern}}
	return value.Schema{"anyOf": []value.Schema{
		{"type": "object", "minProperties": 1, "additionalProperties": one},
		{"type": "array", "minItems": 1, "items": one},
	}}
}

func (v *table) Type() string { return "rows of variables" }

// split makes a scenario of each row; without a table there is only the
// scenario itself.
func (s *Scenario) split(doc *document) []*Scenario {
	if len(doc.cases.rows) == 0 {
		return []*Scenario{s}
	}
	var list []*Scenario
	for _, r := range doc.cases.rows {
		one := *s
		one.Name, one.Row, one.RowNode = s.Name+"/"+r.name, r.name, r.node
		one.RowVars = r.vars.values
		one.Tags = slices.Concat(s.Tags, r.notes.tags.list)
		one.Requires = slices.Concat(s.Requires, r.notes.requires.list)
		if r.notes.timeout.Given() {
			x, _ := r.notes.timeout.Static()
			one.Timeout = time.Duration(x)
		}
		one.KnownFailure = cmp.Or(r.notes.knownFailure.Text, s.KnownFailure)
		vars := r.over(&doc.vars, doc.columns)
		one.Vars = vars.values
		one.Computed, _ = vars.inOrder()
		list = append(list, &one)
	}
	return list
}

// over are the scenario's variables with the row's values before them. A column
// that neither has is nil.
func (r *row) over(vars *variables, columns map[string]*source.Node) *variables {
	all := &variables{values: make(map[string]any)}
	for name := range columns {
		all.values[name] = nil
	}
	maps.Copy(all.values, vars.values)
	maps.Copy(all.values, r.vars.values)
	all.computed = slices.Clone(r.vars.computed)
	for _, x := range vars.computed {
		if _, given := r.vars.values[x.Name]; !given {
			all.computed = append(all.computed, x)
		}
	}
	return all
}

// checkRows reports what is wrong with the expressions of the rows, and returns
// them.
func (doc *document) checkRows() (exprs []*value.Expr, problems source.Problems) {
	for _, r := range doc.cases.rows {
		_, circles := r.over(&doc.vars, doc.columns).inOrder()
		problems = append(problems, circles...)
		for _, x := range r.vars.computed {
			for _, e := range x.Exprs {
				problems = append(problems, noReferences(e, x.Node, "the variable "+x.Name)...)
				exprs = append(exprs, e)
			}
		}
	}
	return exprs, problems
}
