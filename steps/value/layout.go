package value

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Layout takes bytes apart: its fields say what is in them, one behind the
// other. Later fields see the names of earlier ones.
type Layout struct {
	Node   *source.Node
	fields []*layoutField
}

// A layoutField is a field of a layout: what the file says of it, and what it
// takes.
type layoutField struct {
	form  string // as the file has it: u16be
	place string // its number in the layout: 3, or 3.1 within another one
	node  *source.Node
	as    SingleName
	exprs []*Expr
	part  layoutPart
}

// A layoutPart is what one field takes.
type layoutPart interface {
	take(t *taker, f *layoutField) error
	// compares reports whether it says what must be there.
	compares() bool
}

// A layoutForm is a row of the table of the forms that only layouts have.
type layoutForm struct {
	key    string
	help   string
	schema func() Schema
	decode func(d *Decoder, f *layoutField, n *source.Node)
}

// layoutForms lists the forms. Integers and the forms of payloads come besides.
func layoutForms() []layoutForm {
	return []layoutForm{
		{"bytes", "{size, as, expect}: so many bytes", formSchema(newField().params(new(bytesPart))), decodeBytesPart},
		{"rest", "all bytes that are left: any, {as, expect}, or a payload", restSchema, decodeRest},
		{"prefixed", "{by, add, as, data, layout}: a length, and so many bytes: add is taken off the length that was read; data is what the bytes must be, or layout takes them apart", formSchema(newField().params(new(prefixedPart))), decodePrefixed},
	}
}

func newField() *layoutField { return new(layoutField) }

// LayoutForms lists the forms of a layout's fields with their help.
func LayoutForms() []DocRow {
	rows := []DocRow{{
		Key:  "u8 … i64le, varint",
		Help: "an integer in a form of payloads: a number or an expression, which it must be, any, {as: NAME, expect: CONDITION}, or a list of these for several",
	}}
	for _, f := range layoutForms() {
		rows = append(rows, DocRow{Key: f.key, Help: f.help})
	}
	return append(rows, DocRow{Key: "text, hex, …", Help: "a text or any other form of a payload stands for its own bytes"})
}

