package scenarios_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// TestCheckRefusesNothingThatRuns changes scenarios that pass, one thing at a
// time. What the check then has against one must not pass when it is run all
// the same. A changed path may be one of the current folder, so that is one of
// the test's own.
func TestCheckRefusesNothingThatRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := goodScenarios(t)
	t.Chdir(t.TempDir())
	for range ci.RunsApart(150, 5000) {
		text, what := mutated(r, texts[r.IntN(len(texts))])
		list, refused, problems := scenarios.ParseUnchecked("changed.yaml", []byte(text))
		if len(list) != 1 || problems.HasErrors() || !refused.HasErrors() || notSeen.MatchString(refused.Error()) {
			continue
		}
		run := runner.Run(context.Background(), list[0], runner.Options{})
		if run.Status == history.Passed && reached(list[0], run, refused) {
			t.Errorf("%s: the check says\n%s\nand yet it passes:\n%s", what, messagesOf(refused), text)
		}
	}
}

// notSeen are errors of what the run passes over without a look: a value that
// nothing is compared with, one of several conditions behind one that holds,
// and a barrier of one, whose name is misspelt.
var notSeen = regexp.MustCompile("has no parameter|not a single value|a list is not a condition|comes to the barrier")

// reached reports whether the run made a step that the check refused. Where a
// condition that is never true skips it, the run says nothing of it.
func reached(s *scenarios.Scenario, run *history.Result, refused source.Problems) bool {
	made := make(map[int]bool)
	for _, l := range run.Lines(history.Causal, history.Form{}) {
		if l.Event != nil {
			made[l.Event.Place.ID] = true
		}
	}
	for _, p := range refused {
		if p.Severity != source.Error {
			continue
		}
		at := -1
		for _, x := range s.Steps {
			if x.Place.Pos.Line <= p.Pos.Line {
				at = x.Place.ID
			}
		}
		if at < 0 || made[at] {
			return true
		}
	}
	return false
}

// goodScenarios are texts of scenarios that need no program, and pass.
func goodScenarios(t *testing.T) []string {
	t.Helper()
	var texts []string
	add := func(text string) {
		for _, not := range []string{"exec", "start:", "requires", "unlink", "known_failure", "---", "sleep: 1s", "count: 1000"} {
			if strings.Contains(text, not) {
				return
			}
		}
		list, problems := scenarios.Parse("good.yaml", []byte(text))
		if problems.HasErrors() || len(list) != 1 {
			return
		}
		texts = append(texts, text)
	}
	for _, name := range library.Names() {
		data, _ := library.Open(name)
		add(string(data))
	}
	for _, k := range steps.Kinds() {
		add(k.Example)
	}
	scripts, err := filepath.Glob("../testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	for _, name := range scripts {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(data).Files {
			if strings.HasSuffix(f.Name, ".yaml") && bytes.Contains(f.Data, []byte("actors:")) {
				add(string(f.Data))
			}
		}
	}
	return texts
}

// mutated is the text with one thing changed, and which.
func mutated(r *rand.Rand, text string) (changed, what string) {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil {
		return "", ""
	}
	var lists, scalars []*yaml.Node
	for k, v := range entries(doc.Content[0]) {
		if k.Value == "actors" || k.Value == "procedures" {
			collect(v, &lists, &scalars)
		}
	}
	if len(lists) == 0 || len(scalars) == 0 {
		return "", ""
	}
	list := lists[r.IntN(len(lists))]
	i := r.IntN(len(list.Content))
	at := scalars[r.IntN(len(scalars))]
	switch r.IntN(6) {
	case 0:
		what = "a step is dropped"
		list.Content = append(list.Content[:i:i], list.Content[i+1:]...)
	case 1:
		what = "two steps are swapped"
		j := r.IntN(len(list.Content))
		list.Content[i], list.Content[j] = list.Content[j], list.Content[i]
	case 2:
		what = "a step comes twice"
		list.Content = append(list.Content[:i+1:i+1], list.Content[i:]...)
	case 3:
		what = "a value takes another's place"
		at.Value = scalars[r.IntN(len(scalars))].Value
	case 4:
		what = "an address or a word"
		words := []string{"127.0.0.1:0", "[::1]:0", "unspec:", "unix:", "unix:@x", "0.0.0.0:0", "127.0.0.1:9", "tcp", "udp", "unix", "unixgram", "tcp6", "0", "1", "read", "both"}
		at.Value, at.Style, at.Tag = words[r.IntN(len(words))], yaml.DoubleQuotedStyle, "!!str"
	case 5:
		what = "a step is in another"
		list.Content[i] = wrapped(r, list.Content[i])
	}
	out, err := yaml.Marshal(&doc)
	if err != nil {
		return "", ""
	}
	head := "step_timeout: 30ms\ntimeout: 200ms\n"
	return head + withoutTimeouts(string(out)), what
}

// wrapped is a step inside another that holds steps.
func wrapped(r *rand.Rand, step *yaml.Node) *yaml.Node {
	forms := []string{
		"{repeat: 2, steps: []}", "{repeat: 1, steps: []}", "{repeat: 0, steps: []}", "{spawn: []}", "{parallel: {x: [], y: []}}",
		"{if: '1 == 1', then: []}", "{if: '1 == 2', then: []}", "{for: [1, 2], each: z, steps: []}",
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(forms[r.IntN(len(forms))]), &doc); err != nil {
		return step
	}
	fill(doc.Content[0], step)
	return doc.Content[0]
}

// fill puts a step into the first empty list.
func fill(n, step *yaml.Node) bool {
	for _, c := range n.Content {
		if c.Kind == yaml.SequenceNode && len(c.Content) == 0 {
			c.Content = []*yaml.Node{step}
			return true
		}
		if fill(c, step) {
			return true
		}
	}
	return false
}

// collect finds the lists of steps and the scalars in a tree.
func collect(n *yaml.Node, lists, scalars *[]*yaml.Node) {
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode {
		*lists = append(*lists, n)
	}
	if n.Kind == yaml.ScalarNode {
		*scalars = append(*scalars, n)
	}
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			collect(c, lists, scalars)
		}
	}
	for _, v := range entries(n) {
		collect(v, lists, scalars)
	}
}

// withoutTimeouts leaves out the scenario's own bounds.
func withoutTimeouts(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "timeout:") && !strings.HasPrefix(line, "step_timeout:") {
			b.WriteString(line)
		}
	}
	return b.String()
}
