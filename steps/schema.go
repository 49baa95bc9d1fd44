package steps

import "github.com/sockscript/sockscript/steps/sock"

// Definitions are the parts of the JSON Schema that describe steps: every
// kind, the step that is one of them, and payloads.
func (l KindList) Definitions() Schema {
	defs := Schema{
		"payload": payloadSchema(),
		"errno":   Schema{"enum": sock.ErrnoNames()},
		"option":  Schema{"enum": optionNames()},
	}
	var refs []Schema
	for _, k := range l {
		defs[k.Name] = k.Schema()
		refs = append(refs, Schema{
			"if":   Schema{"required": []string{k.Name}},
			"then": Schema{"$ref": "#/$defs/" + k.Name},
		})
	}
	var verbs []Schema
	for _, name := range l.Names() {
		verbs = append(verbs, Schema{"required": []string{name}})
	}
	// One error for the kind that is meant, instead of one for each branch.
	defs["step"] = Schema{"type": "object", "allOf": refs, "oneOf": verbs}
	return defs
}

// Schema describes the steps of one kind.
func (k *Kind) Schema() Schema {
	p := paramsOf(k.New())
	properties := Schema{k.Name: Described(p.Verb)}
	required := []string{k.Name}
	for _, q := range append(p.Keys, commonParams(new(Step), p)...) {
		properties[q.Key] = Described(q)
		if q.Required {
			required = append(required, q.Key)
		}
	}
	s := Object(properties, required...)
	s["description"] = k.Summary
	return s
}

func expectSchema(p *Params) Schema {
	properties := Schema{}
	for _, q := range append(new(Expect).bindings(), p.Expect...) {
		properties[q.Key] = Described(q)
	}
	mapping := Object(properties)
	if p.Others != nil {
		mapping["additionalProperties"] = p.Others.Value.Schema()["additionalProperties"]
	}
	if p.Short == nil {
		return mapping
	}
	return Schema{"anyOf": []Schema{mapping, p.Short.Value.Schema()}}
}
