package value

import (
	"slices"

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

// Or tells the reader what holds when the parameter is not given. The field
// itself carries the default; this is its text.
func (q *Param) Or(text string) *Param {
	q.Default = text
	return q
}

func keyNames(list []*Param) []string {
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
	s := Schema{}
	for k, v := range p.Value.Schema() {
		s[k] = v
	}
	// A text inside a list or mapping may be null, which stands for the word
	// itself; a key without a value is an error.
	if types, ok := s["type"].([]string); ok {
		s["type"] = Without(types, "null")
	}
	if _, written := p.Value.(Written); !written && !takesText(s) {
		s = orExpression(s)
	}
	s["description"] = p.Help
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
	for _, key := range []string{"anyOf", "oneOf"} {
		list, _ := s[key].([]Schema)
		if slices.ContainsFunc(list, takesText) {
			return true
		}
	}
	return s["$ref"] == "#/$defs/payload"
}

// Object describes a mapping with these keys and no others.
func Object(properties Schema, required ...string) Schema {
	s := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// A DocRow is a row of the reference.
type DocRow struct {
	Key, Type, Help, Default string
	Required                 bool
}

// A FunctionDoc is a function that expressions can call.
type FunctionDoc struct{ Name, Args, Help string }

// Functions lists the functions of expressions beside the language's own.
func Functions() []FunctionDoc {
	var list []FunctionDoc
	for _, f := range functions {
		list = append(list, FunctionDoc{f.name, f.args, f.help})
	}
	return append(list, freePort)
}

// Builtins lists the values that every actor's expressions see.
func Builtins() []DocRow { return slices.Clone(builtins) }

// DocRows are the rows of the reference for a list of parameters.
func DocRows(params []*Param) []DocRow {
	var list []DocRow
	for _, q := range params {
		list = append(list, DocRow{q.Key, q.Value.Type(), q.Help, q.Default, q.Required})
	}
	return list
}
