// Package step holds what a step kind is made of: its declaration, the reader
// and the check of steps, and the state of an actor while its steps run.
//
// A kind is declared once, as a [Kind]. Its action binds each key to a typed
// field; decoding, checking, the documentation, the JSON schema and the run
// all walk those bindings.
package step

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/sockscript/sockscript/steps/value"
)

// A Doc is what the reference says of a kind.
type Doc struct {
	Kind   *Kind
	Params []value.DocRow // the verb's value first
	Expect []value.DocRow
	Plain  string // what a plain `expect: VALUE` means; "" where it means nothing
	Others string // what further keys of `expect` mean; "" where they are errors
	Makes  string // what `as` names; "" where nothing
}

// DocOf reads a kind's declaration.
func DocOf(k *Kind) Doc {
	p := paramsOf(k.New())
	d := Doc{Kind: k, Makes: p.Makes}
	verb := *p.Verb
	verb.Key = k.Name
	d.Params = value.DocRows(append([]*value.Param{&verb}, p.Keys...))
	d.Expect = value.DocRows(p.Expect)
	if p.Short != nil {
		d.Plain = p.Short.Help
	}
	if p.Others != nil {
		d.Others = p.Others.Help
	}
	return d
}

// Needs are what steps of the kind may need of the outside.
func (d Doc) Needs() string {
	var words []string
	for _, a := range d.Kind.Needs {
		words = append(words, string(a))
	}
	return strings.Join(words, ", ")
}

// CommonDoc are the keys that go with every kind.
func CommonDoc() []value.DocRow {
	return value.DocRows(commonParams(new(Step), new(Params)))
}

// CommonExpect are the keys of `expect` that every kind has.
func CommonExpect() []value.DocRow { return value.DocRows(new(Expect).bindings()) }

// Text is the reference of the kind for a terminal.
func (d Doc) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s\n\n", d.Kind.Name, d.Kind.Summary)
	fmt.Fprintf(&b, "%s\n\nParameters\n", d.Kind.Text)
	table(&b, d.Params)
	if d.Makes != "" {
		fmt.Fprintf(&b, "\nas names %s.\n", d.Makes)
	}
	if d.Plain != "" || d.Others != "" || len(d.Expect) > 0 {
		b.WriteString("\nExpect\n")
		rows := d.Expect
		if d.Plain != "" {
			rows = append([]value.DocRow{{Key: "(plain value)", Help: d.Plain}}, rows...)
		}
		if d.Others != "" {
			rows = append(rows, value.DocRow{Key: "(other keys)", Help: d.Others})
		}
		table(&b, rows)
	}
	if len(d.Kind.Needs) > 0 {
		fmt.Fprintf(&b, "\nNeeds of the outside: %s; \"sockscript check --needs\" says where.\n", d.Needs())
	}
	if d.Kind.Beneath.Given() {
		fmt.Fprintf(&b, "\nBeneath\n%s", indent(d.Kind.Beneath.Text(76), "  "))
	}
	fmt.Fprintf(&b, "\nExample\n%s", indent(d.Kind.Example, "  "))
	return b.String()
}

func table(b *strings.Builder, rows []value.DocRow) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Key, r.Type, r.FullHelp())
	}
	w.Flush()
}

func indent(s, by string) string {
	lines := strings.SplitAfter(s, "\n")
	for i, l := range lines {
		if strings.TrimSpace(l) != "" {
			lines[i] = by + l
		}
	}
	return strings.Join(lines, "")
}
