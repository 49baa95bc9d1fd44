package scenarios_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
)

const smallest = "actors:\n  one: []\n"

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "my-scenario.v2.yaml")
	if err := os.WriteFile(path, []byte(smallest), 0o600); err != nil {
		t.Fatal(err)
	}
	list, problems, err := scenarios.Load(path)
	if err != nil || len(problems) > 0 || len(list) != 1 {
		t.Fatalf("%v, %v, %v", list, problems, err)
	}
	s := list[0]
	if s.Name != "my-scenario.v2" || s.Pos().String() != path+":1:1" {
		t.Errorf("name %q at %s", s.Name, s.Pos())
	}
	if s.Timeout != 30*time.Second || s.StepTimeout != 5*time.Second {
		t.Errorf("the default timeouts are %s and %s", s.Timeout, s.StepTimeout)
	}
}

func TestLoadMissing(t *testing.T) {
	t.Parallel()
	list, problems, err := scenarios.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !errors.Is(err, fs.ErrNotExist) || list != nil || problems != nil {
		t.Errorf("%v, %v, %v", list, problems, err)
	}
	if _, _, err := scenarios.Load(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

func TestEmptyFiles(t *testing.T) {
	t.Parallel()
	const want = "1:1: the file holds no scenario; a scenario is a mapping with the key actors"
	for _, text := range []string{"", "\n\n", "# only a comment\n", "---\n", "---\n---\n...\n"} {
		list, problems := scenarios.Parse("empty.yaml", []byte(text))
		if list != nil {
			t.Errorf("%q gives %v", text, list)
		}
		parsetest.WantLines(t, parsetest.Findings(problems), want)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	list := parsetest.Parse(t, "name: first\nactors: {a: []}\n---\nactors: {b: []}\n---\n# nothing here\n---\nname: last\nactors: {c: []}\n")
	var names, places []string
	for _, s := range list {
		names = append(names, s.Name)
		places = append(places, s.Pos().String())
	}
	parsetest.WantLines(t, names, "first", "test-2", "last")
	parsetest.WantLines(t, places, "dir/test.yaml:1:1", "dir/test.yaml:4:1", "dir/test.yaml:8:1")
}

func TestNamesClash(t *testing.T) {
	t.Parallel()
	list, problems := scenarios.Parse("x.yaml", []byte("name: a\n"+smallest+"---\nname: b\n"+smallest+"---\nname: a\n"+smallest))
	if list != nil {
		t.Error("the file was accepted")
	}
	parsetest.WantLines(t, parsetest.Findings(problems), "9:1: the file has two scenarios named a; the first is at line 1; set the key name in one of them")
}

// A document that is wrong does not hide what is wrong with the others, and
// nothing of the file is run.
func TestEveryDocumentIsChecked(t *testing.T) {
	t.Parallel()
	list, problems := scenarios.Parse("x.yaml", []byte("actors: 5\n---\n- a\n---\n"+smallest+"---\nactor: {}\n---\na: [b\n"))
	if list != nil {
		t.Error("the file was accepted")
	}
	parsetest.WantLines(t, parsetest.Findings(problems),
		`1:9: actors is a mapping of names to lists of steps, not the text "5"`,
		"3:1: a scenario is a mapping with the key actors, not a list",
		"8:1: a scenario needs actors; write actors, each with its steps, or a sequence of their turns",
		`8:1: unknown key "actor" in a scenario; did you mean "actors"?`,
		`10:4: this "[" is never closed; close it with "]"`,
	)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := parsetest.Parse(t, `
name: all-keys
description: |
  Two lines
  of text.
tags: [a, b]
requires: [ipv6, "kernel>=5.10", "os:linux", "cmd:nc", "socket:udp", root, netns, "cap:NET_RAW", "env:HOME", {command: [nc, -h]}]
timeout: 1m
step_timeout: 250ms
vars: {n: 5, f: 1.5, on: true, text: abc, quoted: "7", list: [1, x], map: {a: 1}, none: }
files: {greeting: hello}
procedures:
  greet: {params: [x], steps: [{print: "${x} ${n} ${f} ${on} ${text} ${quoted} ${list} ${map} ${none}"}]}
actors:
  one:
    - do: greet
      with: {x: 1}
  two: {count: 3, timeout: 10s, steps: []}
`)[0]
	if s.Name != "all-keys" || s.Description != "Two lines\nof text.\n" || !reflect.DeepEqual(s.Tags, []string{"a", "b"}) {
		t.Errorf("%q, %q, %q", s.Name, s.Description, s.Tags)
	}
	if s.Timeout != time.Minute || s.StepTimeout != 250*time.Millisecond {
		t.Errorf("timeouts %s, %s", s.Timeout, s.StepTimeout)
	}
	var requires []string
	for _, r := range s.Requires {
		requires = append(requires, r.String())
	}
	parsetest.WantLines(t, requires, "ipv6", "kernel>=5.10", "os:linux", "cmd:nc", "socket:udp", "root", "netns",
		"cap:NET_RAW", "env:HOME", "command: [nc, -h]")
	vars := map[string]any{
		"n": 5, "f": 1.5, "on": true, "text": "abc", "quoted": "7",
		"list": []any{1, "x"}, "map": map[string]any{"a": 1}, "none": "",
	}
	if !reflect.DeepEqual(s.Vars, vars) {
		t.Errorf("vars %#v", s.Vars)
	}
	if len(s.Actors) != 2 || s.Actors[0].Name != "one" || s.Actors[1].Name != "two" {
		t.Fatalf("actors %v", s.Actors)
	}
	if n, static := s.Actors[1].Count.Static(); n != 3 || !static || s.Actors[0].Count.Given() {
		t.Errorf("count %d", n)
	}
	if d, _ := s.Actors[1].Timeout.Static(); time.Duration(d) != 10*time.Second {
		t.Errorf("timeout %d", d)
	}
	if !s.HasTag("b") || !s.HasTag("x", "a") || s.HasTag("c") || s.HasTag() {
		t.Error("HasTag")
	}
}

// One tag or requirement needs no list.
func TestSingleWords(t *testing.T) {
	t.Parallel()
	s := parsetest.Parse(t, "tags: quick\nrequires: root\n"+smallest)[0]
	if !s.HasTag("quick") || len(s.Requires) != 1 || s.Requires[0].String() != "root" {
		t.Errorf("%v, %v", s.Tags, s.Requires)
	}
}

func TestSharedNames(t *testing.T) {
	t.Parallel()
	s := parsetest.Parse(t, `
procedures:
  p: [{print: "${b.y}"}]
actors:
  a:
    - let: {x: 1, z: 3}
    - do: p
    - print: ${z}
  b:
    - let: {y: 1}
    - repeat: ${a.x}
      steps: []
`)[0]
	want := map[string]map[string]bool{"a": {"x": true}, "b": {"y": true}}
	if !reflect.DeepEqual(s.Shared, want) {
		t.Errorf("%v, want %v", s.Shared, want)
	}
	if len(s.Steps) != 6 {
		t.Errorf("%d steps", len(s.Steps))
	}
	for i, step := range s.Steps {
		if step.Place.ID != i || step.Place.Pos.Line == 0 || step.Place.Title == "" {
			t.Errorf("step %d: id %d, %s at %s", i, step.Place.ID, step.Place.Title, step.Place.Pos)
		}
	}
}

func TestKeyProblems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"network: privat\n", `1:10: unknown network "privat"; did you mean "private"?`},
		{"network: lan\n", `1:10: unknown network "lan"; a network is host or private, or a mapping with the key private`},
		{"network: [host]\n", `1:10: expected a network, got a list; a network is host or private`},
		{"network: {}\n", "1:10: the network is empty; a network is host or private, or a mapping with the key private"},
		{"network: {privat: {}}\n", `1:11: unknown key "privat" in network; did you mean "private"?`},
		{"network: {private: {lo: sideways}}\n", `1:25: expected up or down, got the text "sideways"`},
		{"network: {private: {sysctls: [a]}}\n", "1:30: sysctls is a mapping of names to values, not a list"},
		{"network: {private: {sysctls: {kernel.pid_max: 1}}}\n", `1:31: "kernel.pid_max" is not a kernel parameter of a network; its name begins with net, as in net.ipv4.tcp_syn_retries`},
		{"network: {private: {sysctls: {net/../kernel/pid_max: 1}}}\n", `1:31: "net/../kernel/pid_max" is not a kernel parameter of a network`},
		{"network: {private: {sysctls: {net.ipv4.tcp_sack: [1]}}}\n", "1:50: expected a text or a number, got a list"},
		{"network: {private: {sysctls: {net.ipv4.tcp_sack: '${x}'}}}\n", "1:50: a kernel parameter of the network cannot hold an expression; it is set before anything has a value; write it out"},
		{"descripton: x\n", `1:1: unknown key "descripton" in a scenario; did you mean "description"?`},
		{"xyz: x\n", `1:1: unknown key "xyz" in a scenario; it takes actors, capture, cases, description, `},
		{"name: [a]\n", "1:7: expected a text, got a list"},
		{"name: ''\n", "1:7: the text is empty; write one, or leave the key out"},
		{"name: ' '\n", "1:7: the text is empty; write one, or leave the key out"},
		{"known_failure: ''\n", "1:16: the text is empty; write one, or leave the key out"},
		{"name:\n", "1:1: name has no value"},
		{"description: {a: b}\n", "1:14: expected a text, got a mapping"},
		{"tags: {a: b}\n", "1:7: expected a text, got a mapping"},
		{"tags: [[a]]\n", "1:8: expected a text, got a list"},
		{"timeout: 5\n", "1:10: 5 has no unit; write 5s or 5ms"},
		{"timeout: [5s]\n", "1:10: expected a duration such as 250ms, got a list"},
		{"step_timeout: ${x}\n", "1:15: this duration cannot hold an expression; write it out, as 30s"},
		{"vars: 5\n", `1:7: vars is a mapping of names to values, not the text "5"`},
		{"vars: {1-a: 5}\n", `1:8: "1-a" is not a name for a variable; a name is letters, digits and _, and starts with a letter`},
		{"vars: {a: '${a + 1}'}\n", "1:14: the variable a needs its own value; a variable can read others, but not in a circle"},
		{"vars: {a: '${b}', b: ['${c}'], c: {d: '${a}'}}\n", "1:42: the variable a needs its own value, through c; a variable can read others, but not in a circle"},
		{"vars: {a: 'x ${nothing}'}\n", `1:16: unknown name "nothing" in the expression; `},
		{"procedures: [a]\n", "1:13: procedures is a mapping of names to lists of steps, not a list"},
		{"requires: rot\n", `1:11: unknown requirement "rot"; did you mean "root"?`},
		{"requires: [root, 'socket:tpc']\n", `1:18: unknown requirement "socket:tpc"; did you mean "socket:tcp"?`},
		{"requires: 'socket:xyzzy'\n", `1:11: unknown requirement "socket:xyzzy"; the sockets are alg, icmp, key, mptcp, ping, sctp, tcp, tcp6, tipc, udp, udp6, unix, unixgram, unixpacket, vsock`},
		{"requires: 'kernel>=x'\n", `1:11: unknown requirement "kernel>=x"; write root, `},
		{"requires: 'cmd:'\n", `1:11: unknown requirement "cmd:"; write root, `},
		{"requires: {a: b}\n", "1:11: expected a requirement, got a mapping; write root, "},
		{"requires: {os: linux}\n", `1:11: expected a requirement, got a mapping; did you mean "os:linux", without a blank?`},
		{"requires: [[root]]\n", "1:12: expected a requirement, got a list; write root, "},
		{"requires: roots\n", `1:11: unknown requirement "roots"; did you mean "root"?`},
		{"requires: 'cap:NET_ADMN'\n", `1:11: unknown requirement "cap:NET_ADMN"; did you mean "cap:NET_ADMIN"?`},
		{"requires: 'cap:CAP_NET_RAW'\n", `1:11: unknown requirement "cap:CAP_NET_RAW"; did you mean "cap:NET_RAW"?`},
		{"requires: 'cap:net_raw'\n", `1:11: unknown requirement "cap:net_raw"; did you mean "cap:NET_RAW"?`},
		{"requires: 'cap:'\n", `1:11: unknown requirement "cap:"; the capabilities are CHOWN, `},
		{"requires: 'env:'\n", `1:11: unknown requirement "env:"; write root, `},
		{"requires: 'env:HOME=/'\n", `1:11: unknown requirement "env:HOME=/"; write the name of the variable only: env:NAME`},
		{"requires: {command: []}\n", "1:21: the command is empty; write [PROGRAM, ARGUMENT…]"},
		{"requires: {command: [true, [a]]}\n", "1:28: expected a text, got a list; write [PROGRAM, ARGUMENT…]"},
		{"requires: [root, {command: [test, '${x}']}]\n", "1:35: the command of a requirement cannot hold an expression; it runs before "},
		{"files: [a]\n", "1:8: files is a mapping of names to contents, not a list"},
		{"files: {../a: b}\n", `1:9: the file "../a" would not be in the temporary folder; write a relative path without ..`},
	} {
		list, problems := scenarios.Parse("x.yaml", []byte(test.text+smallest))
		got := parsetest.Findings(slices.DeleteFunc(problems, func(p *source.Problem) bool { return p.Severity == source.Warning }))
		if list != nil || len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
			t.Errorf("%sfinds\n  %s\nwant\n  %s", test.text, strings.Join(got, "\n  "), test.want)
		}
	}
}

