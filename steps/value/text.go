package value

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// Text is a text that may hold ${expressions}; $${ is a literal ${.
type Text struct {
	given bool
	Node  *source.Node
	Parts []part
	Lit   string       // the whole text where it holds no expression
	marks []event.Mark // of Lit: what of it the file does not spell out
}

// A part is a literal or an expression.
type part struct {
	Lit  string
	Expr *Expr
}

// Decode reads a scalar; a plain one is its source text.
func (x *Text) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "expected a text, got %s", n.Describe())
		return
	}
	x.given, x.Node = true, n
	x.parse(d, n.Text)
}

func (x *Text) parse(d *Decoder, s string) {
	var lit strings.Builder
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "$${"):
			lit.WriteString("${")
			i += 3
		case strings.HasPrefix(s[i:], "${"):
			end := closingBrace(s, i+2)
			if end < 0 {
				p := d.Problem(x.Node, "an expression is opened with ${ and never closed")
				p.MoveTo(x.Node, x.Node.At(i)).Hint = "close it with }, or write $${ for the two characters themselves"
				return
			}
			x.literal(&lit)
			e := new(Expr)
			d.compile(e, x.Node, s[i+2:end], i+2)
			x.Parts = append(x.Parts, part{Expr: e})
			i = end + 1
		default:
			lit.WriteByte(s[i])
			i++
		}
	}
	if len(x.Parts) == 0 {
		x.Lit = lit.String()
		return
	}
	x.literal(&lit)
}

func (x *Text) literal(lit *strings.Builder) {
	if lit.Len() > 0 {
		x.Parts = append(x.Parts, part{Lit: lit.String()})
		lit.Reset()
	}
}

// Schema accepts any scalar.
func (x *Text) Schema() Schema {
	return Schema{"type": []string{"string", "number", "boolean", "null"}}
}

// Type names the type in the reference.
func (x *Text) Type() string { return "text" }

// Given reports whether the text was written at all.
func (x *Text) Given() bool { return x.given }

// Static is the text where it holds no expression.
func (x *Text) Static() (string, bool) { return x.Lit, len(x.Parts) == 0 }

// Eval runs the expressions and joins the parts.
func (x *Text) Eval(env Env) (string, error) {
	if len(x.Parts) == 0 {
		return x.Lit, nil
	}
	v, err := x.Value(env)
	return Format(v), err
}

// nameOf is the text where it names something. A handle stands for its own name
// there, not for its address.
func (x *Text) nameOf(env Env) (string, error) {
	v, err := x.Value(env)
	if e, ok := v.(*Endpoint); ok && e.Name != "" {
		return e.Name, err
	}
	return Format(v), err
}

// Settled is the text with its expressions run: whoever needs it again finds
// the same.
func (x *Text) Settled(env Env) (*Text, error) {
	if len(x.Parts) == 0 {
		return x, nil
	}
	m, err := x.Marked(env)
	return x.of(m), err
}

// of is the text with what its expressions have given.
func (x *Text) of(m event.Marked) *Text {
	return &Text{given: x.given, Node: x.Node, Lit: m.Text, marks: m.Marks}
}

// Marked is Eval, with what of the text the file does not spell out.
func (x *Text) Marked(env Env) (event.Marked, error) {
	if len(x.Parts) == 0 {
		return event.Marked{Text: x.Lit, Marks: x.marks}, nil
	}
	v, trace, err := x.Traced(env)
	return FormatTraced(v, trace), err
}

// Line is Marked for a line of a transcript: what an expression returns shows
// as data does where it has bytes that are not text.
func (x *Text) Line(env Env) (event.Marked, error) {
	var line event.Joiner
	line.Add(event.Marked{Text: x.Lit, Marks: x.marks})
	for _, p := range x.Parts {
		if p.Expr == nil {
			line.Write(p.Lit)
			continue
		}
		v, trace, err := p.Expr.Traced(env)
		if err == nil {
			line.Add(FormatLine(v, trace))
			err = x.fits(p, &line)
		}
		if err != nil {
			return event.Marked{}, err
		}
	}
	return line.Marked(), nil
}

// fits reports a text that an expression has made too large.
func (x *Text) fits(p part, joined *event.Joiner) error {
	if joined.Len() <= int(maxMade.Most) {
		return nil
	}
	return p.Expr.Errorf("the text that contains it is larger than %s, which is the most for %s", &maxMade, maxMade.What)
}

// Value is the text's value: a text that is nothing but one expression keeps
// the expression's type.
func (x *Text) Value(env Env) (any, error) {
	v, _, err := x.Traced(env)
	return v, err
}

// Traced is Value, with what of it the file does not spell out.
func (x *Text) Traced(env Env) (any, *Trace, error) {
	if len(x.Parts) == 0 {
		return x.Lit, MarksOf(x.marks), nil
	}
	if len(x.Parts) == 1 {
		return x.Parts[0].Expr.Traced(env)
	}
	var joined event.Joiner
	for _, p := range x.Parts {
		if p.Expr == nil {
			joined.Write(p.Lit)
			continue
		}
		v, trace, err := p.Expr.Traced(env)
		if err != nil {
			return nil, nil, err
		}
		joined.Add(FormatTraced(v, trace))
		if err := x.fits(p, &joined); err != nil {
			return nil, nil, err
		}
	}
	all := joined.Marked()
	return all.Text, MarksOf(all.Marks), nil
}

