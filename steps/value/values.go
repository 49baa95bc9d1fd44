package value

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// Bool is true or false. Its zero value is false.
type Bool struct {
	node *source.Node
	On   bool
}

// Decode reads true or false.
func (v *Bool) Decode(d *Decoder, n *source.Node) {
	if n.Kind != source.Scalar || n.Text != "true" && n.Text != "false" {
		d.Problem(n, "expected true or false, got %s", n.Describe())
		return
	}
	v.node, v.On = n, n.Text == "true"
}

// Given reports whether the value was written at all.
func (v *Bool) Given() bool { return v.node != nil }

// Schema accepts a boolean.
func (v *Bool) Schema() Schema { return Schema{"type": "boolean"} }

// Type names the type in the reference.
func (v *Bool) Type() string { return "true or false" }

// Enum is one of a few words.
type Enum struct {
	Words []string
	Node  *source.Node
	Word  string
}

// Decode reads one of the words.
func (v *Enum) Decode(d *Decoder, n *source.Node) {
	if n.Kind == source.Scalar {
		for _, w := range v.Words {
			if n.Text == w {
				v.Node, v.Word = n, w
				return
			}
		}
	}
	p := d.Problem(n, "expected %s, got %s", JoinOr(v.Words), n.Describe())
	p.Hint = source.DidYouMean(n.Text, v.Words)
}

// Given reports whether a word was written at all.
func (v *Enum) Given() bool { return v.Node != nil }

// Schema accepts the words.
func (v *Enum) Schema() Schema { return Schema{"enum": v.Words} }

// Type lists the words.
func (v *Enum) Type() string { return strings.Join(v.Words, ", ") }

// errNoFlag is a word that is not the name of a flag.
var errNoFlag = errors.New("unknown flag")

// Errnos are errno names of which one must come: ECONNREFUSED, or a list, in
// which 0 stands for success.
type Errnos struct {
	node  *source.Node
	names []string
	open  bool // an expression gives one of them, which may be any
}

// Decode reads an errno name or a list of them.
func (v *Errnos) Decode(d *Decoder, n *source.Node) {
	v.node = n
	d.NotEmpty(n)
	for _, item := range Listed(n) {
		if item.Text == "0" && n.Kind == source.List {
			v.names = append(v.names, item.Text)
			continue
		}
		errno, ok := sock.ErrnoByName(item.Text)
		if !ok || item.Kind != source.Scalar {
			_, v.open = wholeExpression(item.Text)
			p := Unknown(d, item, "errno")
			if p.Hint = source.DidYouMean(item.Text, sock.ErrnoNames()); p.Hint == "" {
				p.Hint = "write its C name, such as ECONNREFUSED"
			}
			continue
		}
		v.names = append(v.names, sock.ErrnoName(errno))
	}
}

// Given reports whether an errno was written at all.
func (v *Errnos) Given() bool { return v.node != nil }

// Several reports whether the step may end in one of several ways.
func (v *Errnos) Several() bool { return v.open || len(v.names) > 1 }

// Has reports whether name is one of them, or may be.
func (v *Errnos) Has(name string) bool {
	if v.open {
		return true
	}
	for _, n := range v.names {
		if n == name {
			return true
		}
	}
	return false
}

func (v *Errnos) String() string { return JoinOr(v.names) }

// Schema accepts a name or a list of names.
func (v *Errnos) Schema() Schema {
	one := orExpression(Schema{"$ref": "#/$defs/errno"})
	item := Schema{"anyOf": []Schema{one, {"type": []string{"integer", "string"}, "pattern": "^0$", "minimum": 0, "maximum": 0}}}
	return Schema{"anyOf": []Schema{one, {"type": "array", "minItems": 1, "items": item}}}
}

// Type names the type in the reference.
func (v *Errnos) Type() string { return "errno" }

// Bindings are names with their values, in the order of the file.
type Bindings struct {
	Names  []string
	Values []*Text
}

// NamePattern is what IsName accepts, for the schema.
const NamePattern = "^[A-Za-z_][A-Za-z0-9_]*$"

// NameHint is what helps against a text that IsName does not accept.
const NameHint = "a name is letters, digits and _, and starts with a letter"

// Decode reads a mapping of names to texts.
func (v *Bindings) Decode(d *Decoder, n *source.Node) {
	for _, e := range d.named(n) {
		x := new(Text)
		x.Decode(d, e.Value)
		v.Names = append(v.Names, e.Key.Text)
		v.Values = append(v.Values, x)
	}
}

