package value

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Param binds one key to a typed field.
type Param struct {
	Key      string
	Value    Value
	Help     string
	Default  string
	Required bool
}

// Value is a typed field of an action.
type Value interface {
	// Decode reads the value from the file; what is wrong goes to d.
	Decode(d *Decoder, n *source.Node)
	// Schema is the JSON Schema (draft 2020-12) of what Decode accepts.
	Schema() Schema
	// Type names the type for the reference: "size", "duration", "address".
	Type() string
}

// Schema is a fragment of a JSON Schema.
type Schema map[string]any

// Need marks the parameter as one that must be given.
func (q *Param) Need() *Param {
	q.Required = true
	return q
}

// Or says to the reader what holds when the parameter is not given. The field
// itself carries the default; this is its text.
func (q *Param) Or(text string) *Param {
	q.Default = text
	return q
}

func KeyNames(list []*Param) []string {
	var names []string
	for _, q := range list {
		names = append(names, q.Key)
	}
	return names
}

// FindParam returns the parameter with this key, or nil.
func FindParam(list []*Param, key string) *Param {
	for _, q := range list {
		if q.Key == key {
			return q
		}
	}
	return nil
}

// Described is a parameter's schema with its help.
func Described(p *Param) Schema {
	s := maps.Clone(p.Value.Schema())
	// A text inside a list or mapping may be null, which stands for the word
	// itself; a key without a value is an error.
	if types, ok := s["type"].([]string); ok {
		s["type"] = Without(types, "null")
	}
	if _, written := p.Value.(Written); !written {
		s = late(s)
	}
	s["description"] = p.Help
	return s
}

// late is a schema that accepts an expression in the place of a value and of
// all the values in it.
func late(s Schema) Schema {
	if s = lateWithin(s); takesText(s) {
		return s
	}
	return orExpression(s)
}

func lateWithin(s Schema) Schema {
	s = maps.Clone(s)
	for _, key := range []string{"items", "additionalProperties"} {
		if of, ok := s[key].(Schema); ok {
			s[key] = late(of)
		}
	}
	if all, ok := s["anyOf"].([]Schema); ok {
		within := make([]Schema, len(all))
		for i, one := range all {
			within[i] = lateWithin(one)
		}
		s["anyOf"] = within
	}
	return s
}

// takesText reports whether a schema accepts a text that is an expression.
func takesText(s Schema) bool {
	switch t := s["type"].(type) {
	case string:
		if t == "string" {
			return s["pattern"] == nil || s["pattern"] == expressionPattern
		}
	case []string:
		return slices.Contains(t, "string")
	}
	all, _ := s["anyOf"].([]Schema)
	return slices.ContainsFunc(all, takesText) || s["$ref"] == "#/$defs/payload"
}

// Object describes a mapping with these keys and no others.
func Object(properties Schema, required ...string) Schema {
	s := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		// Beside the keys, an editor would propose all of them at once.
		s["allOf"] = []Schema{{"required": required}}
	}
	return s
}

// Words describes one of these words. An editor proposes them; wrong is all
// that it says of another word, however many there are.
func Words(words []string, wrong string) Schema {
	return Schema{"enum": words, "errorMessage": wrong}
}

// Constants describes a C constant by its name, which an editor proposes, by
// the name without the prefix, in either case, or by its number, which may be a
// text.
func Constants(names []string, prefix, wrong string) Schema {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = eitherCase(strings.TrimPrefix(name, prefix))
	}
	text := "^((" + eitherCase(prefix) + ")?(" + strings.Join(short, "|") + ")|[-+]?[0-9][0-9A-Za-z_]*)$"
	return Schema{"anyOf": []Schema{Words(names, wrong), {"type": "string", "pattern": text}, {"type": "integer"}}}
}