func MarksOf(marks []event.Mark) *Trace {
	if len(marks) == 0 {
		return nil
	}
	return &Trace{Marks: marks}
}

// SettledOr is Settled, but for a list or mapping that the text's expression
// gives, which is returned as it is.
func (x *Text) SettledOr(env Env) (settled *Text, structure any, err error) {
	v, trace, err := x.Traced(env)
	if err != nil || Structured(v) {
		return nil, v, err
	}
	return x.of(FormatTraced(v, trace)), nil, nil
}

// Typed is Traced, but that a plain text is typed as YAML types it: a number,
// true or false. The value bears its trace.
func (x *Text) Typed(env Env) (any, error) {
	if lit, static := x.Static(); static && !x.Node.Quoted {
		return Typed(lit), nil
	}
	v, trace, err := x.Traced(env)
	return WithTrace(v, trace), err
}

// Names are the names of what a step makes: one, or a list.
type Names struct {
	Node *source.Node
	List []*Text
}

// Decode reads a name or a list of names.
func (x *Names) Decode(d *Decoder, n *source.Node) {
	x.Node = n
	for _, item := range Listed(n) {
		name := new(Text)
		name.Decode(d, item)
		if item.Null {
			d.Problem(item, "expected a name, got %s", item.Describe())
		} else if s, static := name.Static(); name.given && static && !IsName(s) {
			d.Problem(item, "%s is not a name", Quote(s)).Hint = NameHint
		}
		x.List = append(x.List, name)
	}
}

// NamesIn implements [Namer].
func (x *Names) NamesIn(n *source.Node, add func(string)) {
	for _, item := range Listed(n) {
		add(item.Text)
	}
}

// Schema accepts a name or a list of them.
func (x *Names) Schema() Schema {
	return OneOrMore(Schema{"type": "string"})
}

// Type names the type in the reference.
func (x *Names) Type() string { return "name" }

// Given reports whether any name was written.
func (x *Names) Given() bool { return len(x.List) > 0 }

// Len is the number of names.
func (x *Names) Len() int { return len(x.List) }

// Static lists the names as far as they hold no expression.
func (x *Names) Static() []string {
	var names []string
	for _, n := range x.List {
		if s, ok := n.Static(); ok {
			names = append(names, s)
		}
	}
	return names
}

// Eval is the ith name; "" where none was written.
func (x *Names) Eval(env Env, i int) (string, error) {
	if i >= len(x.List) {
		return "", nil
	}
	name, err := x.List[i].nameOf(env)
	if err == nil && !IsName(name) {
		err = fmt.Errorf("as: %s is not a name; a name is letters, digits and _, and starts with a letter", Quote(name))
	}
	return name, err
}

// SingleName is one name that is written out: that of a loop's item or round.
type SingleName struct{ Names }

// Written implements [Written].
func (x *SingleName) Written() {}

// Decode reads a name.
func (x *SingleName) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Scalar {
		d.Problem(n, "expected one name, got %s", n.Describe())
		return
	}
	x.Names.Decode(d, n)
	if len(x.Static()) == 0 && x.List[0].given {
		d.Problem(n, "this name cannot hold an expression").Hint = "the steps must know it beforehand; write it out"
	}
}

// Schema accepts a name.
func (x *SingleName) Schema() Schema { return Schema{"type": "string"} }

// IsName reports whether s can name an actor, a handle or a value.
func IsName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// Mode is the permissions of a file in octal digits, as chmod(1) takes them:
// 644 or 0644.
type Mode struct{ Text }

// Decode reads the digits.
func (v *Mode) Decode(d *Decoder, n *source.Node) {
	v.Text.Decode(d, n)
	if s, static := v.Static(); static && v.Given() {
		if _, err := parseMode(s); err != nil {
			d.Problem(n, "%s", err).Hint = "write it as 0644"
		}
	}
}

// Schema accepts digits, which YAML may take for a number.
func (v *Mode) Schema() Schema { return Schema{"type": []string{"string", "integer"}} }

// Type names the type in the reference.
func (v *Mode) Type() string { return "mode in octal" }

// Eval is the permission bits of the mode. An expression may give the digits,
// or the number itself: YAML reads a plain 0600 as a number in octal.
func (v *Mode) Eval(env Env) (fs.FileMode, error) {
	if len(v.Parts) == 1 && v.Parts[0].Expr != nil {
		x, err := v.Parts[0].Expr.Eval(env)
		if err != nil {
			return 0, err
		}
		if n, whole := x.(int); whole {
			return parseMode(fmt.Sprintf("%o", n))
		}
	}
	s, err := v.Text.Eval(env)
	if err != nil {
		return 0, err
	}
	return parseMode(s)
}

// parseMode reads the nine permission bits; those beyond belong to programs and
// folders.
func parseMode(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), 8, 32)
	if err != nil || n > 0o777 {
		return 0, fmt.Errorf("%s is not a mode of octal digits up to 0777", Quote(s))
	}
	return fs.FileMode(n), nil
}
