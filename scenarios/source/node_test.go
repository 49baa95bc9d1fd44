package source

import (
	"fmt"
	"strings"
	"testing"
)

func parseOne(t *testing.T, in string) *Node {
	t.Helper()
	nodes, problems := Parse("f", []byte(in))
	if len(nodes) != 1 || len(problems) != 0 {
		t.Fatalf("%q: %d nodes, problems %v", in, len(nodes), problems)
	}
	return nodes[0]
}

func TestNodeAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in     string // the value of the key a
		offset int
		want   string
	}{
		{"a: héé ${x}", 0, "1:4"},
		{"a: héé ${x}", 6, "1:8"},
		{"a: abc", 3, "1:7"},
		{"a: abc", 99, "1:7"},
		{"a: abc", -1, "1:4"},
		{"a: 'é${x}'", 2, "1:6"},
		{"a: 'it''s'", 2, "1:7"},
		{"a: 'it''s'", 3, "1:4"},
		{`a: "é${x}"`, 2, "1:6"},
		{`a: "ab\tc"`, 1, "1:6"},
		{`a: "ab\tc"`, 3, "1:4"},
		{"a: b c\n  d e", 4, "1:4"},
		{"a: b \n  d", 2, "1:4"},
		{"a: &x !!str bcd", 1, "1:14"},
		{"a: &x\n  bcd", 1, "1:4"},
		{"a: |\n  bc\n\n   éd\n", 1, "2:4"},
		{"a: |\n  bc\n\n   éd\n", 3, "3:1"},
		{"a: |\n  bc\n\n   éd\n", 7, "4:5"},
		{"a: |\n  bc\n", 3, "1:4"},
		{"a: | # bc\r\n  bc\r\n  de\r\n", 4, "3:4"},
		{"a: >\n  bc\n  de\n", 1, "1:4"},
		{"a: &x |\n  bc\n", 1, "2:4"},
		{"a: &x\n  |\n  bc\n", 1, "1:4"},
	}
	for _, test := range tests {
		pos := parseOne(t, test.in).Get("a").At(test.offset)
		if got := fmt.Sprintf("%d:%d", pos.Line, pos.Col); got != test.want {
			t.Errorf("%q at %d: got %s, want %s", test.in, test.offset, got, test.want)
		}
	}
	made := &Node{Text: "abc", Pos: Pos{Line: 1, Col: 1}}
	if made.At(2) != made.Pos {
		t.Error("a node without a file cannot tell places in its text")
	}
}

func TestNodeDescribe(t *testing.T) {
	t.Parallel()
	n := parseOne(t, "[{a: b}, [], abc, '', ~, "+strings.Repeat("é", 50)+"]")
	want := []string{
		"a mapping", "a list", `the text "abc"`, `the text ""`, "nothing",
		`the text "` + strings.Repeat("é", 40) + `…"`,
	}
	for i, item := range n.Items {
		if got := item.Describe(); got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
}

func TestNodeProblem(t *testing.T) {
	t.Parallel()
	n := parseOne(t, hello)
	if n.Get("nothing") != nil {
		t.Error("Get found a key that is not there")
	}
	backlog := n.Get("actors").Get("server").Items[2].Get("backlog")
	p := backlog.Problem("%s is too small", backlog.Text).WithHint("write %d or more", 17)
	if got, want := p.Error(), "f:9:16: 0x10 is too small (write 17 or more)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if p.Severity != Error || p.Line != "      backlog: 0x10" {
		t.Errorf("severity %d, line %q", p.Severity, p.Line)
	}
	if w := backlog.Warning("odd"); w.Severity != Warning || w.Msg != "odd" {
		t.Errorf("%+v", w)
	}
	if p := new(Node).Problem("made"); p.Error() != "-: made" {
		t.Error(p)
	}
}