// eitherCase is a regular expression for a word in capital or small letters.
func eitherCase(word string) string {
	var b strings.Builder
	for _, r := range word {
		if upper, lower := unicode.ToUpper(r), unicode.ToLower(r); upper != lower {
			b.WriteString("[" + string(upper) + string(lower) + "]")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// OneOrMore describes one thing, or a list of such things.
func OneOrMore(one Schema) Schema {
	return Schema{"anyOf": []Schema{one, {"type": "array", "items": one}}}
}

// ObjectOf describes a mapping with these parameters.
func ObjectOf(params []*Param) Schema {
	properties, required := Schema{}, []string(nil)
	for _, q := range params {
		properties[q.Key] = Described(q)
		if q.Required {
			required = append(required, q.Key)
		}
	}
	return Object(properties, required...)
}

// A DocRow is a row of the reference.
type DocRow struct {
	Key, Type, Help, Default string
	Required                 bool
	Needs                    Access // of what has a row; "" for nothing
}

// FullHelp is the help with the default, or that the key is required.
func (r DocRow) FullHelp() string {
	switch {
	case r.Required:
		return r.Help + " (required)"
	case r.Default != "":
		return r.Help + " (default: " + r.Default + ")"
	}
	return r.Help
}

// A FunctionDoc is a function that expressions can call.
type FunctionDoc struct {
	Name, Args, Help string
	Needs            Access
}

// Functions lists the functions of expressions beside the language's own.
func Functions() []FunctionDoc {
	var list []FunctionDoc
	for _, f := range functions() {
		list = append(list, FunctionDoc{f.name, f.args, f.help, f.needs})
	}
	return append(list, caught, freePort)
}

// Builtins lists the values that every actor's expressions see.
func Builtins() []DocRow { return slices.Clone(builtins) }

// DocRows are the rows of the reference for a list of parameters.
func DocRows(params []*Param) []DocRow {
	var list []DocRow
	for _, q := range params {
		list = append(list, DocRow{Key: q.Key, Type: q.Value.Type(), Help: q.Help, Default: q.Default, Required: q.Required})
	}
	return list
}

// A Maximum is the most of something that a scenario may ask for. All are here,
// each once: the decoder, the run and the reference read them.
type Maximum struct {
	What string // as the table of the reference names it
	Most int64
	unit Unit
	help string
}

// The bounds of the language.
var (
	maxFile     = Maximum{"a scenario file", source.MaxFile, ByteUnit, "a file that is larger is not read"}
	maxNodes    = Maximum{"the values of a file", source.MaxNodes, PlainUnit, "scalars, lists and mappings, with aliases expanded"}
	maxDepth    = Maximum{"the nesting of a file", source.MaxDepth, PlainUnit, "levels of lists and mappings, with aliases expanded"}
	MaxChecked  = Maximum{"the steps that check follows", 500_000, PlainUnit, "of one actor, those of the procedures that it calls at each call; the steps behind them are not checked"}
	MaxIncluded = Maximum{"the files that a scenario includes", 100, PlainUnit, "with those that these include, each time that one is included; all together they have at most 16MiB"}
	maxShown    = Maximum{"the problems that are shown", source.MaxShown, PlainUnit, "errors before warnings; a line counts the rest"}
	maxExpr     = Maximum{"an expression", 16 << 10, ByteUnit, "its text between `${` and `}`"}
	MaxExprs    = Maximum{"the expressions of a scenario", 50_000, PlainUnit, "with those of the files that it includes; all scenarios of one file together have no more either"}
	MaxRegexps  = Maximum{"the regular expressions of a scenario", 1_000_000, PlainUnit, "their instructions, with those of the files that it includes; all scenarios of one file together have no more either"}
	maxRegexp   = Maximum{"a regular expression", 10_000, PlainUnit, "the bytes of its text, and the instructions that it compiles to: `x{1000}` has a thousand"}
	maxMade     = Maximum{"what an expression makes", 64 << 20, ByteUnit, "its texts and lists, also those between; a value of `let`"}
	maxItems    = Maximum{"the items of what an expression makes", 1_000_000, PlainUnit, "of its ranges and of the lists that its loops make, together; what its loops take in time is in the step's timeout"}
	MaxLine     = Maximum{"a line that a step writes", 64 << 10, ByteUnit, "of `let` and `print`; of a longer one the transcript shows the beginning, and its length"}
	MaxPrinted  = Maximum{"the lines of one print", 10_000, PlainUnit, "a text of more lines fails the step"}
	MaxEvents   = Maximum{"the events that a run keeps", 1_000_000, PlainUnit, "for its transcript; rounds that are folded are not kept, with `-q` only the first and the last of a loop; each branch, and each KiB of a line of `let` or `print`, counts as one more"}
	MaxBranches = Maximum{"the branches of a scenario", 50_000, PlainUnit, "those of `spawn` and `parallel` that have not ended"}
	maxReplicas = Maximum{"the actors of a scenario", 10_000, PlainUnit, "each replica that `count` asks for is one"}
	MaxBuffer   = Maximum{"the buffers of one call", 64 << 20, ByteUnit, "of a receive, of `getsockopt`; `size` on a stream may be larger, for what comes is then not kept"}
	MaxBacklog  = Maximum{"a backlog", math.MaxInt32, PlainUnit, "`listen` takes an int"}
	MaxMessages = Maximum{"the messages of one recvmmsg", 1024, PlainUnit, "the kernel takes no more in one call (UIO_MAXIOV)"}
	MaxKept     = Maximum{"what a receive keeps", 64 << 20, ByteUnit, "of a stream up to its end, a delimiter or a match, where a name, `data`, `contains` or `matches` needs the bytes"}
	MaxPayload  = Maximum{"a payload in memory", 64 << 20, ByteUnit, "`zeros`, `random`, `repeat`, `pad` and `file` may be larger where a stream is sent or compared"}
)

// bounds are all of them, in the order of the table.
var bounds = []*Maximum{
	&maxFile, &maxNodes, &maxDepth, &MaxIncluded, &MaxChecked, &maxShown, &maxExpr, &MaxExprs, &maxRegexp, &MaxRegexps, &maxMade, &maxItems, &MaxLine, &MaxPrinted, &maxReplicas, &MaxBranches, &MaxEvents, &MaxBuffer, &MaxBacklog, &MaxMessages, &MaxKept, &MaxPayload,
}

// Replicas is the number of replicas of an actor, with its bound.
func Replicas() Int { return Int{AtMost(&maxReplicas)} }

// CheckReplicas reports more replicas than all actors together may have.
func CheckReplicas(n int) error { return maxReplicas.Check(int64(n)) }

// Check reports an amount that is above it.
func (b *Maximum) Check(n int64) error {
	if n > b.Most {
		return fmt.Errorf("%s is too much: the most for %s is %s", b.unit.format(n), b.What, b)
	}
	return nil
}

// String is the most that there may be.
func (b *Maximum) String() string { return b.unit.format(b.Most) }

// Bounds lists the bounds for the reference.
func Bounds() []DocRow {
	rows := make([]DocRow, 0, len(bounds))
	for _, b := range bounds {
		rows = append(rows, DocRow{Key: b.What, Type: b.String(), Help: b.help})
	}
	return slices.Clip(rows)
}

// Sum and product are the sum and the product of two sizes, or the largest
// size where that is less.
func Sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Product returns a times b, or the largest int64 where that is too large.
func Product(a, b int64) int64 {
	if b != 0 && a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return a * b
}

// orExpression accepts an expression in the place of a value.
func orExpression(s Schema) Schema { return Schema{"anyOf": []Schema{s, expressionSchema()}} }

func expressionSchema() Schema {
	return Schema{"type": "string", "pattern": expressionPattern}
}

const expressionPattern = `\$\{.*\}`
