package scenarios

import (
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/value"
)

// Schema is the JSON Schema (draft 2020-12) of a scenario document, for
// editors. It accepts what the loader accepts, as far as a schema can say:
// names, addresses and the order of steps are the checker's.
func Schema() value.Schema {
	properties := value.Schema{}
	for _, p := range new(document).params() {
		properties[p.Key] = value.Described(p)
	}
	s := value.Object(properties)
	s["if"] = value.Schema{
		"propertyNames": value.Schema{"enum": libraryKeys},
		"anyOf":         []value.Schema{{"required": []string{"procedures"}}, {"required": []string{"vars"}}},
	}
	// Without a sequence there are actors, each with its steps.
	s["else"] = value.Schema{
		"if": value.Schema{"not": value.Schema{"required": []string{"sequence"}}},
		"then": value.Schema{
			// Beside the key, an editor would propose it once more.
			"allOf": []value.Schema{{"required": []string{"actors"}}},
			"properties": value.Schema{"actors": value.Schema{"additionalProperties": value.Schema{
				"if": value.Schema{"type": "object"}, "then": value.Schema{"required": []string{"steps"}},
			}}},
		},
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "sockscript scenario"
	definitions := steps.Kinds().Definitions()
	s["$defs"] = definitions
	return byShape{definitions}.sorted(s)
}

// Keys documents the top-level keys of a scenario.
func Keys() []value.DocRow { return value.DocRows(new(document).params()) }

// ActorKeys documents the keys of an actor that is written as a mapping.
func ActorKeys() []value.DocRow {
	a := newActor(new(source.Node))
	return value.DocRows(a.params(&actorBody{}))
}

// byShape sorts the alternatives of a schema by what a value can be, so that an
// editor first asks whether a value is a mapping, a list or neither. It then
// says what is wrong with the alternative that was meant, and it proposes the
// keys of the mapping below a key that has no value yet.
type byShape struct{ definitions value.Schema }

// A shape is what a value can be.
type shape int

const (
	scalar shape = 1 << iota
	list
	mapping
)

// sorted is a schema with all alternatives in it sorted. Conditions are taken
// as they are: an editor does not show how a value misses them.
func (r byShape) sorted(s value.Schema) value.Schema {
	made := make(value.Schema, len(s))
	for key, v := range s {
		switch v := v.(type) {
		case []value.Schema:
			all := make([]value.Schema, len(v))
			for i, one := range v {
				all[i] = r.sorted(one)
			}
			made[key] = all
		case value.Schema:
			made[key] = r.in(key, v)
		default:
			made[key] = v
		}
	}
	if all, ok := s["anyOf"].([]value.Schema); ok {
		delete(made, "anyOf")
		for key, v := range r.alternatives(all) {
			made[key] = v
		}
	}
	return made
}

// in sorts what the keyword of a schema says.
func (r byShape) in(keyword string, s value.Schema) value.Schema {
	switch keyword {
	case "if", "not", "propertyNames":
		return s
	case "properties", "patternProperties", "$defs":
		made := make(value.Schema, len(s))
		for key, one := range s {
			made[key] = r.sorted(one.(value.Schema))
		}
		return made
	}
	return r.sorted(s)
}

// alternatives are those of one schema, sorted.
func (r byShape) alternatives(all []value.Schema) value.Schema {
	of := make(map[shape][]value.Schema)
	scalars := value.Schema{"type": []string{"string", "number", "boolean"}}
	for _, one := range flat(all) {
		shapes := r.shapes(one)
		one = r.sorted(one)
		for _, sh := range []shape{scalar, list, mapping} {
			if shapes&sh != 0 {
				of[sh] = append(of[sh], one)
			}
		}
		if one["type"] == "null" {
			scalars["type"] = append(scalars["type"].([]string), "null")
		}
	}
	made := value.Schema{}
	var others []string
	if of[mapping] != nil {
		made, others = anyOf(of[mapping]), append(others, "object")
		if of[scalar] != nil {
			delete(made, "type") // the alternatives say so
			made = value.Schema{"if": scalars, "else": made}
		}
	}
	if of[list] != nil {
		lists := value.Schema{"if": value.Schema{"type": "array"}, "then": anyOf(of[list])}
		if of[mapping] != nil {
			lists["else"] = made
		}
		made, others = lists, append(others, "array")
	}
	if of[scalar] == nil {
		return made
	}
	// The words that an editor is to propose must be in alternatives.
	if others != nil {
		of[scalar] = append(of[scalar], value.Schema{"type": others})
	}
	made["anyOf"] = of[scalar]
	return made
}

// anyOf accepts what one of these schemas accepts.
func anyOf(of []value.Schema) value.Schema {
	if len(of) == 1 {
		return of[0]
	}
	return value.Schema{"anyOf": of}
}

// flat are alternatives without alternatives that are nothing but these.
func flat(all []value.Schema) []value.Schema {
	var list []value.Schema
	for _, one := range all {
		if inner, ok := one["anyOf"].([]value.Schema); ok && len(one) == 1 {
			list = append(list, flat(inner)...)
		} else {
			list = append(list, one)
		}
	}
	return list
}

// shapes are those of the values that a schema may accept.
func (r byShape) shapes(s value.Schema) shape {
	if name, ok := s["$ref"].(string); ok {
		return r.shapes(r.definitions[strings.TrimPrefix(name, "#/$defs/")].(value.Schema))
	}
	if all, ok := s["anyOf"].([]value.Schema); ok {
		var shapes shape
		for _, one := range all {
			shapes |= r.shapes(one)
		}
		return shapes
	}
	switch types := s["type"].(type) {
	case string:
		return shapeOf(types)
	case []string:
		var shapes shape
		for _, t := range types {
			shapes |= shapeOf(t)
		}
		return shapes
	}
	if s["enum"] == nil && s["const"] == nil {
		return scalar | list | mapping
	}
	return scalar
}

func shapeOf(t string) shape {
	switch t {
	case "object":
		return mapping
	case "array":
		return list
	}
	return scalar
}
