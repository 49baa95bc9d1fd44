package source

import "testing"

// syntaxTests is one mistake each; want is the place and the message without
// the hint.
var syntaxTests = []struct{ in, want string }{
	{"\ta: 1\n", "1:1: a tab cannot indent YAML"},
	{"a:\n\tb: 1\n", "2:1: a tab cannot indent YAML"},
	{"a:\n  b: 1\n\tc: 2\n", "3:1: a tab cannot indent YAML"},
	{"a:\n  - x\n \t- y\n", "3:2: a tab cannot indent YAML"},
	{"a: x\n  \ty: 1\n", "2:3: a tab cannot indent YAML"},
	{"a: |\n\tx\n", "2:1: a tab cannot indent YAML"},
	{"a: 1\nb\nc: 2\n", `2:1: a ":" is missing after this key`},
	{"- socket: tcp\n  as listener\n- bind: x\n", `2:3: a ":" is missing after this key`},
	{"data: Hello: world\n", `1:12: a text cannot hold ": " unless it is quoted`},
	{"a: b\ndata: é: world\n", `2:8: a text cannot hold ": " unless it is quoted`},
	{"actors:\n  server\n\n    - socket: tcp\n", "4:5: a key is not allowed here: this line continues the text of line 2"},
	{"a: b\n c: d\n", "2:2: a key is not allowed here: this line continues the text of line 1"},
	{"--- a: b\n", `1:6: a ":" is not allowed here`},
	{"a:\n   b: 1\n  c: 2\n", "3:3: this line does not line up with the keys above it"},
	{"a: >\n  foo\n bar: 1\n", "3:2: this line does not line up with the keys above it"},
	{"a: b\n- c\n", "2:1: a list item is not allowed among the keys of a mapping"},
	{"- a\nb: c\n", "2:1: this is not an item of the list that begins on line 1"},
	{"- 'a' b\n", "1:7: the value has ended before this"},
	{"a: 'x' y\n", "1:8: the value has ended before this"},
	{"a: [x]]\n", `1:7: this "]" closes nothing`},
	{": x\n", `1:1: a key is missing before ":"`},
	{"a: [1, 2\nb: 3\n", `1:4: this "[" is not closed`},
	{"a:\n- b: {c: d\n- e: f\n", `2:6: this "{" is not closed`},
	{"a: [1, 2\n\n", `1:4: this "[" is never closed`},
	{"a: {x: ${b}}\n", `1:9: "," or "}" is missing before this`},
	{"to: [::1]:8080\n", `1:6: a value is missing before ":"`},
	{"a: ]\n", `1:4: a value is missing before "]"`},
	{"a: {", "1:5: the text ends where a value should be"},
	{"[a]]\n", "1:4: the document has ended before this"},
	{"a: b\nc: \"abc\nd: 1\n", "2:4: this quote is never closed"},
	{"a: 'abc\n", "1:4: this quote is never closed"},
	{`a: "é\qy"`, `1:6: the escape \q is not known`},
	{`a: "\xzz"`, "1:7: hexadecimal digits are missing in this escape"},
	{`a: "\ud800"`, "1:7: this escape is not a Unicode character"},
	{"a: @foo\n", `1:4: a text cannot begin with "@"`},
	{"a: `x`\n", "1:4: a text cannot begin with \"`\""},
	{"a: - b\n", "1:4: a list item is not allowed here"},
	{"a: ? b\n", `1:4: a text cannot begin with "? "`},
	{"%foo\n---\na: 1\n", "1:1: this line is read as a YAML directive: found unknown directive name"},
	{"%YAML 2.0\n---\na\n", "1:1: this version of YAML is not supported"},
	{"b: 1\na: *foo\n", `2:4: no value is named "foo" before this alias`},
	{"a: &\n", `1:5: a name is missing after "&" or "*"`},
	{"a: !<foo x\n", "1:4: tags are not supported"},
	{"a: !foo!bar x\n", "1:4: tags are not supported"},
	{"a: |x\n", `1:5: a text cannot follow "|" or ">" on the same line`},
	{"a: |0\n", "1:5: a block text cannot be indented by 0"},
	{"a: 1\r\n# c\r\nc: @\r\n", `3:4: a text cannot begin with "@"`},
	{"a: 1\rb: 2\rc: @\r", `3:4: a text cannot begin with "@"`},
	{"\ufeff@\n", `1:1: a text cannot begin with "@"`},
	{"# x\u2028\u0085# y\na: 'b\u2028c'\nd: @\n", `3:4: a text cannot begin with "@"`},
	{"x: 'a\u2028b': @\n", `1:9: a text cannot hold ": " unless it is quoted`},
}

func TestSyntaxProblems(t *testing.T) {
	t.Parallel()
	for _, test := range syntaxTests {
		_, problems := Parse("", []byte(test.in))
		if len(problems) != 1 {
			t.Errorf("%q: %d problems: %v", test.in, len(problems), problems)
			continue
		}
		p := problems[0]
		if got := p.Pos.String() + ": " + p.Msg; got != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.in, got, test.want)
		}
		f := &File{Data: []byte(test.in)}
		if p.Line != f.Line(p.Pos.Line) || p.Hint == "" {
			t.Errorf("%q: line %q, hint %q", test.in, p.Line, p.Hint)
		}
	}
}

func TestDeepFlowNesting(t *testing.T) {
	t.Parallel()
	deep := make([]byte, 20_000)
	for i := range deep {
		deep[i] = '['
	}
	_, problems := Parse("", deep)
	if len(problems) != 1 || problems[0].Msg != "values are nested too deeply" {
		t.Errorf("%v", problems)
	}
}
