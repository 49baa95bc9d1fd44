package scenarios_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// TestAnyValueMayBeAnExpression puts a variable in the place of each value of
// each kind's example, one at a time. Nothing else may change. On a user's
// machine it is each value of the steps that are of the kind: the other steps
// of an example are of kinds that have examples of their own.
func TestAnyValueMayBeAnExpression(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, k := range steps.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			want, wantStatus := outcome(t, k.Name, k.Example)
			for i := 0; ; i++ {
				text, was := withVariable(t, k, i)
				if text == "" {
					return
				}
				list, problems := scenarios.Parse(k.Name+".yaml", []byte(text))
				if problems.HasErrors() {
					t.Errorf("%q as an expression:\n%s", was, problems.Report())
					continue
				}
				what := fmt.Sprintf("%q as an expression", was)
				if err := schema.Validate(plain(list[0].Node)); err != nil {
					t.Errorf("%s: the schema refuses it: %v", what, err)
				}
				got, status := outcome(t, k.Name, text)
				for i, line := range got { // blocked shows a step as the file has it
					got[i] = strings.ReplaceAll(line, "${given}", was)
				}
				if status != wantStatus || !slices.Equal(got, want) {
					t.Errorf("%s:\ngot %s\n%s\nwant %s\n%s", what, status, strings.Join(got, "\n"), wantStatus, strings.Join(want, "\n"))
				}
			}
		})
	}
}

// outcome is the transcript of a scenario, and how it ended.
func outcome(t *testing.T, name, text string) ([]string, string) {
	t.Helper()
	list, problems := scenarios.Parse(name+".yaml", []byte(text))
	if problems.HasErrors() {
		t.Fatalf("%s", problems.Report())
	}
	r := runner.Run(context.Background(), list[0], runner.Options{})
	var lines []string
	for _, l := range r.Lines(history.Causal, history.Form{}) {
		text := l.Actor + " ..."
		if l.Event != nil {
			text = l.Actor + " " + r.Text(l.Event, history.Form{})
		}
		lines = append(lines, text)
	}
	status := r.Status.String()
	if r.Failure != nil {
		status += ": " + r.Failure.Err.Error()
	}
	return lines, status
}

// withVariable is a kind's example with a variable in the place of its ith
// value; "" when it has no more.
func withVariable(t *testing.T, k *step.Kind, i int) (changed, was string) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(k.Example), &doc); err != nil {
		t.Fatal(err)
	}
	root := doc.Content[0]
	var places []*yaml.Node
	for n, v := range entries(root) {
		switch {
		case n.Value != "actors" && n.Value != "procedures":
		case ci.Runs(1, 2) == 1:
			kindValues(v, k.Name, &places)
		default:
			stepValues(v, &places)
		}
	}
	if i >= len(places) {
		return "", ""
	}
	at := places[i]
	value := *at
	*at = yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: "${given}"}
	vars := &yaml.Node{Kind: yaml.MappingNode}
	for n, v := range entries(root) {
		if n.Value == "vars" {
			vars = v
		}
	}
	if len(vars.Content) == 0 {
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "vars"}, vars)
	}
	vars.Content = append(vars.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "given"}, &value)
	out, err := yaml.Marshal(&doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), value.Value
}

// written are the keys whose values must be known before anything runs.
var written = map[string]bool{
	"as": true, "do": true, "each": true, "index": true, "when": true, "assert": true, "if": true,
	"while": true, "barrier": true, "with": true, "until": true, "matches": true, "count": true, "params": true,
	"returns": true,
}

// words are values that say what a step is about, so they must be known too.
var words = map[string]bool{"epoll create": true}

// stepValues adds the scalars in a tree that hold no expression and may.
func stepValues(n *yaml.Node, places *[]*yaml.Node) {
	for _, item := range n.Content {
		if n.Kind == yaml.MappingNode {
			break
		}
		stepValues(item, places)
	}
	for k, v := range entries(n) {
		// So must the branch of another actor: its step publishes it.
		if !written[k.Value] && !words[k.Value+" "+v.Value] && (k.Value != "blocked" || !strings.Contains(v.Value, ".")) {
			stepValues(v, places)
		}
	}
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" && !strings.Contains(n.Value, "${") {
		*places = append(*places, n)
	}
}

// kindValues is stepValues for the steps of one kind in a tree.
func kindValues(n *yaml.Node, kind string, places *[]*yaml.Node) {
	for k := range entries(n) {
		if k.Value == kind {
			stepValues(n, places)
			return
		}
	}
	for _, item := range n.Content {
		kindValues(item, kind, places)
	}
}

// entries are the keys and values of a mapping.
func entries(n *yaml.Node) func(func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}
