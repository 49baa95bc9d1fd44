package suite

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// quiet is a scenario that passes and prints one line.
const quiet = "actors:\n  one:\n    - print: hello\n"

// load is the cases of a text.
func load(t *testing.T, name, text string) []*Case {
	t.Helper()
	cases, problems, err := Load([]File{Text(name, []byte(text))})
	if err != nil || problems.HasErrors() {
		t.Fatalf("%v\n%s", err, problems.Report())
	}
	return cases
}

func names(cases []*Case) string {
	var list []string
	for _, c := range cases {
		list = append(list, c.Scenario.Name)
	}
	return strings.Join(list, " ")
}

const three = "name: tcp-a\ntags: [tcp, slow]\n" + quiet +
	"---\nname: tcp-b\ntags: tcp\nvars: {port: 1}\n" + quiet +
	"---\nname: udp-c\ntags: udp\nvars: {size: 2}\n" + quiet

func TestChoose(t *testing.T) {
	cases := load(t, "three.yaml", three)
	tests := []struct {
		pattern string
		tags    []string
		want    string
	}{
		{"", nil, "tcp-a tcp-b udp-c"},
		{"^tcp", nil, "tcp-a tcp-b"},
		{"p-[bc]$", nil, "tcp-b udp-c"},
		{"", []string{"slow", "udp"}, "tcp-a udp-c"},
		{"^udp", []string{"tcp"}, ""},
	}
	for _, tt := range tests {
		f := Filter{Name: regexp.MustCompile(tt.pattern), Tags: tt.tags}
		if got := names(f.Choose(cases)); got != tt.want {
			t.Errorf("--run %q --tags %q chooses %q; want %q", tt.pattern, tt.tags, got, tt.want)
		}
	}
	if got := strings.Join(Tags(cases), " "); got != "slow tcp udp" {
		t.Errorf("the tags are %q", got)
	}
}

func TestParseVars(t *testing.T) {
	got, err := ParseVars([]string{"port=80", "deep=true", "name=a=b", "empty=", "ratio=0.5"})
	want := map[string]any{"port": 80, "deep": true, "name": "a=b", "empty": "", "ratio": 0.5}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{"port", "=1", "a b=1", "1st=x"} {
		if _, err := ParseVars([]string{bad}); err == nil || !strings.Contains(err.Error(), "NAME=VALUE") {
			t.Errorf("%q gives the error %v", bad, err)
		}
	}
}

func TestCheckVars(t *testing.T) {
	cases := load(t, "three.yaml", three)
	if err := CheckVars(cases, map[string]any{"port": 1, "size": 2}); err != nil {
		t.Error(err)
	}
	tests := []struct {
		cases []*Case
		name  string
		want  string
	}{
		{cases, "prot", `no chosen scenario has a variable "prot"; did you mean "port"?`},
		{cases, "address", "their variables are port, size"},
		{cases[:1], "port", "none of them has the key vars"},
	}
	for _, tt := range tests {
		err := CheckVars(tt.cases, map[string]any{tt.name: 1})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s gives the error %v; want %s", tt.name, err, tt.want)
		}
	}
}

func TestGoldenPaths(t *testing.T) {
	tree(t, map[string]string{
		"sub/one.yaml":   "name: quite another\n" + quiet,
		"sub/two.yaml":   "name: a/b\n" + quiet + "---\nname: c\n" + quiet,
		"sub/one.golden": "",
		"none/x.yaml":    quiet,
	})
	files, err := Find([]string{"sub", "none"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cases, _, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cases {
		got = append(got, c.GoldenPath())
	}
	if want := "sub/one.golden sub/a-b.golden sub/c.golden none/x.golden"; strings.Join(got, " ") != want {
		t.Errorf("the golden files are %q; want %s", got, want)
	}
	with, without := WithGolden(cases)
	if names(with) != "quite another" || len(without) != 3 {
		t.Errorf("with a golden file: %s; without: %s", names(with), names(without))
	}
	if near := paths(NearGoldens(files)); near != "sub/one.yaml sub/two.yaml" {
		t.Errorf("near golden files are %s", near)
	}
}

func TestCheckGoldens(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet, "b.yaml": "name: a\n" + quiet + "---\nname: c\n" + quiet})
	cases, _, err := Load([]File{{Path: "a.yaml"}, {Path: "b.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckGoldens(cases[:1]); err != nil {
		t.Error(err)
	}
	err = CheckGoldens(cases)
	if err == nil || !strings.Contains(err.Error(), "a (a.yaml) and a (b.yaml) would share the golden file a.golden") {
		t.Errorf("the error is %v", err)
	}
}
