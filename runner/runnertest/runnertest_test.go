package runnertest

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

func TestRun(t *testing.T) { Run(t, "testdata/*.yaml") }

func TestRunShipped(t *testing.T) { Params{Parallel: true}.Run(t, "tcp-hello") }

// recorder is a test that only notes what happens to it.
type recorder struct {
	testing.TB
	log     strings.Builder
	failed  bool
	skipped bool
}

func (r *recorder) Helper() {}

func (r *recorder) Logf(format string, args ...any) { fmt.Fprintf(&r.log, format+"\n", args...) }

func (r *recorder) Errorf(format string, args ...any) {
	r.Logf(format, args...)
	r.failed = true
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

func (r *recorder) Skip(args ...any) {
	r.Logf("%s", fmt.Sprint(args...))
	r.skipped = true
	runtime.Goexit()
}

// record runs the scenarios of a file against a recorder.
func record(t *testing.T, p Params, file string) *recorder {
	t.Helper()
	r := new(recorder)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, c := range p.cases(r, []string{file}) {
			p.one(context.Background(), r, c)
		}
	}()
	<-done
	return r
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

const (
	passing = "actors:\n  one:\n    - print: hello\n"
	failing = "actors:\n  one:\n    - assert: 1 == 2\n"
	lacking = "requires: cmd:no-such-program-anywhere\nactors:\n  one:\n    - print: hello\n"
	invalid = "actors:\n  one:\n    - prnt: hello\n"
)

func TestOutcomes(t *testing.T) {
	t.Setenv("SOCKSCRIPT_CI", "")
	setUpdateFlag(t, "false")
	tests := []struct {
		name, text, golden string
		params             Params
		failed, skipped    bool
		want               []string
	}{
		{name: "passes", text: passing, want: []string{"one  | hello", "ok  passes"}},
		{
			name: "fails", text: failing, failed: true,
			want: []string{"fails.yaml:3:", "1 == 2", "^", "transcript up to there:", "fail  fails"},
		},
		{name: "skips", text: lacking, skipped: true, want: []string{"requires cmd:no-such-program-anywhere"}},
		{
			name: "must not skip", text: lacking, params: Params{RequireAll: true}, failed: true,
			want: []string{"nothing may be skipped here: requires cmd:no-such-program-anywhere"},
		},
		{name: "is invalid", text: invalid, failed: true, want: []string{"1 error in the scenarios", `did you mean "print"?`}},
		{name: "is golden", text: passing, golden: "one  | hello\nok  is golden\n", want: []string{"ok  is golden"}},
		{
			name: "differs", text: passing, golden: "one  | hullo\nok  differs\n", failed: true,
			want: []string{"-one  | hullo", "+one  | hello", "-sockscript.update"},
		},
		{
			name: "has no such variable", text: passing, params: Params{Vars: map[string]any{"x": 1}}, failed: true,
			want: []string{`no chosen scenario has a variable "x"`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := write(t, filepath.Join(dir, tt.name+".yaml"), tt.text)
			if tt.golden != "" {
				write(t, filepath.Join(dir, tt.name+".golden"), tt.golden)
			}
			r := record(t, tt.params, file)
			if r.failed != tt.failed || r.skipped != tt.skipped {
				t.Errorf("failed %t, skipped %t; want %t, %t", r.failed, r.skipped, tt.failed, tt.skipped)
			}
			for _, want := range tt.want {
				if !strings.Contains(r.log.String(), want) {
					t.Errorf("%q is missing in:\n%s", want, r.log.String())
				}
			}
		})
	}
}

// Each scenario gets a server of its own, and its own words may be step kinds.
func TestSetupAndKinds(t *testing.T) {
	t.Setenv("SOCKSCRIPT_CI", "")
	setUpdateFlag(t, "false")
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "a.yaml"),
		"name: first\ntags: small\nvars: {who: nobody}\nactors: {one: [{shout: \"${who}\"}]}\n"+
			"---\nname: second\ntags: [small, slow]\nvars: {who: nobody}\nactors: {one: [{shout: \"${who}\"}]}\n")
	var set []string
	p := Params{
		Kinds: []*step.Kind{&shout},
		Tags:  []string{"small", "!slow"},
		Vars:  map[string]any{"who": "everybody"},
		Setup: func(tb testing.TB, s *scenarios.Scenario) map[string]any {
			set = append(set, s.Name)
			return map[string]any{"who": s.Name + " server"}
		},
	}
	r := record(t, p, file)
	if r.failed || !strings.Contains(r.log.String(), "one  shout(FIRST SERVER) = 0\nok  first") {
		t.Errorf("failed %t:\n%s", r.failed, r.log.String())
	}
	if !slices.Equal(set, []string{"first"}) {
		t.Errorf("set up %q", set)
	}
	for _, test := range []struct {
		want string
		p    Params
	}{
		{`none of the 2 scenarios has the tags else`, Params{Kinds: p.Kinds, Tags: []string{"else"}}},
		{`unknown step kind "shout"`, Params{}},
		{`there are two step kinds named shout; give yours another name`, Params{Kinds: []*step.Kind{&shout, &shout}}},
		{`there are two step kinds named recv; give yours another name`, Params{Kinds: []*step.Kind{{Name: "recv", New: shout.New}}}},
		{`the step kind "a b" needs a name of letters and digits, and the function New`, Params{Kinds: []*step.Kind{{Name: "a b", New: shout.New}}}},
		{`Setup: no chosen scenario has a variable "whom"`, Params{Kinds: p.Kinds, Setup: func(testing.TB, *scenarios.Scenario) map[string]any {
			return map[string]any{"whom": 1}
		}}},
	} {
		if r := record(t, test.p, file); !r.failed || !strings.Contains(r.log.String(), test.want) {
			t.Errorf("failed %t, want %q:\n%s", r.failed, test.want, r.log.String())
		}
	}
}

