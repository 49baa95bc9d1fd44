package runner_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
)

// Variables may hold expressions, also of each other.
func TestComputedVariables(t *testing.T) {
	text := `
vars:
  twice: ${2 * half}
  half: ${len(word) + 1}
  word: abc
  list: [1, "${half}", {deep: "n ${twice}"}]
  plain: $${half}
  port: ${free_port()}
files: {f: "${list[2].deep}"}
actors:
  one:
    count: ${half - 2}
    steps:
      - print: ${twice} ${list} ${plain}
      - assert: port > 0
      - {exec: [cat, "${tmp}/f"], expect: {stdout: "n ${twice}"}}
`
	r := passes(t, text, runner.Options{})
	if got := strings.Join(transcript(r), "\n"); !strings.Contains(got, "| 8 [1, 4, {deep: n 8}] ${half}") {
		t.Error(got)
	}
	r = passes(t, text, runner.Options{Vars: map[string]any{"half": 3, "word": "${nothing}"}})
	if got := strings.Join(transcript(r), "\n"); !strings.Contains(got, "| 6 [1, 3, {deep: n 6}] ${half}") {
		t.Error(got)
	}
}