// named are the entries of a mapping whose keys are names.
func (d *Decoder) named(n *source.Node) []source.Entry {
	if n.Kind != source.Map {
		d.Problem(n, "expected a mapping of names to values, got %s", n.Describe()).Hint = "write {name: value}"
		return nil
	}
	if len(n.Entries) == 0 {
		d.Problem(n, "the mapping is empty").Hint = "write {name: value}"
	}
	for _, e := range n.Entries {
		if !IsName(e.Key.Text) {
			d.Problem(e.Key, "%s is not a name", Quote(e.Key.Text)).Hint = NameHint
		}
	}
	return n.Entries
}

// Schema accepts a mapping of scalars.
func (v *Bindings) Schema() Schema {
	return Schema{
		"type": "object", "minProperties": 1, "additionalProperties": new(Text).Schema(),
		"propertyNames": Schema{"pattern": NamePattern},
	}
}

// Type names the type in the reference.
func (v *Bindings) Type() string { return "names and values" }

// NotEmpty reports a list that holds nothing where one of its items must hold.
func (d *Decoder) NotEmpty(n *source.Node) {
	if n.Kind == source.List && len(n.Items) == 0 {
		d.Problem(n, "the list is empty").Hint = "write at least one item"
	}
}

// Listed is n itself, or its items where it is a list.
func Listed(n *source.Node) []*source.Node {
	if n.Kind == source.List {
		return n.Items
	}
	return []*source.Node{n}
}

// Scalar types a plain scalar: a whole number, a float, true or false,
// else its text.
func Scalar(n *source.Node) any {
	if n.Quoted {
		return n.Text
	}
	return Typed(n.Text)
}

// Typed types a text as a plain YAML scalar is typed.
func Typed(s string) any {
	if i, err := strconv.ParseInt(s, 0, 64); err == nil {
		return signed(i)
	}
	if s == "true" || s == "false" {
		return s == "true"
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "0123456789") {
		return f
	}
	return s
}

// signed is a number in a type that holds it: an int has 32 bits on some
// systems.
func signed(n int64) any {
	if int64(int(n)) != n {
		return n
	}
	return int(n)
}

// Format is the text that a value has inside a text.
func Format(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.Round(0).String() // without the reading of the monotonic clock
	case fmt.Stringer:
		return v.String()
	case []any:
		items := make([]string, len(v))
		for i, x := range v {
			items[i] = formatItem(x)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for k, x := range v {
			items = append(items, k+": "+formatItem(x))
		}
		sort.Strings(items)
		return "{" + strings.Join(items, ", ") + "}"
	}
	return formatOther(reflect.ValueOf(v))
}

// formatItem is the text of a value in a list or mapping, where nothing would
// not be seen.
func formatItem(v any) string {
	if v == nil {
		return "nil"
	}
	return Format(v)
}

// InMessage is the text of a value in a message, where nothing would not be
// seen.
func InMessage(v any) string {
	if text := formatItem(v); text != "" {
		return text
	}
	return Quote("")
}

// formatOther writes the lists and mappings of one type that the functions of
// the expression language make, as those of any type.
func formatOther(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = v.Index(i).Interface()
		}
		return Format(list)
	case reflect.Map:
		m := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			m[Format(key.Interface())] = v.MapIndex(key).Interface()
		}
		return Format(m)
	case reflect.Func:
		return "a function"
	}
	return fmt.Sprint(v)
}

func AsInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= 1<<63-1
	case uint8:
		return int64(v), true // a byte of data
	case float64:
		return int64(v), v == float64(int64(v))
	}
	return 0, false
}

// Shown is a node for a message: a text in quotes, else what it is.
func Shown(n *source.Node) string {
	if n.Kind == source.Scalar && !n.Null {
		return Quote(n.Text)
	}
	return n.Describe()
}

// Unknown reports what is not one of the words that may be there.
func Unknown(d interface {
	Problem(n *source.Node, format string, args ...any) *source.Problem
}, n *source.Node, what string,
) *source.Problem {
	if n.Kind == source.Scalar && !n.Null {
		return d.Problem(n, "unknown %s %s", what, Quote(n.Text))
	}
	article := "a "
	if strings.Contains("aeiou", what[:1]) {
		article = "an "
	}
	return d.Problem(n, "expected %s, got %s", article+what, n.Describe())
}

// Quote quotes a text for a message, cut to a readable length.
func Quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

// JoinOr writes "a, b or c".
func JoinOr(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Without returns the words other than word.
func Without(words []string, word string) []string {
	var rest []string
	for _, w := range words {
		if w != word {
			rest = append(rest, w)
		}
	}
	return rest
}

// Prefixed returns s with a prefix; an empty s stays empty.
func Prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
