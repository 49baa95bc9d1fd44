package report_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/source"
)

const pair = `name: pair
tags: [unix]
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - send: a
      data: hello
    - recv: b
      expect: hullo
`

// objects are the JSON lines of an outcome.
func objects(t *testing.T, style report.Style, o *report.Outcome) []map[string]any {
	t.Helper()
	var b strings.Builder
	r := &report.JSON{W: &b, Style: style}
	if err := r.Outcome(o); err != nil {
		t.Fatal(err)
	}
	return parse(t, b.String())
}

func parse(t *testing.T, lines string) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range strings.Lines(lines) {
		object := make(map[string]any)
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, object)
	}
	return list
}

// expect compares the fields of an object with those that are wanted.
func expect(t *testing.T, object map[string]any, want map[string]any) {
	t.Helper()
	for field, w := range want {
		if got := object[field]; !reflect.DeepEqual(got, w) {
			t.Errorf("%s is %#v; want %#v", field, got, w)
		}
	}
}

func TestJSONEvents(t *testing.T) {
	t.Parallel()
	list := objects(t, report.Style{}, run(t, pair)[0])
	if len(list) != 4 {
		t.Fatalf("%d objects: %v", len(list), list)
	}
	expect(t, list[1], map[string]any{
		"type": "event", "scenario": "pair", "run": 1.0, "actor": "one", "depth": 2.0, "kind": "send",
		"file": "x.yaml", "line": 7.0, "column": 7.0, "text": `send(a, "hello", 5) = 5`, "call": "send",
		"args": []any{"a", `"hello"`, 5.0}, "result": []any{5.0}, "failed": nil, "start": nil,
	})
	expect(t, list[2], map[string]any{"failed": true, "result": []any{5.0, `"hello"`}})
	failure := list[3]["failure"]
	expect(t, list[3], map[string]any{
		"type": "scenario", "status": "fail", "tags": []any{"unix"}, "run": 1.0, "runs": 1.0, "failed_runs": 1.0, "line": 1.0,
	})
	expect(t, failure.(map[string]any), map[string]any{
		"actor": "one", "kind": "recv", "line": 9.0, "expected": `"hullo"`, "got": `"hello"`,
	})
}

func TestJSONTimes(t *testing.T) {
	t.Parallel()
	o := run(t, pair)[0]
	for _, style := range []report.Style{{Order: history.Time}, {Form: history.Form{Unmask: true}}} {
		event := objects(t, style, o)[1]
		start, ok1 := event["start"].(float64)
		end, ok2 := event["end"].(float64)
		if !ok1 || !ok2 || start <= 0 || end < start {
			t.Errorf("%+v: start %v, end %v", style, event["start"], event["end"])
		}
	}
}

func TestJSONFolds(t *testing.T) {
	t.Parallel()
	list := objects(t, report.Style{}, run(t, folding)[0])
	expect(t, list[1], map[string]any{"type": "fold", "actor": "one", "rounds": 3.0, "replicas": nil})
	expect(t, list[3], map[string]any{"type": "scenario", "status": "ok"})

	replicas := "name: many\nactors:\n  one:\n    count: 10\n    steps:\n      - print: hello\n"
	list = objects(t, report.Style{}, run(t, replicas)[0])
	expect(t, list[1], map[string]any{"type": "fold", "actor": "one[1..8]", "rounds": nil, "replicas": 8.0})
}

func TestJSONErrno(t *testing.T) {
	t.Parallel()
	const refused = `name: refused
actors:
  one:
    - unlink: ${tmp}/none
      expect: {error: ENOENT}
`
	event := objects(t, report.Style{}, run(t, refused)[0])[0]
	expect(t, event, map[string]any{"errno": "ENOENT", "result": nil, "args": []any{`"$tmp/none"`}})
}

func TestJSONOfTheRest(t *testing.T) {
	t.Parallel()
	skipped := objects(t, report.Style{}, run(t, lacking)[0])
	expect(t, skipped[0], map[string]any{
		"status": "skip", "reason": "requires cmd:no-such-program-anywhere: the program is not in PATH",
	})
	o := run(t, passing)[0]
	not := objects(t, report.Style{}, &report.Outcome{Scenario: o.Scenario, Wanted: 1})
	expect(t, not[0], map[string]any{"status": "notrun", "runs": 0.0})
	o.Golden, o.GoldenPath, o.Diff = report.GoldenDiffers, "x.golden", &report.Diff{Text: "-a\n+b\n"}
	differs := objects(t, report.Style{}, o)
	expect(t, differs[len(differs)-1], map[string]any{
		"status": "fail", "golden": "differs", "golden_file": "x.golden", "diff": "-a\n+b\n",
	})

	var b strings.Builder
	r := &report.JSON{W: &b}
	problem := &source.Problem{Pos: source.Pos{File: "x.yaml", Line: 2, Col: 3}, Msg: "odd", Hint: "even", Line: "a", Severity: source.Warning}
	r.Problems(source.Problems{problem})
	r.Checked(3, source.Problems{problem})
	r.Summary(&report.Summary{Passed: 2, NotRun: 1, Count: 4})
	list := parse(t, b.String())
	expect(t, list[0], map[string]any{
		"type": "problem", "severity": "warning", "file": "x.yaml", "line": 2.0, "column": 3.0,
		"message": "odd", "hint": "even", "source": "a",
	})
	expect(t, list[1], map[string]any{"type": "check", "files": 3.0, "errors": 0.0, "warnings": 1.0})
	expect(t, list[2], map[string]any{"type": "summary", "passed": 2.0, "not_run": 1.0, "count": 4.0})
}

func TestJSONIsDocumented(t *testing.T) {
	t.Parallel()
	for _, o := range report.JSONObjects() {
		if o.Help == "" || len(o.Fields) == 0 {
			t.Errorf("the object %s is not documented", o.Name)
		}
		for _, f := range o.Fields {
			if f.Name == "" || f.Help == "" || f.Type == "" {
				t.Errorf("the field %+v of %s is not documented", f, o.Name)
			}
		}
	}
	for _, f := range report.Formats() {
		if row := "| `" + f.Name + "` | " + f.Help + " |\n"; !strings.Contains(report.FormatsMarkdown(), row) {
			t.Errorf("%q is missing in the reference", row)
		}
	}
	for _, want := range []string{"### Object event", "| `actor` | string |", "| `errno`\\* | string |"} {
		if !strings.Contains(report.JSONMarkdown(), want) {
			t.Errorf("%q is missing in the reference", want)
		}
	}
}
