package scenarios_test

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// compiledSchema is the JSON Schema of scenario files, ready to validate what
// [plain] gives.
func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	schema, err := compileSchema()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// compileSchema takes long, so the tests share what it makes.
var compileSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := json.Marshal(scenarios.Schema())
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("scenario.json")
})

// plain is a document as an editor's YAML server hands it to the schema.
func plain(n *source.Node) any {
	switch {
	case n.Kind == source.List:
		list := []any{}
		for _, item := range n.Items {
			list = append(list, plain(item))
		}
		return list
	case n.Kind == source.Map:
		m := map[string]any{}
		for _, e := range n.Entries {
			m[e.Key.Text] = plain(e.Value)
		}
		return m
	case n.Null:
		return nil
	}
	return value.Scalar(n)
}

// linkText is a scenario with a link between two hosts, a and b.
func linkText(link string) string {
	return "network:\n  hosts: {a: {eth0: 10.0.0.1/24}, b: {eth0: 10.0.0.2/24}}\n  links: {" + link + "}\nactors: {one: [{print: hello}]}\n"
}
