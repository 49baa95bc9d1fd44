package value

import (
	"math"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// OptionName is a socket option by its C name, or by {level, name} in numbers
// for one that has no name here.
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
		p := d.Problem(n, "unknown socket option %s", Shown(n))
		if p.Hint = source.DidYouMean(n.Text, OptionNames()); p.Hint == "" {
			p.Hint = "write its C name, or {level: N, name: N}"
		}
		return
	}
	o.Node, o.Option = n, opt
}

// numbers reads {level, name}; the value is an int, or bytes.
func (o *OptionName) numbers(d *Decoder, n *source.Node) {
	var level, name Int
	d.Mapping(n, []*Param{
		{Key: "level", Value: &level, Required: true, Help: "the level's number"},
		{Key: "name", Value: &name, Required: true, Help: "the option's number"},
	}, "option")
	l, _ := level.Static()
	x, _ := name.Static()
	if !level.fixed() || !name.fixed() {
		d.Problem(n, "level and name of an option are written out, without expressions")
	}
	for _, number := range []*Int{&level, &name} {
		if value, _ := number.Static(); value > math.MaxInt32 {
			d.Problem(number.Node, "%d does not fit into the int that the call takes", value).Hint = "write a number up to 2147483647"
		}
	}
	o.Node = n
	o.Option = sock.Option{
		Name: PlainUnit.format(x), LevelName: PlainUnit.format(l), Level: int(l), Number: int(x), Kind: sock.OptBytes,
	}
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
	number := new(Int).Schema()
	return Schema{"anyOf": []Schema{
		{"$ref": "#/$defs/option"},
		Object(Schema{"level": number, "name": number}, "level", "name"),
	}}
}

// Type names the type in the reference.
func (o *OptionName) Type() string { return "option" }
