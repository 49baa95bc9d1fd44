package source

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, test := range syntaxTests {
		f.Add([]byte(test.in))
	}
	for _, seed := range []string{
		hello,
		"a: &x {b: c}\nd: [*x, *x]\n",
		"a: &x [*x]\n",
		"a: |2-\n   x\n\n  y\nb: >\n z\n",
		"a: 'it''s'\nb: \"x\\ty\"\nc: 日本 語\n",
		"\ufeffa: b\r\n---\r\n...\r\n%YAML 1.2\r\n---\rc\r",
		"a: x\u2028b: @\u0085c\n",
		"a: &x !!str y\n? z\n: !foo {<<: *x, a: 1, a: 2}\n",
		"\x00\xff\x01\n\xfe\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes, problems := Parse("f.yaml", data)
		file := &File{Name: "f.yaml", Data: data}
		for _, p := range problems {
			checkInside(t, file, p.Pos)
			if p.Msg == "" || p.Line != "" && p.Line != file.Line(p.Pos.Line) {
				t.Errorf("%v: message %q, line %q", p.Pos, p.Msg, p.Line)
			}
			if strings.ContainsAny(p.Error(), "\r\n") || strings.Count(p.Report(), "\n")%2 != 0 {
				t.Errorf("%q\n%q", p.Error(), p.Report())
			}
		}
		for _, n := range nodes {
			checkTree(t, n)
		}
	})
}

func checkInside(t *testing.T, f *File, pos Pos) {
	t.Helper()
	if pos.File != f.Name || pos != f.pos(pos.Line, pos.Col) {
		t.Errorf("%v is outside %q", pos, f.Data)
	}
}

// checkTree checks places against the file: what is at the place of a
// plain scalar, or of a character in a text, must be what the node holds.
func checkTree(t *testing.T, n *Node) {
	t.Helper()
	checkInside(t, n.File, n.Pos)
	for _, item := range n.Items {
		checkTree(t, item)
	}
	seen := map[string]bool{}
	for _, e := range n.Entries {
		if e.Key.Kind != Scalar || seen[e.Key.Text] || n.Get(e.Key.Text) != e.Value {
			t.Errorf("%v: bad key %s", e.Key.Pos, e.Key.Describe())
		}
		seen[e.Key.Text] = true
		checkTree(t, e.Key)
		checkTree(t, e.Value)
	}
	if n.Describe() == "" || n.Kind != Scalar {
		return
	}
	for i, want := range n.Text {
		at := n.At(i)
		checkInside(t, n.File, at)
		// Only a plain scalar without a tag surely begins at its place.
		if at == n.Pos && (i > 0 || n.Quoted) || want == utf8.RuneError {
			continue
		}
		line := n.File.Line(at.Line)
		got, _ := utf8.DecodeRuneInString(line[byteIndex(line, at.Col):])
		blank := want == '\n' || want == ' '
		escaped := n.Quoted && strings.ContainsRune(`\'`, got)
		property := i == 0 && strings.ContainsRune("&!", got)
		if got != want && !blank && !escaped && !property {
			t.Fatalf("%v: %q at offset %d of %q, the file has %q", at, want, i, n.Text, got)
		}
	}
}
