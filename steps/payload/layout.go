package payload

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
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
	as    value.SingleName
	exprs []*value.Expr
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
	schema func() value.Schema
	decode func(d *value.Decoder, f *layoutField, n *source.Node)
}

// layoutForms lists the forms. Integers and the forms of payloads come besides.
func layoutForms() []layoutForm {
	return []layoutForm{
		{"bytes", "{size, as, expect}: this many bytes", formSchema(newField().params(new(bytesPart))), decodeBytesPart},
		{"rest", "all bytes that are left: any, {as, expect}, or a payload", restSchema, decodeRest},
		{"prefixed", "{by, add, as, data, layout}: a length, and this many bytes: add is subtracted from the length that was read; data is what the bytes must be, or layout takes them apart", formSchema(newField().params(new(prefixedPart))), decodePrefixed},
	}
}

func newField() *layoutField { return new(layoutField) }

// LayoutForms lists the forms of a layout's fields with their help.
func LayoutForms() []value.DocRow {
	rows := []value.DocRow{{
		Key:  "u8 … i64le, varint",
		Help: "an integer in a form of payloads: a number or an expression, which it must be, any, {as: NAME, expect: CONDITION}, or a list of these for several",
	}}
	for _, f := range layoutForms() {
		rows = append(rows, value.DocRow{Key: f.key, Help: f.help})
	}
	return append(rows, value.DocRow{Key: "text, hex, …", Help: "a text or any other form of a payload stands for its own bytes"})
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
func (l *Layout) Decode(d *value.Decoder, n *source.Node) { l.decode(d, n, "") }

func (l *Layout) decode(d *value.Decoder, n *source.Node, under string) {
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
func (l *Layout) field(d *value.Decoder, n *source.Node, place string) {
	if n.Kind == source.Map && len(n.Entries) == 1 {
		key, of := n.Entries[0].Key, n.Entries[0].Value
		if form := value.IntegerFormOf(key.Text); form != nil {
			d.NotEmpty(of)
			for _, item := range value.Listed(of) {
				l.add(d, key, key.Text, place, func(f *layoutField) { readInteger(d, form, f, item) })
			}
			return
		}
		for _, form := range layoutForms() {
			if form.key == key.Text {
				l.add(d, key, key.Text, place, func(f *layoutField) { form.decode(d, f, of) })
				return
			}
		}
		if !IsForm(key.Text) {
			p := d.Problem(key, "unknown form of a field %q", key.Text)
			if p.Hint = source.DidYouMean(key.Text, layoutKeys()); p.Hint == "" {
				p.Hint = "a field is a text, or a mapping with one of " + value.JoinOr(layoutKeys())
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
func (l *Layout) add(d *value.Decoder, at *source.Node, form, place string, decode func(*layoutField)) {
	f := &layoutField{form: form, place: place, node: at}
	before, problems := d.Exprs(), d.Count()
	decode(f)
	f.exprs = d.ExprsSince(before)
	if p, ok := f.part.(*prefixedPart); ok {
		p.layout.before -= before
	}
	if f.part != nil && d.Count() == problems {
		l.fields = append(l.fields, f)
	}
}

// params are the keys that every named field has, before those of its part.
func (f *layoutField) params(p interface{ params() []*value.Param }) func() []*value.Param {
	return func() []*value.Param {
		return append([]*value.Param{{Key: "as", Value: &f.as, Help: "the name that what is there gets"}}, p.params()...)
	}
}

// readInteger decodes what an integer of a form must be.
func readInteger(d *value.Decoder, form *value.IntegerForm, f *layoutField, n *source.Node) {
	p := &integerPart{form: form}
	p.cond.Unit = form.Unit()
	f.part = p
	switch {
	case n.Kind == source.Map:
		d.Mapping(n, f.params(p)(), form.Name)
	case n.Kind != source.Scalar || n.Text != "any":
		p.want = form.Number(d, n)
	}
}

func decodeBytesPart(d *value.Decoder, f *layoutField, n *source.Node) {
	p := &bytesPart{size: value.Size{Number: value.AtMost(&value.MaxKept)}}
	f.part = p
	fieldMapping(d, n, "bytes", f.params(p)())
}

func decodeRest(d *value.Decoder, f *layoutField, n *source.Node) {
	p := new(restPart)
	f.part = p
	switch {
	case n.Kind == source.Scalar && n.Text == "any":
	case n.Kind == source.Map && (len(n.Entries) != 1 || !IsForm(n.Entries[0].Key.Text)):
		fieldMapping(d, n, "rest", f.params(p)())
	default:
		p.want.Decode(d, n)
	}
}

func decodePrefixed(d *value.Decoder, f *layoutField, n *source.Node) {
	p := new(prefixedPart)
	p.layout.under = f.place + "."
	f.part = p
	fieldMapping(d, n, "prefixed", f.params(p)())
	if p.layout.Given() && p.data.Given() {
		d.Problem(p.data.Node, "prefixed takes data or layout, not both").Hint = "a layout can hold what the data must be"
	}
}

// fieldMapping decodes the mapping that a form takes.
func fieldMapping(d *value.Decoder, n *source.Node, what string, params []*value.Param) {
	if n.Kind != source.Map {
		d.Problem(n, "%s of a layout is a mapping {%s}, not %s", what, strings.Join(value.KeyNames(params), ", "), n.Describe())
		return
	}
	d.Mapping(n, params, what)
}

// NamesIn implements [value.Namer].
func (l *Layout) NamesIn(n *source.Node, add func(string)) {
	for _, item := range n.Items {
		if item.Kind != source.Map || len(item.Entries) != 1 {
			continue
		}
		for _, field := range value.Listed(item.Entries[0].Value) {
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
	Exprs    []*value.Expr // which see the names of the fields before
	Name     string        // "" where it has none
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
func (l *Layout) Exprs() []*value.Expr {
	var list []*value.Expr
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
func (l *Layout) Schema() value.Schema { return value.Schema{"$ref": "#/$defs/layout"} }

// Type names the type in the reference.
func (l *Layout) Type() string { return "layout" }

// LayoutSchemas are the schema's definitions that all layouts refer to.
func LayoutSchemas() map[string]value.Schema {
	part := new(integerPart)
	part.cond.Unit = value.SignedUnit
	one := value.Schema{"anyOf": []value.Schema{{"const": "any"}, new(value.Signed).Schema(), formSchema(newField().params(part))()}}
	forms := value.Schema{}
	for _, f := range value.IntegerForms {
		forms[f.Name] = value.Schema{"$ref": "#/$defs/integer_field"}
	}
	for _, f := range layoutForms() {
		value := f.schema()
		value["description"] = f.help
		forms[f.key] = value
	}
	mapping := value.Object(forms)
	mapping["minProperties"], mapping["maxProperties"] = 1, 1
	return map[string]value.Schema{
		"layout":        {"type": "array", "minItems": 1, "items": value.Schema{"anyOf": []value.Schema{mapping, payloadSchema()}}},
		"integer_field": {"anyOf": []value.Schema{one, {"type": "array", "minItems": 1, "items": one}}},
	}
}

func restSchema() value.Schema {
	named := formSchema(newField().params(new(restPart)))()
	return value.Schema{"anyOf": []value.Schema{named, payloadSchema()}}
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
