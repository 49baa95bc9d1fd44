package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	tests := []struct {
		p    Problem
		want string
	}{
		{
			Problem{
				Pos: Pos{"tcp.yaml", 12, 7}, Msg: `unknown key "backlogg" in listen`,
				Hint: `did you mean "backlog"?`, Line: "      backlogg: 3",
			},
			"tcp.yaml:12:7: unknown key \"backlogg\" in listen; did you mean \"backlog\"?\n" +
				"   12 |       backlogg: 3\n" +
				"      |       ^",
		},
		{
			Problem{Pos: Pos{"f", 1, 3}, Severity: Warning, Msg: "odd", Line: "a\tb"},
			"f:1:3: warning: odd\n    1 | a    b\n      |      ^",
		},
		{
			Problem{Pos: Pos{"f", 1, 4}, Msg: "wide", Line: "日e\u0301x"},
			"f:1:4: wide\n    1 | 日e\u0301x\n      |    ^",
		},
		{
			Problem{Pos: Pos{"f", 123456, 2}, Msg: "end", Line: "x"},
			"f:123456:2: end\n123456 | x\n       |  ^",
		},
		{
			Problem{Pos: Pos{"f", 1, 2}, Msg: "control", Line: "\x1b\xff["},
			"f:1:2: control\n    1 | ��[\n      |  ^",
		},
		{Problem{Pos: Pos{"f", 1, 1}, Msg: "empty"}, "f:1:1: empty"},
		{Problem{Pos: Pos{File: "f"}, Msg: "two\nlines", Line: "x"}, "f: two lines"},
	}
	for _, test := range tests {
		if got := test.p.Report(); got != test.want {
			t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
		}
	}
}

func TestReportCutsLongLines(t *testing.T) {
	t.Parallel()
	p := Problem{Pos: Pos{"f", 1, 501}, Msg: "far", Line: strings.Repeat("a", 500) + "b" + strings.Repeat("c", 500)}
	lines := strings.Split(p.Report(), "\n")
	if len([]rune(lines[1])) > shownWidth+20 {
		t.Errorf("%d characters shown", len([]rune(lines[1])))
	}
	if caret := strings.Index(lines[2], "^"); string([]rune(lines[1])[caret]) != "b" {
		t.Errorf("the caret is not under the b:\n%s", p.Report())
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	at := func(file string, line, col int, msg string) *Problem {
		return &Problem{Pos: Pos{file, line, col}, Msg: msg}
	}
	ps := Problems{
		at("b", 1, 1, "x"), at("a", 2, 1, "y"), at("a", 2, 1, "x"), at("a", 1, 9, "x"),
		at("a", 2, 1, "x"), at("a", 1, 10, "x"), at("a", 2, 1, "x").WithHint("h"),
	}
	ps.Sort()
	want := "a:1:9: x\na:1:10: x\na:2:1: x\na:2:1: x (h)\na:2:1: y\nb:1:1: x"
	if got := ps.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got, want := ps[2:4].Report(), "a:2:1: x\na:2:1: x; h"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestProblemsAsError(t *testing.T) {
	t.Parallel()
	warning := &Problem{Severity: Warning, Msg: "w"}
	if err := (Problems{warning}).Err(); err != nil {
		t.Errorf("a warning is an error: %v", err)
	}
	bad := &Problem{Msg: "b"}
	err := fmt.Errorf("checking: %w", Problems{warning, bad}.Err())
	var list Problems
	if !errors.As(err, &list) || len(list) != 2 || !errors.Is(err, bad) {
		t.Errorf("%v does not unwrap", err)
	}
}

func TestPos(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pos   Pos
		want  string
		valid bool
	}{
		{Pos{"f", 1, 2}, "f:1:2", true},
		{Pos{"", 1, 2}, "1:2", true},
		{Pos{"f", 0, 0}, "f", false},
		{Pos{}, "-", false},
	}
	for _, test := range tests {
		if got := test.pos.String(); got != test.want || test.pos.IsValid() != test.valid {
			t.Errorf("%#v: %s, valid %v", test.pos, got, test.pos.IsValid())
		}
	}
}

func TestFileLine(t *testing.T) {
	t.Parallel()
	f := &File{Data: []byte("\ufeffa\r\n\nb\rc\u2028d\n")}
	for n, want := range []string{"", "a", "", "b", "c\u2028d", "", ""} {
		if got := f.Line(n); got != want {
			t.Errorf("line %d: got %q, want %q", n, got, want)
		}
	}
	if f.lineCount() != 4 {
		t.Errorf("%d lines", f.lineCount())
	}
	if got := f.pos(99, 99); got.Line != 4 || got.Col != 4 {
		t.Errorf("moved inside to %v", got)
	}
	if got := new(File).pos(0, 0); got.Line != 1 || got.Col != 1 {
		t.Errorf("in an empty file %v", got)
	}
}
