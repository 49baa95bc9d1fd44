package scenarios_test

import (
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// wrongValues are values of each type, written out and given by an expression.
var wrongValues = []string{
	`5`, `-1`, `1.5`, `99999999999999999999`, `text`, `""`, `true`, `~`, `[]`, `[1, [2]]`, `[~]`, `{}`, `{a: {b: 1}}`, `{hex: zz}`, `{u8: 300}`,
	`"${5}"`, `"${-1}"`, `"${1.5}"`, `"${'text'}"`, `"${''}"`, `"${true}"`, `"${nil}"`, `"${[]}"`, `"${[1, [2]]}"`, `"${[nil]}"`, `"${{}}"`,
	`"${{'a': {'b': 1}}}"`, `"${{'a': nil}}"`, `"${len}"`, `"${1/0}"`, `"${map([1], # > 0)}"`, `"${now()}"`, `"${duration('1s')}"`, `"${5 + 'a'}"`, `"${nil + 1}"`, `"${[1].x}"`,
	`"${1 = 1}"`, `"${1x}"`, `"${99999999999999999999}"`, `"${filter([1], 1)}"`,
}

// goWords is what only a programmer of Go would understand, and what is left
// out.
var goWords = regexp.MustCompile(`map\[string\]|\*?\b(step|value|option|event|sock|handle|program)\.[A-Z]\w+|interface *\{|%![a-zA-Z(]|<nil>|reflect|\bgot *($|[;,)\n])|\bis *($|[;,)\n])|\[\]any|\buint8\b|\bint64\b|func\(|0xc0000|goroutine|strconv\.|yaml:|runtime error|\btoken\b|predicate|\bboolean\b|\bliteral\b|Operator\(|Bracket\(`)

// TestMessagesHoldNoGoWords puts a wrong value in the place of each value of
// each kind's example, and reads what the check or the run says.
func TestMessagesHoldNoGoWords(t *testing.T) {
	t.Parallel()
	type trial struct {
		kind *step.Kind
		at   int // which of the example's values is wrong
		put  string
	}
	var trials []trial
	for _, k := range steps.Kinds() {
		for at := range countValues(t, k.Example) {
			for _, put := range wrongValues {
				trials = append(trials, trial{k, at, put})
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	for _, c := range trials[:min(ci.Runs(100, 2000), len(trials))] {
		text, was := withValue(t, c.kind.Example, c.at, c.put)
		said := whatIsSaid(t, c.kind.Name, text)
		if word := goWords.FindString(said); word != "" {
			t.Errorf("%s, %s in the place of %q: %q in\n%s", c.kind.Name, c.put, was, word, said)
		}
	}
}

// whatIsSaid is what the check says of a scenario, or else the run.
func whatIsSaid(t *testing.T, name, text string) string {
	t.Helper()
	list, problems := scenarios.Parse(name+".yaml", []byte("step_timeout: 50ms\ntimeout: 300ms\n"+text))
	if problems.HasErrors() {
		return messagesOf(problems)
	}
	r := runner.Run(context.Background(), list[0], runner.Options{})
	if r.Failure == nil {
		return messagesOf(problems)
	}
	return messagesOf(problems) + r.Failure.Err.Error()
}

func messagesOf(problems source.Problems) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.Msg + "; " + p.Hint + "\n")
	}
	return b.String()
}

// countValues is how many values the actors and procedures of a text have.
func countValues(t *testing.T, text string) int {
	t.Helper()
	_, places := values(t, text)
	return len(places)
}

// withValue is the text with another value in the place of its ith. A list and
// a mapping are values too.
func withValue(t *testing.T, text string, i int, put string) (changed, was string) {
	t.Helper()
	doc, places := values(t, text)
	var other yaml.Node
	if err := yaml.Unmarshal([]byte(put), &other); err != nil {
		t.Fatal(err)
	}
	was = places[i].Value
	if was == "" {
		was = "a list or mapping"
	}
	*places[i] = *other.Content[0]
	out, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), was
}

// values is a text as a tree, and the values in it of the actors and
// procedures.
func values(t *testing.T, text string) (doc *yaml.Node, places []*yaml.Node) {
	t.Helper()
	doc = new(yaml.Node)
	if err := yaml.Unmarshal([]byte(text), doc); err != nil {
		t.Fatal(err)
	}
	for n, v := range entries(doc.Content[0]) {
		if n.Value == "actors" || n.Value == "procedures" {
			allValues(v, &places)
		}
	}
	return doc, places
}

// allValues adds the values of mappings and the items of lists in a tree.
func allValues(n *yaml.Node, places *[]*yaml.Node) {
	children := n.Content
	if n.Kind == yaml.MappingNode {
		children = nil
		for _, v := range entries(n) {
			children = append(children, v)
		}
	}
	for _, c := range children {
		*places = append(*places, c)
		allValues(c, places)
	}
}
