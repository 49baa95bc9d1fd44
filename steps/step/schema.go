package step

import (
	"strings"

	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Definitions are the parts of the JSON Schema that describe steps: every
// kind, the step that is one of them, and payloads.
func (l Kinds) Definitions() value.Schema {
	defs := value.Schema{
		"payload": value.PayloadSchema(),
		"errno":   value.Schema{"enum": sock.ErrnoNames()},
		"option":  value.Schema{"enum": value.OptionNames()},
	}
	for name, schema := range value.LayoutSchemas() {
		defs[name] = schema
	}
	var refs []value.Schema
	for _, k := range l {
		defs[k.Name] = k.Schema()
		refs = append(refs, value.Schema{
			"if":   value.Schema{"required": []string{k.Name}},
			"then": value.Schema{"$ref": "#/$defs/" + k.Name},
		})
	}
	var verbs []value.Schema
	for _, name := range l.Names() {
		verbs = append(verbs, value.Schema{"required": []string{name}})
	}
	// One error for the kind that is meant, instead of one for each branch.
	defs["step"] = value.Schema{"type": "object", "allOf": refs, "oneOf": verbs}
	l.defineTurns(defs)
	return defs
}

// refTo is a reference to a definition.
func refTo(name string) value.Schema { return value.Schema{"$ref": "#/$defs/" + name} }

// defineTurns adds the turn of a sequence, and the steps whose own steps may be
// turns.
func (l Kinds) defineTurns(defs value.Schema) {
	var over, refs []value.Schema
	for _, k := range l {
		if !k.OverTurns {
			continue
		}
		name := k.Name + "_of_turns"
		defs[name] = withTurns(k.Schema())
		is := value.Schema{"required": []string{k.Name}}
		over = append(over, is)
		refs = append(refs, value.Schema{"if": is, "then": refTo(name)})
	}
	name := strings.Trim(value.NamePattern, "^$")
	defs["turn"] = value.Schema{
		"type": "object", "if": value.Schema{"anyOf": over}, "then": value.Schema{"allOf": refs},
		"else": value.Schema{
			"minProperties": 1, "maxProperties": 1, "propertyNames": value.Schema{"pattern": "^" + name + `(\.` + name + ")*$"},
			"additionalProperties": value.Schema{"anyOf": []value.Schema{
				refTo("step"), {"type": "array", "minItems": 1, "items": refTo("step")},
			}},
		},
	}
}

// withTurns is a schema in which each step is a turn.
func withTurns(s value.Schema) value.Schema {
	made := make(value.Schema, len(s))
	for key, v := range s {
		switch v := v.(type) {
		case value.Schema:
			made[key] = withTurns(v)
		case []value.Schema:
			list := make([]value.Schema, len(v))
			for i := range v {
				list[i] = withTurns(v[i])
			}
			made[key] = list
		case string:
			made[key] = v
			if key == "$ref" && v == refTo("step")["$ref"] {
				made[key] = refTo("turn")["$ref"]
			}
		default:
			made[key] = v
		}
	}
	return made
}

// Schema accepts a list of turns.
func (s *Sequence) Schema() value.Schema {
	return value.Schema{"type": "array", "minItems": 1, "items": refTo("turn")}
}

// Schema describes the steps of one kind.
func (k *Kind) Schema() value.Schema {
	p := paramsOf(k.New())
	properties := value.Schema{k.Name: value.Described(p.Verb)}
	required := []string{k.Name}
	for _, q := range append(p.Keys, commonParams(new(Step), p)...) {
		properties[q.Key] = value.Described(q)
		if q.Required {
			required = append(required, q.Key)
		}
	}
	s := value.Object(properties, required...)
	s["description"] = k.Summary
	return s
}

func expectSchema(p *Params) value.Schema {
	properties := value.Schema{}
	for _, q := range append(new(Expect).bindings(), p.Expect...) {
		properties[q.Key] = value.Described(q)
	}
	mapping := value.Object(properties)
	if p.Others != nil {
		mapping["additionalProperties"] = p.Others.Value.Schema()["additionalProperties"]
	}
	if p.Short == nil {
		return mapping
	}
	return value.Schema{"anyOf": []value.Schema{mapping, p.Short.Value.Schema()}}
}