func TestActorProblems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"actors: []\n", "1:9: actors is a mapping of names to lists of steps, not a list"},
		{"actors: {}\n", "1:9: there are no actors; write a name and its list of steps below actors"},
		{"actors:\n", "1:1: actors has no value; write it after the colon, or leave the key out"},
		{"actors:\n  1a: []\n", `2:3: "1a" is not a name for an actor; a name is letters, digits and _, and starts with a letter`},
		{"actors:\n  a: 5\n", `2:6: expected a list of steps, got the text "5"; write each step as "- KIND: VALUE"`},
		{"actors:\n  a:\n", `2:5: expected a list of steps, got nothing; write each step as "- KIND: VALUE"`},
		{"actors:\n  a: {count: 2}\n", "2:6: actor a needs steps; what the actor does"},
		{"actors:\n  a: {steps: [], cuont: 2}\n", `2:18: unknown key "cuont" in actor a; did you mean "count"?`},
		{"actors:\n  a: {steps: [], count: x}\n", `2:25: "x" is not a whole number`},
		{"actors:\n  a: {steps: [], timeout: 5}\n", "2:27: 5 has no unit; write 5s or 5ms"},
		{"vars: {v: '${a.x}'}\nactors: {a: [{let: {x: 1}}, {print: '${v} ${x}'}]}\n", "1:14: the variable v cannot wait for a.x; its value is needed before any actor runs; use vars"},
		{"actors:\n  a: []\n  a: []\n", `3:3: the key "a" is already given on line 2; keep one of the two`},
	} {
		list, problems := scenarios.Parse("x.yaml", []byte(test.text))
		got := parsetest.Findings(problems)
		if list != nil || len(got) != 1 || got[0] != test.want {
			t.Errorf("%sfinds\n  %s\nwant\n  %s", test.text, strings.Join(got, "\n  "), test.want)
		}
	}
}

