package step

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Definitions are the parts of the JSON Schema that describe steps: every
// kind, the step that is one of them, and payloads.
func (l Kinds) Definitions() value.Schema {
	defs := value.Schema{
		"payload": payload.Schema(),
		"errno":   value.Words(sock.ErrnoNames(), "unknown errno; write its C name, such as ECONNREFUSED"),
		"option":  value.Words(value.OptionNames(), "unknown socket option; write its C name, such as SO_RCVBUF, or {level: N, name: N}"),
	}
	for name, schema := range payload.LayoutSchemas() {
		defs[name] = schema
	}
	for _, k := range l {
		defs[k.Name] = k.Schema()
	}
	none := value.Object(l.known())
	none["minProperties"] = 1
	defs["step"] = l.oneOf(func(k *Kind) string { return k.Name }, none)
	l.defineTurns(defs)
	return defs
}

// oneOf is the schema of a step of one of these kinds: a chain of conditions
// whose last branch is for a step of none of them. An editor takes a step for
// that of the kind whose name it has, whatever else is wrong with it. A oneOf
// says of one wrong key that the step is of no kind, and proposes the keys of
// all.
func (l Kinds) oneOf(definition func(*Kind) string, none value.Schema) value.Schema {
	chain := none
	for _, k := range slices.Backward(l) {
		chain = value.Schema{"if": has(k), "then": refTo(definition(k)), "else": chain}
	}
	chain["type"] = "object"
	return chain
}

// has is the condition that a step is of a kind. What is not written yet, and
// so is not a mapping, is of none.
func has(k *Kind) value.Schema {
	return value.Schema{"type": "object", "required": []string{k.Name}}
}

// known are the names of the kinds as keys, for an editor to propose.
func (l Kinds) known() value.Schema {
	names := value.Schema{}
	for _, k := range l {
		names[k.Name] = value.Schema{"type": "string", "description": k.Summary}
	}
	return names
}

// refTo is a reference to a definition.
func refTo(name string) value.Schema { return value.Schema{"$ref": "#/$defs/" + name} }

// defineTurns adds the turn of a sequence, and the steps whose own steps may be
// turns.
func (l Kinds) defineTurns(defs value.Schema) {
	definition := func(k *Kind) string { return k.Name + "_of_turns" }
	var over Kinds
	for _, k := range l {
		if k.OverTurns {
			over = append(over, k)
			defs[definition(k)] = withTurns(k.Schema())
		}
	}
	name := strings.Trim(value.NamePattern, "^$")
	steps := value.Schema{"type": "array", "minItems": 1, "items": refTo("step")}
	defs["turn"] = over.oneOf(definition, value.Schema{
		"minProperties": 1, "maxProperties": 1, "propertyNames": value.Schema{"pattern": "^" + name + `(\.` + name + ")*$"},
		"properties": over.known(), "additionalProperties": value.Schema{"anyOf": []value.Schema{steps, refTo("step")}},
	})
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
	verb := value.Described(p.Verb)
	verb["description"] = k.about(p.Verb)
	s := value.ObjectOf(append(p.Keys, commonParams(new(Step), p)...))
	s["properties"].(value.Schema)[k.Name] = verb
	s["title"], s["description"] = k.Name, k.Summary
	return s
}

// about is what an editor shows at the name of the kind: it breaks lines
// itself.
func (k *Kind) about(verb *value.Param) string {
	parts := []string{k.Summary}
	for part := range strings.SplitSeq(k.Text, "\n\n") {
		parts = append(parts, strings.Join(strings.Fields(part), " "))
	}
	return strings.Join(value.Without(append(parts, k.Name+": "+verb.Help), ""), "\n\n")
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
