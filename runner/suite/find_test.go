package suite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// tree writes files into a new directory, which becomes the current one.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func paths(files []File) string {
	var list []string
	for _, f := range files {
		path := f.Path
		if f.Shipped {
			path += "(shipped)"
		}
		list = append(list, path)
	}
	return strings.Join(list, " ")
}

func TestFind(t *testing.T) {
	tree(t, map[string]string{
		"a.yaml": "", "b.yml": "", "b.golden": "", "notes.txt": "",
		"sub/c.yaml": "", "sub/deep/d.yaml": "", "sub/.hidden/e.yaml": "", "empty/x.txt": "",
		"tcp-echo": "",
	})
	tests := []struct{ args, want string }{
		{"a.yaml", "a.yaml"},
		{"notes.txt", "notes.txt"},
		{"b.yml a.yaml", "b.yml a.yaml"},
		{"a.yaml ./a.yaml sub/../a.yaml", "a.yaml"},
		{".", "a.yaml b.yml sub/c.yaml sub/deep/d.yaml"},
		{"sub a.yaml sub/c.yaml", "sub/c.yaml sub/deep/d.yaml a.yaml"},
		{"sub/.hidden", "sub/.hidden/e.yaml"},
		{"*", "a.yaml b.yml"},
		{"*.y*ml", "a.yaml b.yml"},
		{"**/[cd].yaml", "sub/c.yaml sub/deep/d.yaml"},
		{"{a,b}.*", "a.yaml b.yml"},
		{"-", "stdin"},
		{"tcp-hello a.yaml", "tcp-hello.yaml(shipped) a.yaml"},
		{"tcp-echo", "tcp-echo"}, // what is on disk goes before what is shipped
	}
	for _, tt := range tests {
		files, err := Find(strings.Fields(tt.args), strings.NewReader(""))
		if got := paths(files); got != tt.want || err != nil {
			t.Errorf("Find(%s) = %s, %v; want %s", tt.args, got, err, tt.want)
		}
	}
}

func TestFindErrors(t *testing.T) {
	tree(t, map[string]string{"hello.yaml": "", "sub/greet.yaml": "", "empty/x.txt": "", "locked/a.yaml": ""})
	tests := []struct{ args, want string }{
		{"helo.yaml", `no file, directory or shipped scenario "helo.yaml"; did you mean "hello.yaml"?`},
		{"sub/grete.yaml", `did you mean "sub/greet.yaml"?`},
		{"sbu", `did you mean "sub"?`},
		{"tcp-helo", `did you mean "tcp-hello"?`},
		{"tcp-hello.yaml", `did you mean "tcp-hello", which is shipped?`},
		{"quite-another-thing", "`sockscript list --shipped` shows those that are shipped"},
		{"empty", "there are no scenario files (*.yaml, *.yml) in empty"},
		{"x*.yaml", `the pattern "x*.yaml" matches no scenario file`},
		{"[a", `the pattern "[a": syntax error in pattern`},
		{"hello.yaml/x", "cannot read the scenario: stat hello.yaml/x: not a directory"},
	}
	for _, tt := range tests {
		_, err := Find([]string{tt.args, "hello.yaml"}, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Find(%s) gives the error %v; want %s", tt.args, err, tt.want)
		}
	}
	if _, err := Find([]string{"-"}, nil); err == nil {
		t.Error("- without a standard input gives no error")
	}
	broken := errors.New("the disk is on fire")
	if _, err := Find([]string{"-"}, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a broken standard input gives %v", err)
	}
}

func TestLoadTellsWhichFileCannotBeRead(t *testing.T) {
	tree(t, map[string]string{"a.yaml": quiet})
	cases, problems, err := Load([]File{{Path: "gone.yaml"}, {Path: "a.yaml"}})
	if len(cases) != 1 || len(problems) != 0 {
		t.Errorf("%d cases, problems %v", len(cases), problems)
	}
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "gone.yaml") {
		t.Errorf("the error is %v", err)
	}
}

func TestShippedFiles(t *testing.T) {
	t.Parallel()
	files := Shipped()
	if len(files) == 0 || !files[0].Shipped {
		t.Fatalf("%v", files)
	}
	cases, problems, err := Load(files)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v\n%s", err, problems.Report())
	}
	for _, c := range cases {
		if c.GoldenPath() != "" || !c.hasGolden() {
			t.Errorf("%s: golden path %q, has one: %t", c.Scenario.Name, c.GoldenPath(), c.hasGolden())
		}
	}
}
