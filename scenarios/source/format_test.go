package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"levels", "a:\n    b:\n        c: 1\n", "a:\n  b:\n    c: 1\n"},
		{"lists are indented", "a:\n- x\n- y\n", "a:\n  - x\n  - y\n"},
		{"items that are mappings", "a:\n-   socket: tcp\n    as: x\n", "a:\n  - socket: tcp\n    as: x\n"},
		{"lists of lists", "- - a\n  - b\n", "- - a\n  - b\n"},
		{"comments go with what is behind them", "a:\n    # one\n    b: 1   # two\n    # three\nc: 2\n", "a:\n  # one\n  b: 1   # two\n  # three\nc: 2\n"},
		{"block scalars keep their text", "a:\n    b: |\n      x  \n        y\n\n\n      z # no comment\n    c: 1\n", "a:\n  b: |\n    x  \n      y\n\n\n    z # no comment\n  c: 1\n"},
		{"quoted texts", "a:\n    b: \"x\n      # y\"\n", "a:\n  b: \"x\n    # y\"\n"},
		{"plain texts of several lines", "a:\n    b: x\n      y\n    c: 1\n", "a:\n  b: x\n    y\n  c: 1\n"},
		{"flow collections", "a:\n    b: {x: 1,\n        y: [2,\n          3]}\n", "a:\n  b: {x: 1,\n      y: [2,\n        3]}\n"},
		{"blanks and empty lines", "\n\na: 1  \n\n\n\nb: 2\t\n\n", "a: 1\n\nb: 2\n"},
		{"dashes alone", "a:\n-\n    x: 1\n    y: 2\n- # c\n\n  - z\n-\n-   w\n", "a:\n  -\n    x: 1\n    y: 2\n  - # c\n\n    - z\n  -\n  - w\n"},
		{"anchors and tags", "a: &x\n- b\n-   c: &y {d: 1}\n    e: &z\n        f: 1\ng: !!seq # h\n    - *x\n", "a: &x\n  - b\n  - c: &y {d: 1}\n    e: &z\n      f: 1\ng: !!seq # h\n  - *x\n"},
		{"documents", "a:\n    b: 1\n---\nc:\n    d: 2\n", "a:\n  b: 1\n---\nc:\n  d: 2\n"},
		{"line ends", "a: 1\r\nb: |\r\n  x\r\n", "a: 1\nb: |\n  x\n"},
		{"no line end", "a: 1", "a: 1\n"},
	} {
		out, problems, err := Format("x.yaml", []byte(c.in))
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %s", c.name, err, problems.Report())
			continue
		}
		if string(out) != c.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", c.name, out, c.want)
		}
		if again, _, err := Format("x.yaml", out); err != nil || string(again) != string(out) {
			t.Errorf("%s: formatted again it is\n%s%v", c.name, again, err)
		}
	}
}

func TestFormatOfNoYAML(t *testing.T) {
	t.Parallel()
	if out, problems, _ := Format("x.yaml", []byte("a: [\n")); out != nil || !problems.HasErrors() {
		t.Errorf("%q %v", out, problems)
	}
}

// The shipped scenarios are formatted already, apart from what is aligned by
// hand; nothing in them changes its meaning.
func TestFormatShipped(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../library/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := Format(path, data)
		if err != nil || string(out) != string(data) {
			t.Errorf("%s is not formatted: %v", path, err)
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("a:\n    - b: |\n       c\n    # d\n")
	f.Add("? x\n: - y\n")
	f.Add("a: &x {b: 1}\nc: *x\n")
	f.Fuzz(func(t *testing.T, text string) {
		out, problems, err := Format("x.yaml", []byte(text))
		if err != nil && !errors.Is(err, ErrNotFormatted) {
			t.Fatal(err)
		}
		if out == nil || problems.HasErrors() {
			return
		}
		again, _, err := Format("x.yaml", out)
		if err != nil || string(again) != string(out) {
			t.Errorf("formatted again %q is %q, %v", out, again, err)
		}
		if strings.Contains(string(out), "\r") && !strings.Contains(text, "\r") {
			t.Errorf("%q has become %q", text, out)
		}
	})
}
