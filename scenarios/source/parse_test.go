package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const hello = `description: A client greets a server.
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
      backlog: 0x10
    - close: [conn, "listener"]
  client:
    - connect: sock
      to: ${server.listener}
    - note:
`

// dump writes a tree as line:col and value, one node a line.
func dump(b *strings.Builder, n *Node, indent string) {
	fmt.Fprintf(b, "%s%d:%d ", indent, n.Pos.Line, n.Pos.Col)
	switch {
	case n.Kind == List:
		b.WriteString("list\n")
	case n.Kind == Map:
		b.WriteString("map\n")
	case n.Null:
		fmt.Fprintf(b, "null %s\n", n.Text)
	case n.Quoted:
		fmt.Fprintf(b, "%q\n", n.Text)
	default:
		fmt.Fprintf(b, "%s\n", n.Text)
	}
	for _, item := range n.Items {
		dump(b, item, indent+" ")
	}
	for _, e := range n.Entries {
		dump(b, e.Key, indent+" ")
		dump(b, e.Value, indent+"  ")
	}
}

func TestParseTree(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"comments", "# a\n\n  # b\n", ""},
		{"empty documents", "---\n---\n# c\n---\na\n---\n", "5:1 a\n"},
		{"explicit null document", "--- ~\n", "1:5 null ~\n"},
		{
			"plain text stays", "[0x10, 1_000, yes, 1.50, null, ~, 'null', \"~\", !!str ~]",
			"1:1 list\n 1:2 0x10\n 1:8 1_000\n 1:15 yes\n 1:20 1.50\n 1:26 null null\n 1:32 null ~\n" +
				" 1:35 \"null\"\n 1:43 \"~\"\n 1:54 \"~\"\n",
		},
		{"runes", "日本: {é: ü, y: z}\n", "1:1 map\n 1:1 日本\n  1:5 map\n   1:6 é\n    1:9 ü\n   1:12 y\n    1:15 z\n"},
		{"byte order mark", "\ufeffa: b\n", "1:1 map\n 1:1 a\n  1:4 b\n"},
		{"CRLF", "a: |\r\n  x\r\n  y\r\nb: c\r\n", "1:1 map\n 1:1 a\n  1:4 \"x\\ny\\n\"\n 4:1 b\n  4:4 c\n"},
		{"empty values", "a:\nb:\n-", "1:1 map\n 1:1 a\n  1:3 null \n 2:1 b\n  3:1 list\n   3:2 null \n"},
		{"value left out at the end", "? a\n---\n? b", "1:1 map\n 1:3 a\n  1:4 null \n3:1 map\n 3:3 b\n  3:4 null \n"},
		{"documents", "%YAML 1.1\n# c\n---\na\n...\n%YAML 1.1\n---\nb\n...\nc\n", "4:1 a\n8:1 b\n10:1 c\n"},
		{"marker inside a block text", "a: |\n  ---\n  x\n", "1:1 map\n 1:1 a\n  1:4 \"---\\nx\\n\"\n"},
		{
			"anchors", "a: &x foo\nb: &y\n  - 1\nc: [*x, *y, &z , &z]\n",
			"1:1 map\n 1:1 a\n  1:7 foo\n 2:1 b\n  2:4 list\n   3:5 1\n" +
				" 4:1 c\n  4:4 list\n   1:7 foo\n   2:4 list\n    3:5 1\n   4:16 null \n   4:18 null \n",
		},
		{"quoted merge key", "'<<': a\n", "1:1 map\n 1:1 \"<<\"\n  1:7 a\n"},
		{"unusual line ends", "a: 'x\u2028y'\nb: [c\u2028, d]\n", "1:1 map\n 1:1 a\n  1:4 \"x\\u2028y\"\n 2:1 b\n  2:4 list\n   2:5 c\n   2:9 d\n"},
	}
	for _, test := range tests {
		nodes, problems := Parse("f", []byte(test.in))
		var b strings.Builder
		for _, n := range nodes {
			dump(&b, n, "")
		}
		if len(problems) > 0 || b.String() != test.want {
			t.Errorf("%s:\n%sgot:\n%swant:\n%s", test.name, problems.Report(), b.String(), test.want)
		}
	}
}

func TestTreeProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{
			"duplicate keys", "a: 1\nb:\n  c: 1\n  'c': 2\na: {d: 1, d: 2}\n",
			"4:3: the key \"c\" is already given on line 3 (keep one of the two)\n" +
				"5:1: the key \"a\" is already given on line 1 (keep one of the two)\n" +
				"5:11: the key \"d\" is already given on line 5 (keep one of the two)",
		},
		{"list as key", "? [a]\n: b\n", `1:3: a key must be a text, not a list (quote a text that begins with "[" or "{")`},
		{"mapping as key", "{a: 1}: 2\n", `1:1: a key must be a text, not a mapping (quote a text that begins with "[" or "{")`},
		{"empty key", "?\n: x\n", `1:2: a key is missing here (write "key: value")`},
		{"merge key", "<<: {a: 1}\n", "1:1: merge keys (<<) are not supported (write the keys out, or use an alias for a whole value)"},
		{
			"tags", "a: !foo x\nb: &x !!binary y\nc: !!map []\n",
			"1:4: the tag !foo is not supported (remove it, or quote a text that begins with \"!\")\n" +
				"2:7: the tag !!binary is not supported (remove it, or quote a text that begins with \"!\")\n" +
				"3:4: the tag !!map is not supported (remove it, or quote a text that begins with \"!\")",
		},
		{"cycle", "a: &x [1, *x]\n", "1:11: the alias *x is inside the value that it names (a value cannot hold itself)"},
		{
			"problem below an anchor is told once", "a: &x {b: 1, b: 2}\nc: [*x, *x]\n",
			`1:14: the key "b" is already given on line 1 (keep one of the two)`,
		},
		{
			"anchor of another document", "&x a\n---\n*x\n",
			`3:1: no value is named "x" before this alias (name it with "&", or quote a text that begins with "*")`,
		},
		{
			"anchor of a document cut off by an unusual line end", "&x a\n---\u2028*x\n",
			`2:5: no value is named "x" before this alias (name it with "&", or quote a text that begins with "*")`,
		},
		{
			"characters", "a: \x00\nb: é\x01\x02\nc: é\xff\ufeff\nd: \ufffd\ne: x\ufeff\n",
			"1:4: a NUL byte is not allowed in YAML text (write it as \"\\0\", in double quotes)\n" +
				"2:5: the control character U+0001 is not allowed in YAML text (write it as \"\\u0001\", in double quotes)\n" +
				"3:5: the byte 0xff is not UTF-8 text (save the file as UTF-8)\n" +
				"5:5: a byte order mark is allowed only at the start of a file (remove this invisible character, or write it as \"\\uFEFF\", in double quotes)",
		},
		{"UTF-16", "\xff\xfea\x00", "1:1: the file is UTF-16 text (save it as UTF-8)"},
		{"UTF-16, big end first", "\xfe\xff\x00a", "1:1: the file is UTF-16 text (save it as UTF-8)"},
		{
			"all kinds at once", "a: \x01\na: 1\n---\nb: [\n---\n!c d\n",
			"1:4: the control character U+0001 is not allowed in YAML text (write it as \"\\u0001\", in double quotes)\n" +
				"2:1: the key \"a\" is already given on line 1 (keep one of the two)\n" +
				"4:5: the text ends where a value should be (close every \"[\" and \"{\")\n" +
				"6:1: the tag !c is not supported (remove it, or quote a text that begins with \"!\")",
		},
	}
	for _, test := range tests {
		_, problems := Parse("", []byte(test.in))
		if got := problems.Error(); got != test.want {
			t.Errorf("%s:\ngot:\n%s\nwant:\n%s", test.name, got, test.want)
		}
	}
}

