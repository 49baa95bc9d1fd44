package scenarios

import (
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
			"required": []string{"actors"},
			"properties": value.Schema{"actors": value.Schema{"additionalProperties": value.Schema{
				"if": value.Schema{"type": "object"}, "then": value.Schema{"required": []string{"steps"}},
			}}},
		},
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "sockscript scenario"
	s["$defs"] = steps.Kinds().Definitions()
	return s
}

// Keys documents the top-level keys of a scenario.
func Keys() []value.DocRow { return value.DocRows(new(document).params()) }

// ActorKeys documents the keys of an actor that is written as a mapping.
func ActorKeys() []value.DocRow {
	a := newActor(new(source.Node))
	return value.DocRows(a.params(&actorBody{}))
}