// A problem shows the line that it points at, also inside a block of text.
func TestProblemLines(t *testing.T) {
	t.Parallel()
	text := "actors:\n  one:\n    - print: |\n        one\n        two ${three}\n    - print: |\n        ${4 +}\n    - print: |\n        five\n        ${\n  two:\n    count:\n      ${one.x}\n    steps: []\n"
	_, problems := scenarios.Parse("x.yaml", []byte(text))
	lines := strings.Split(text, "\n")
	if len(problems) < 4 {
		t.Errorf("only %q", parsetest.Findings(problems))
	}
	for _, p := range problems {
		if p.Line != lines[p.Pos.Line-1] {
			t.Errorf("%s shows the line %q", p.Error(), p.Line)
		}
	}
}

// Shipped scenarios are without fault, and teach.
func TestLibrary(t *testing.T) {
	t.Parallel()
	names := library.Names()
	if len(names) == 0 {
		t.Fatal("no scenario ships")
	}
	for _, name := range names {
		data, _ := library.Open(name)
		list, problems := scenarios.Parse(library.FileName(name), data)
		if len(problems) > 0 {
			t.Errorf("%s", problems.Report())
			continue
		}
		for _, s := range list {
			if s.Description == "" || len(s.Tags) == 0 {
				t.Errorf("%s: description or tags are missing", s.Name)
			}
		}
	}
}

// A key that could not be read may be the one that a mapping lacks.
func TestKeysThatCannotBeRead(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"actors:\n  a:\n    - <<: {print: x}\n      as: y\n", "3:7: merge keys (<<) are not supported; write the keys out, or use an alias for a whole value"},
		{"actors:\n  a:\n    - {connect: s, [to]: x}\n", `3:20: a key must be a text, not a list; quote a text that begins with "[" or "{"`},
		{"actors: {[a]: []}\n", `1:10: a key must be a text, not a list; quote a text that begins with "[" or "{"`},
		{"? {actors: x}\n", `1:3: a key must be a text, not a mapping; quote a text that begins with "[" or "{"`},
	} {
		_, problems := scenarios.Parse("x.yaml", []byte(test.text))
		got := parsetest.Findings(problems)
		lacks := slices.ContainsFunc(got, func(line string) bool {
			return strings.Contains(line, " needs ") || strings.Contains(line, "there are no") || strings.Contains(line, "step kind")
		})
		if lacks || !slices.Contains(got, test.want) {
			t.Errorf("%sfinds\n  %s\nwant\n  %s", test.text, strings.Join(got, "\n  "), test.want)
		}
	}
}