func TestBrokenDocumentHidesNoOther(t *testing.T) {
	t.Parallel()
	nodes, problems := Parse("f", []byte("a: 1\n---\nb: 'x\n---\nc: 3\n---\nd: @\n"))
	var keys []string
	for _, n := range nodes {
		keys = append(keys, n.Entries[0].Key.Pos.String()+" "+n.Entries[0].Key.Text)
	}
	if got, want := strings.Join(keys, ", "), "f:1:1 a, f:5:1 c"; got != want {
		t.Errorf("nodes %s, want %s", got, want)
	}
	if len(problems) != 2 || problems[0].Pos.Line != 3 || problems[1].Pos.Line != 7 {
		t.Errorf("problems:\n%v", problems)
	}
}

func TestDuplicateKeepsFirst(t *testing.T) {
	t.Parallel()
	nodes, _ := Parse("f", []byte("a: 1\na: 2\n"))
	if n := nodes[0]; len(n.Entries) != 1 || n.Get("a").Text != "1" {
		t.Errorf("%d entries, a is %s", len(n.Entries), n.Get("a").Describe())
	}
}

func TestBinaryFileIsGivenUp(t *testing.T) {
	t.Parallel()
	nodes, problems := Parse("f", []byte(strings.Repeat("a: \x00\n", 1000)))
	if len(nodes) != 0 || len(problems) != maxBadLines {
		t.Fatalf("%d nodes, %d problems", len(nodes), len(problems))
	}
	if last := problems[maxBadLines-1]; last.Hint != "checking stops here: this does not look like text" {
		t.Errorf("hint %q", last.Hint)
	}
}

func TestAliasBombIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	nodes, problems := Parse("f", []byte(b.String()))
	if len(nodes) != 0 || len(problems) != 1 || !strings.Contains(problems[0].Msg, "more than 1000000 values, of which aliases make 9") {
		t.Errorf("%d nodes, problems:\n%v", len(nodes), problems)
	}
}

// What is said of too many values is so: where there is no alias, none is
// blamed.
func TestValuesAreBounded(t *testing.T) {
	t.Parallel()
	nodes, problems := Parse("f", []byte(strings.Repeat("- x\n", MaxNodes)))
	if len(nodes) != 0 || len(problems) != 1 {
		t.Fatalf("%d nodes, problems:\n%v", len(nodes), problems)
	}
	const want = "the file holds more than 1000000 values"
	if p := problems[0]; p.Msg != want || strings.Contains(p.Hint, "alias") || p.Pos.Line != MaxNodes {
		t.Errorf("at %v: %s (%s)", p.Pos, p.Msg, p.Hint)
	}
}

func TestDepthIsBounded(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, problems := Parse("f", []byte(nested(MaxDepth))); len(problems) != 0 {
		t.Errorf("%v", problems)
	}
	_, problems := Parse("f", []byte(nested(MaxDepth+1)))
	if len(problems) != 1 || problems[0].Pos.Col != MaxDepth+1 {
		t.Errorf("%v", problems)
	}
	_, problems = Parse("f", []byte("a: &x "+nested(MaxDepth/2)+"\nb: "+
		strings.Repeat("[", MaxDepth/2)+"*x"+strings.Repeat("]", MaxDepth/2)))
	if len(problems) != 1 || problems[0].Pos.Line != 2 {
		t.Errorf("through an alias: %v", problems)
	}
}

func TestAliasIsACopy(t *testing.T) {
	t.Parallel()
	nodes, problems := Parse("f", []byte("a: &x {b: [c]}\nd: *x\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	a, d := nodes[0].Get("a"), nodes[0].Get("d")
	if a == d || a.Get("b") == d.Get("b") || a.Get("b").Items[0] == d.Get("b").Items[0] {
		t.Error("the alias shares nodes with its anchor")
	}
	if d.Get("b").Items[0].Pos != a.Get("b").Items[0].Pos {
		t.Error("the copy has other places")
	}
}

func TestParseFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte("a: @"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems, err := ParseFile(path)
	if err != nil || len(problems) != 1 || problems[0].Pos.File != path {
		t.Errorf("%v, %v", problems, err)
	}
	_, _, err = ParseFile(path + "x")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path+"x") {
		t.Errorf("%v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	data := []byte(strings.Repeat(hello+"---\n", 4)[:4*len(hello)])
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Parse("f", data)
	}
}
