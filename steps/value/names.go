package value

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// A NameSet is the names that steps give to what they make.
type NameSet struct {
	Fixed map[string]bool
	Open  []OpenName
}

// An OpenName is a name that holds an expression: any that begins and ends as
// its text does may be meant.
type OpenName struct{ first, last string }

// NewNameSet returns an empty set.
func NewNameSet() *NameSet { return &NameSet{Fixed: make(map[string]bool)} }

// Add adds a name as it is in the file.
func (s *NameSet) Add(text string) {
	first, rest, open := strings.Cut(text, "${")
	if !open {
		s.Fixed[text] = true
		return
	}
	last := ""
	if i := strings.LastIndexByte(rest, '}'); i >= 0 {
		last = rest[i+1:]
	}
	s.Open = append(s.Open, OpenName{first, last})
}

// Has reports whether a name is among those that are written out.
func (s *NameSet) Has(name string) bool { return s != nil && s.Fixed[name] }

// May reports whether a step may give the name, also by an expression.
func (s *NameSet) May(name string) bool { return s.Has(name) || s != nil && MayMean(s.Open, name) }

// All lists the names that are written out.
func (s *NameSet) All() []string {
	var names []string
	for name := range s.Fixed {
		names = append(names, name)
	}
	return slices.Sorted(slices.Values(names))
}

// Merge adds another set's names, but for those that are left out.
func (s *NameSet) Merge(other *NameSet, but []string) {
	if other == nil {
		return
	}
	for name := range other.Fixed {
		if !slices.Contains(but, name) {
			s.Fixed[name] = true
		}
	}
	s.Open = append(s.Open, other.Open...)
}

// MayMean reports whether one of the names with expressions may be name.
func MayMean(open []OpenName, name string) bool {
	for _, x := range open {
		if x.MayBe(name) {
			return true
		}
	}
	return false
}

// MayBe reports whether the name may turn out to be this one.
func (x OpenName) MayBe(name string) bool {
	return len(name) >= len(x.first)+len(x.last) && strings.HasPrefix(name, x.first) && strings.HasSuffix(name, x.last)
}

// OpenName is what the text, which holds expressions, may turn out to be.
func (x *Text) OpenName() OpenName {
	return OpenName{x.Parts[0].Lit, x.Parts[len(x.Parts)-1].Lit}
}

// OptionName is a socket option by its C name, or by {level, name} in names or
// numbers, for one that has no name here or is asked of another level.
type OptionName struct {
	Node   *source.Node
	Option sock.Option
}

// Decode reads the name.
func (o *OptionName) Decode(d *Decoder, n *source.Node) {
	if n.Kind == source.Map {
		o.numbers(d, n)
		return
	}
	opt, ok := sock.OptionByName(n.Text)
	if !ok || n.Kind != source.Scalar {
		p := Unknown(d, n, "socket option")
		if p.Hint = source.DidYouMean(n.Text, OptionNames()); p.Hint == "" {
			p.Hint = "write its C name, or {level: N, name: N}"
		}
		return
	}
	o.Node, o.Option = n, opt
}

// numbers reads {level, name}. The value is an int, or bytes, but for an option
// that has these names.
func (o *OptionName) numbers(d *Decoder, n *source.Node) {
	levels := sock.Levels()
	level := namedInt{what: "level", numbers: levels}
	name := namedInt{what: "socket option", numbers: make(map[string]int)}
	for _, option := range sock.Options() {
		name.numbers[option.ShortName()] = option.Number
	}
	d.Mapping(n, []*Param{
		{Key: "level", Value: &level, Required: true, Help: "the level, by its number or its C name"},
		{Key: "name", Value: &name, Required: true, Help: "the option, by its number or its C name"},
	}, "option")
	o.Node = n
	o.Option = sock.Option{
		Name: name.shown(), LevelName: level.shown(), Level: int(level.lit), Number: int(name.lit), Kind: sock.OptBytes,
	}
	for _, option := range sock.Options() {
		if option.LevelName == level.name && option.ShortName() == name.name {
			o.Option = option
		}
	}
}

// A namedInt is an int of a call, or a C name that stands for one.
type namedInt struct {
	Int
	what    string
	numbers map[string]int
	name    string
}

// Decode reads the number or the name.
func (v *namedInt) Decode(d *Decoder, n *source.Node) {
	if number, known := v.numbers[n.Text]; known && n.Kind == source.Scalar {
		v.Node, v.lit, v.name = n, int64(number), n.Text
		return
	}
	if n.Kind == source.Scalar && cName().MatchString(n.Text) {
		names := slices.Sorted(maps.Keys(v.numbers))
		p := d.Problem(n, "unknown %s %q", v.what, n.Text)
		if p.Hint = source.DidYouMean(n.Text, names); p.Hint == "" {
			p.Hint = "write its C name or its number"
		}
		return
	}
	v.Int.Decode(d, n)
	switch {
	case !v.Fixed():
		d.Problem(n, "level and name of an option are written out, without expressions")
	case v.lit > math.MaxInt32:
		d.Problem(n, "%d does not fit into the int that the call takes", v.lit).Hint = "write a number up to 2147483647"
	}
}

var cName = source.Pattern(`^[A-Za-z_]\w*$`)

// shown is the name, or the number.
func (v *namedInt) shown() string {
	if v.name != "" {
		return v.name
	}
	return PlainUnit.format(v.lit)
}

// Schema accepts a number or one of the names.
func (v *namedInt) Schema() Schema {
	number := Schema{"type": "integer", "minimum": 0}
	return Schema{"anyOf": []Schema{number, {"type": "string", "enum": slices.Sorted(maps.Keys(v.numbers))}}}
}

// OptionNames returns the C names of all socket options, for hints.
func OptionNames() []string {
	var names []string
	for _, o := range sock.Options() {
		names = append(names, o.Name)
	}
	return names
}

// Schema lists the names.
func (o *OptionName) Schema() Schema {
	level, name := namedInt{numbers: sock.Levels()}, new(Int).Schema()
	return Schema{"anyOf": []Schema{
		{"$ref": "#/$defs/option"},
		Object(Schema{"level": level.Schema(), "name": Schema{"anyOf": []Schema{name, {"$ref": "#/$defs/option"}}}}, "level", "name"),
	}}
}

// Type names the type in the reference.
func (o *OptionName) Type() string { return "option" }
