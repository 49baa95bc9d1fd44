package scenarios

import "github.com/sockscript/sockscript/steps"

// Schema is the JSON Schema (draft 2020-12) of a scenario document, for
// editors. It accepts what the loader accepts, as far as a schema can tell:
// names, addresses and the order of steps are the checker's.
func Schema() steps.Schema {
	properties := steps.Schema{}
	for _, p := range new(document).params() {
		properties[p.Key] = steps.Described(p)
	}
	s := steps.Object(properties, "actors")
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "sockscript scenario"
	s["$defs"] = steps.Kinds().Definitions()
	return s
}

// Keys documents the top-level keys of a scenario.
func Keys() []steps.DocParam { return steps.DocParams(new(document).params()) }

// ActorKeys documents the keys of an actor that is written as a mapping.
func ActorKeys() []steps.DocParam {
	a := new(Actor)
	return steps.DocParams(a.params(&actorBody{}))
}