// shout is a step kind of a user's own.
var shout = step.Kind{
	Name: "shout", Summary: "print a text in capitals",
	New: func() step.Action { return new(shoutAction) },
}

type shoutAction struct{ text value.Text }

func (a *shoutAction) Params(p *step.Params) { p.Value(&a.text, "the text") }

func (a *shoutAction) Run(t *step.Task) error {
	s, err := a.text.Eval(t)
	if err != nil {
		return err
	}
	t.Call("shout", event.Const(strings.ToUpper(s)))
	t.Return(event.Const("0"))
	return nil
}

func TestEnvironmentForbidsSkipping(t *testing.T) {
	t.Setenv("SOCKSCRIPT_CI", "1")
	file := write(t, filepath.Join(t.TempDir(), "a.yaml"), lacking)
	if r := record(t, Params{}, file); !r.failed || r.skipped {
		t.Errorf("failed %t, skipped %t; want a failure", r.failed, r.skipped)
	}
}

func TestUpdate(t *testing.T) {
	setUpdateFlag(t, "false")
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "a.yaml"), passing)
	golden := filepath.Join(dir, "a.golden")
	var said strings.Builder
	defer func(w io.Writer) { updates = w }(updates)
	updates = &said
	for range 2 {
		if r := record(t, Params{Update: true}, file); r.failed {
			t.Fatal(r.log.String())
		}
	}
	if want := "golden file created: " + golden + "\n"; said.String() != want {
		t.Errorf("said %q, want %q", said.String(), want)
	}
	if got, err := os.ReadFile(golden); err != nil || string(got) != "one  | hello\nok  a\n" {
		t.Errorf("the golden file holds %q, %v", got, err)
	}
	write(t, golden, "old\n")
	record(t, Params{Update: true}, file)
	if want := "golden file changed: " + golden + "\n"; !strings.HasSuffix(said.String(), want) {
		t.Errorf("said %q, want %q", said.String(), want)
	}
}

func TestUpdateFlag(t *testing.T) {
	setUpdateFlag(t, "true")
	dir := t.TempDir()
	record(t, Params{}, write(t, filepath.Join(dir, "a.yaml"), passing))
	if _, err := os.Stat(filepath.Join(dir, "a.golden")); err != nil {
		t.Error(err)
	}
}

// setUpdateFlag sets the flag for one test.
func setUpdateFlag(t *testing.T, value string) {
	t.Helper()
	f := flag.Lookup(updateFlag)
	before := f.Value.String()
	f.Value.Set(value)
	t.Cleanup(func() { f.Value.Set(before) })
}

func TestRows(t *testing.T) {
	t.Chdir(t.TempDir())
	file := write(t, "rows.yaml", "cases:\n  good: {n: 1}\n  bad: {n: 2}\n  known: {n: 3, known_failure: not yet}\nactors: {one: [{assert: n == 1}]}\n")
	r := record(t, Params{}, file)
	if !r.failed || !r.skipped {
		t.Errorf("failed: %t, skipped: %t", r.failed, r.skipped)
	}
	for _, want := range []string{"ok  rows/good", "fail  rows/bad", "known  rows/known  (not yet)", "a known failure: not yet"} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, r.log.String())
		}
	}
}

// The rows of a table share a golden file, which each writes when it ends.
func TestRowsUpdateAtTheSameTime(t *testing.T) {
	t.Chdir(t.TempDir())
	var rows strings.Builder
	for i := range 20 {
		fmt.Fprintf(&rows, "  r%d: {n: %d}\n", i, i)
	}
	file := write(t, "rows.yaml", "cases:\n"+rows.String()+"actors: {one: [{print: \"${n}\"}]}\n")
	t.Run("all", func(t *testing.T) { Params{Parallel: true, Update: true}.Run(t, file) })
	golden, err := os.ReadFile("rows.golden")
	if got := strings.Count(string(golden), "\nok  rows/r"); err != nil || got != 20 {
		t.Errorf("the golden file has %d rows: %v\n%s", got, err, golden)
	}
}
