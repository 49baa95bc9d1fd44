package step

import (
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
	return defs
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