func layoutKeys() []string {
	keys := payloadKeys()
	for _, f := range layoutForms() {
		if !slices.Contains(keys, f.key) {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// Decode reads a list of fields.
func (l *Layout) Decode(d *Decoder, n *source.Node) { l.decode(d, n, "") }

func (l *Layout) decode(d *Decoder, n *source.Node, under string) {
	l.Node = n
	if n.Kind != source.List {
		d.Problem(n, "a layout is a list of fields, not %s", n.Describe()).Hint = "write [{u16be: {as: id}}, {rest: any}]"
		return
	}
	d.NotEmpty(n)
	for i, item := range n.Items {
		l.field(d, item, under+strconv.Itoa(i+1))
	}
	for i, f := range l.fields {
		if _, rest := f.part.(*restPart); rest && i < len(l.fields)-1 {
			d.Problem(f.node, "rest takes all bytes that are left, so it must be the last field")
		}
	}
}

// Given reports whether the layout was written at all.
func (l *Layout) Given() bool { return l.Node != nil }

// field reads an item of the list.
func (l *Layout) field(d *Decoder, n *source.Node, place string) {
	if n.Kind == source.Map && len(n.Entries) == 1 {
		key, value := n.Entries[0].Key, n.Entries[0].Value
		if form := integerFormOf(key.Text); form != nil {
			d.NotEmpty(value)
			for _, item := range Listed(value) {
				l.add(d, key, key.Text, place, func(f *layoutField) { form.field(d, f, item) })
			}
			return
		}
		for _, form := range layoutForms() {
			if form.key == key.Text {
				l.add(d, key, key.Text, place, func(f *layoutField) { form.decode(d, f, value) })
				return
			}
		}
		if !IsPayloadForm(key.Text) {
			p := d.Problem(key, "unknown form of a field %q", key.Text)
			if p.Hint = source.DidYouMean(key.Text, layoutKeys()); p.Hint == "" {
				p.Hint = "a field is a text, or a mapping with one of " + JoinOr(layoutKeys())
			}
			return
		}
	}
	form := "text"
	if n.Kind == source.Map && len(n.Entries) > 0 {
		form = n.Entries[0].Key.Text
	}
	l.add(d, n, form, place, func(f *layoutField) {
		literal := new(literalPart)
		literal.Decode(d, n)
		f.part = literal
	})
}

// add adds a field, with the expressions that decode compiles.
func (l *Layout) add(d *Decoder, at *source.Node, form, place string, decode func(*layoutField)) {
	f := &layoutField{form: form, place: place, node: at}
	before, problems := len(d.exprs), len(d.problems)
	decode(f)
	f.exprs = slices.Clone(d.exprs[before:])
	if p, ok := f.part.(*prefixedPart); ok {
		p.layout.before -= before
	}
	if f.part != nil && len(d.problems) == problems {
		l.fields = append(l.fields, f)
	}
}

// params are the keys that every named field has, before those of its part.
func (f *layoutField) params(p interface{ params() []*Param }) func() []*Param {
	return func() []*Param {
		return append([]*Param{{Key: "as", Value: &f.as, Help: "the name that what stands there gets"}}, p.params()...)
	}
}

// field decodes what an integer must be.
func (form *integerForm) field(d *Decoder, f *layoutField, n *source.Node) {
	p := &integerPart{form: form}
	p.cond.Unit = form.unit()
	f.part = p
	switch {
	case n.Kind == source.Map:
		d.Mapping(n, f.params(p)(), form.name)
	case n.Kind != source.Scalar || n.Text != "any":
		p.want = form.number(d, n)
	}
}

func decodeBytesPart(d *Decoder, f *layoutField, n *source.Node) {
	p := &bytesPart{size: Size{AtMost(&MaxKept)}}
	f.part = p
	d.fieldMapping(n, "bytes", f.params(p)())
}

func decodeRest(d *Decoder, f *layoutField, n *source.Node) {
	p := new(restPart)
	f.part = p
	switch {
	case n.Kind == source.Scalar && n.Text == "any":
	case n.Kind == source.Map && (len(n.Entries) != 1 || !IsPayloadForm(n.Entries[0].Key.Text)):
		d.fieldMapping(n, "rest", f.params(p)())
	default:
		p.want.Decode(d, n)
	}
}

func decodePrefixed(d *Decoder, f *layoutField, n *source.Node) {
	p := new(prefixedPart)
	p.layout.under = f.place + "."
	f.part = p
	d.fieldMapping(n, "prefixed", f.params(p)())
	if p.layout.Given() && p.data.Given() {
		d.Problem(p.data.Node, "prefixed takes data or layout, not both").Hint = "a layout can hold what the data must be"
	}
}

// fieldMapping decodes the mapping that a form takes.
func (d *Decoder) fieldMapping(n *source.Node, what string, params []*Param) {
	if n.Kind != source.Map {
		d.Problem(n, "%s of a layout is a mapping {%s}, not %s", what, strings.Join(keyNames(params), ", "), n.Describe())
		return
	}
	d.Mapping(n, params, what)
}

// NamesIn implements [Namer].
func (l *Layout) NamesIn(n *source.Node, add func(string)) {
	for _, item := range n.Items {
		if item.Kind != source.Map || len(item.Entries) != 1 {
			continue
		}
		for _, field := range Listed(item.Entries[0].Value) {
			if as := field.Get("as"); as != nil && as.Kind == source.Scalar {
				add(as.Text)
			}
			if inner := field.Get("layout"); inner != nil {
				l.NamesIn(inner, add)
			}
		}
	}
}

// A Gives is what a field, or a group of a regular expression, gives: a name,
// and what is needed before.
type Gives struct {
	Exprs    []*Expr // which see the names of the fields before
	Name     string  // "" where it has none
	At       *source.Node
	Compared bool // the name says in messages what differs, and need not be used
}

// Walk visits the fields in their order.
func (l *Layout) Walk(visit func(Gives)) {
	for _, f := range l.fields {
		g := Gives{Exprs: f.exprs, At: f.as.Node, Compared: f.part.compares()}
		if names := f.as.Static(); len(names) > 0 {
			g.Name = names[0]
		}
		if p, ok := f.part.(*prefixedPart); ok && p.layout.Given() {
			visit(Gives{Exprs: f.exprs[:p.layout.before]})
			p.layout.Walk(visit)
			g.Exprs = f.exprs[p.layout.before+p.layout.count:]
		}
		visit(g)
	}
}

// Exprs are the expressions of all fields.
func (l *Layout) Exprs() []*Expr {
	var list []*Expr
	for _, f := range l.fields {
		list = append(list, f.exprs...)
	}
	return list
}

// Names are the names that the fields give.
func (l *Layout) Names() []string {
	var names []string
	l.Walk(func(g Gives) {
		if g.Name != "" {
			names = append(names, g.Name)
		}
	})
	return names
}

// Rest is the place of the field that takes all that is left; nil where there
// is none.
func (l *Layout) Rest() *source.Node {
	for _, f := range l.fields {
		if _, rest := f.part.(*restPart); rest {
			return f.node
		}
	}
	return nil
}

// Schema accepts a list of fields.
func (l *Layout) Schema() Schema { return Schema{"$ref": "#/$defs/layout"} }

// Type names the type in the reference.
func (l *Layout) Type() string { return "layout" }

// LayoutSchemas are the schema's definitions that all layouts refer to.
func LayoutSchemas() map[string]Schema {
	part := new(integerPart)
	part.cond.Unit = SignedUnit
	one := Schema{"anyOf": []Schema{{"const": "any"}, new(Signed).Schema(), formSchema(newField().params(part))()}}
	forms := Schema{}
	for _, f := range integerForms {
		forms[f.name] = Schema{"$ref": "#/$defs/integer_field"}
	}
	for _, f := range layoutForms() {
		value := f.schema()
		value["description"] = f.help
		forms[f.key] = value
	}
	mapping := Object(forms)
	mapping["minProperties"], mapping["maxProperties"] = 1, 1
	return map[string]Schema{
		"layout":        {"type": "array", "minItems": 1, "items": Schema{"anyOf": []Schema{mapping, payloadSchema()}}},
		"integer_field": {"anyOf": []Schema{one, {"type": "array", "minItems": 1, "items": one}}},
	}
}

func restSchema() Schema {
	named := formSchema(newField().params(new(restPart)))()
	return Schema{"anyOf": []Schema{named, payloadSchema()}}
}

// A LayoutSource has the bytes that a layout takes apart.
type LayoutSource interface {
	// Next returns the next n bytes, or fewer where they end before. Where it
	// fails, what says what still waits for bytes.
	Next(n int, what func() string) ([]byte, error)
	// Left returns the bytes that are left.
	Left() ([]byte, error)
	// Ended says how the bytes have ended: "the data ends".
	Ended() string
}

// heldBytes are bytes that are all there.
type heldBytes struct{ b []byte }

// Next implements [LayoutSource].
func (s *heldBytes) Next(n int, _ func() string) ([]byte, error) {
	n = min(n, len(s.b))
	next := s.b[:n]
	s.b = s.b[n:]
	return next, nil
}

// Left implements [LayoutSource].
func (s *heldBytes) Left() ([]byte, error) { return s.Next(len(s.b), nil) }

// Ended implements [LayoutSource].
func (s *heldBytes) Ended() string { return "the data ends" }
