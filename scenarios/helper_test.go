package scenarios_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
)

// findings are the problems of a file, as "line:column: message; hint", and
// "warning: " before the message of a warning.
func findings(problems source.Problems) []string {
	var list []string
	for _, p := range problems {
		s := fmt.Sprintf("%d:%d: ", p.Pos.Line, p.Pos.Col)
		if p.Severity == source.Warning {
			s += "warning: "
		}
		s += p.Msg
		if p.Hint != "" {
			s += "; " + p.Hint
		}
		list = append(list, s)
	}
	return list
}

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// parse reads a file that holds nothing wrong.
func parse(t testing.TB, text string) []*scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse("dir/test.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatalf("%s\nin\n%s", problems.Report(), text)
	}
	return list
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(scenarios.Schema())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

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
	return steps.ScalarValue(n)
}
