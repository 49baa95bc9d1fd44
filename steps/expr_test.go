package steps_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
	"github.com/sockscript/sockscript/steps/value"
)

func TestFunctions(t *testing.T) {
	t.Setenv("SOCKSCRIPT_TEST", "value")
	for in, want := range map[string]string{
		`len("héllo")`:                 "6", // bytes, not characters
		`len("")`:                      "0",
		`len(list)`:                    "2",
		`len(map)`:                     "2",
		`len(1..3)`:                    "3",
		`len(split("a,b", ","))`:       "2",
		`text(5)`:                      "5",
		`text("ab\u0000c")`:            "ab",
		`text("")`:                     "",
		`hex("AZ")`:                    "415a",
		`hex("")`:                      "",
		`sha256("")`:                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		`u8("AB", 1)`:                  "66",
		`u16be("AB", 0)`:               "16706",
		`u16le("AB", 0)`:               "16961",
		`u32be("ABCD", 0)`:             "1094861636",
		`u32le("ABCD", 0)`:             "1145258561",
		`u64be("ABCDEFGH", 0)`:         "4702394921427289928",
		`u64le("ABCDEFGH", 0)`:         "5208208757389214273",
		`u16be("xxAB", len("xx"))`:     "16706",
		`env("SOCKSCRIPT_TEST")`:       "value",
		`env("SOCKSCRIPT_TEST_UNSET")`: "",
		`index`:                        "0",
		`count`:                        "1",
		`n + 1 == 8 && s == "word"`:    "true",
		`s + "!"`:                      "word!",
		`list[1]`:                      "a",
		`map.b`:                        "2",
		`n in 1..9`:                    "true",
		`s matches "^w.r"`:             "true",
		`upper(s)`:                     "WORD",
		`filter(1..3, # > 1)[0]`:       "2",
		`let x = n; x * x`:             "49",

		`keys({"b": 1, "a": 2, "c": 3, "d": 4})`:                   "[a, b, c, d]",
		`values({"b": 1, "a": 2, "c": 3, "d": 4})`:                 "[2, 1, 3, 4]",
		`toPairs({"b": 1, "a": 2})`:                                "[[a, 2], [b, 1]]",
		`fromPairs([["x", 1], ["y", [2]]]).y`:                      "[2]",
		`fromPairs(toPairs({"b": 1, "a": 2})) == {"a": 2, "b": 1}`: "true",
	} {
		wantText(t, printed(t, "'${"+strings.ReplaceAll(in, "'", "''")+"}'"), "| "+want)
	}
	for in, want := range map[string]string{
		`u16be("A", 0)`:  `u16be at offset 0 is outside the 1 bytes`,
		`u8("A", -1)`:    `u8 at offset -1 is outside the 1 bytes`,
		`u8("A", "x")`:   `u8 needs a whole number as the offset, got x`,
		`len(5)`:         `5 has no length; it is neither a text nor a list or mapping`,
		`keys(5)`:        `"5" is not a mapping`,
		`fromPairs(5)`:   `fromPairs takes a list of pairs, [[key, value], …]`,
		`fromPairs([5])`: `"5" is not a pair; write [key, value]`,
		`[1][index + 5]`: `index out of range: 5 (array length is 1)`,
	} {
		f, _ := fails(t, one("- print: '${"+in+"}'"))
		var inExpr *value.ExprError
		if !errors.As(f.Err, &inExpr) || inExpr.Msg != want {
			t.Errorf("%s fails with %v, want %s", in, f.Err, want)
		}
	}
}

// A name of the file comes before a function of the expression language.
func TestNamesBeforeFunctions(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
vars: {max: 5}
actors:
  first:
    - let: {count: 2, hex: "x", len: 4}
    - print: ${count} ${hex} ${len} ${max} ${min(1, 2)}
  other:
    - print: ${first.count} ${last(1..3)}
  calls:
    - let: {text: 7, keys: "${[3]}"}
    - print: ${text(text) + hex(text(8))} ${keys({"a":1})} ${keys} ${map(keys, text(#))}
`)
	want := []string{
		"first let count = 2", "calls let text = 7", "first let hex = x", "other | 2 3", "calls let keys = [3]",
		"first let len = 4", "calls | 738 [a] [3] [3]", "first | 2 x 4 5 1",
	}
	parsetest.WantLines(t, lines, want...)
}

// A function of the language that a value hides is not called, and that is
// said.
func TestHiddenFunctions(t *testing.T) {
	t.Parallel()
	parsetest.WantLines(t, findings(one("- let: {max: 5}\n- print: ${max(max, 7)}")),
		`4:16: expression "max(max, 7)": max is the name of a value here, so the function max cannot be called; give the value another name`)
}

func TestHandleFields(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.2:0
    - listen: listener
    - accept: listener
      as: conn
    - assert: listener.host == "127.0.0.2"
    - assert: listener.port > 0
    - assert: listener.address == listener.host + ":" + text(listener.port)
    - assert: text(listener) == listener.address
    - assert: conn.peer.host == "127.0.0.1"
    - assert: conn.peer.port == client.sock.port
    - assert: conn.address == listener.address
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - bind: sock
      to: 127.0.0.1:0
    - connect: sock
      to: ${server.listener}
    - assert: sock.peer.address == server.listener.address
    - close: sock
`)
	if len(lines) == 0 {
		t.Error("no transcript")
	}
}

// Data that was received is text to an expression, byte for byte.
func TestReceivedData(t *testing.T) {
	t.Parallel()
	passes(t, pair(`
- send: a
  data: {hex: "00 ff 41 00 05"}
- recv: b
  as: got
- assert: len(got) == 5
- assert: hex(got) == "00ff410005"
- assert: u16be(got, 3) == 5
- assert: u8(got, 1) == 255
- send: b
  data: ${got}
- recv: a
  expect: {data: {hex: "00ff410005"}}
- close: [a, b]
`[1:]))
}

// An address is the same as another one, or a text, that reads the same.
func TestEqualAddresses(t *testing.T) {
	t.Parallel()
	passes(t, one(`
- socket: udp
  as: s
- bind: s
  to: 127.0.0.1:0
- socket: udp
  as: c
- connect: c
  to: s
- send: c
  data: x
- recv: s
  as: [data, from]
- let: {text: "127.0.0.1:${s.port}", list: [1, a]}
- assert: s == text && text == s && !(s != text) && s.address == text
- assert: c.peer == s && c.peer != c && from == c && from != "127.0.0.1:1"
- assert: s.peer == nil && c.peer != nil && s != nil
- assert: list == [1, "a"] && list != [1] && text != "a" && 1 == 1.0 && "1" != list[0] && (text == text) == true
- let: {same: "${from == text}"}
- assert: same == false
`))
}

func TestReferences(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
actors:
  a:
    count: 3
    steps:
      - let: {x: "${index * 10}"}
      - print: ${a.x} ${a[(index + 1) % count].x}
  b:
    - let: {i: 1}
    - print: ${a[0].x + a[i].x + a[i + 1].x}
`)
	joined := strings.Join(lines, "\n")
	for _, want := range []string{"a[0] | 0 10", "a[1] | 10 20", "a[2] | 20 0", "b | 30"} {
		if !strings.Contains(joined, want) {
			t.Errorf("%q is not in\n%s", want, joined)
		}
	}
	for index, want := range map[string]string{
		"5":   "a[5] is not there; a has 2 replicas, numbered from 0",
		"-1":  "the index of a is -1; replicas are numbered from 0",
		"1.5": "the index of a is 1.5, not a whole number",
	} {
		f, _ := fails(t, fmt.Sprintf("actors:\n  a:\n    count: 2\n    steps: [{let: {x: 1}}]\n  b:\n    - print: \"${a[%s].x}\"\n", index))
		if !strings.HasSuffix(f.Err.Error(), want) {
			t.Errorf("a[%s].x fails with %q, want %q", index, f.Err, want)
		}
	}
}

// A run-time error of an expression points at the expression.
func TestExprErrorPosition(t *testing.T) {
	t.Parallel()
	f, _ := fails(t, one("- let: {n: 0}\n- print: \"abc ${n + u8('', n)}\""))
	var inExpr *value.ExprError
	if !errors.As(f.Err, &inExpr) {
		t.Fatalf("got %v, want an ExprError", f.Err)
	}
	if pos := inExpr.Pos; pos.Line != 4 || pos.Col != 21 {
		t.Errorf("the expression is at %s, want 4:21", pos)
	}
	wantText(t, f.Err.Error(), `expression "n + u8('', n)": u8 at offset 0 is outside the 0 bytes`)
}

func TestAssert(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"n == 2":             "n == 2 does not hold; n is 1",
		"n == 2 && s == 'x'": `n == 2 && s == 'x' does not hold; n is 1, s is "word"`,
		"1 == 2":             "1 == 2 does not hold",
		"gone == 2":          "gone == 2 does not hold; gone is nil",
		"n":                  `expression "n": the value is 1, not true or false`,
	} {
		f, lines := fails(t, one("- let: {n: 1, s: word, gone: '${nil}'}\n- print: ${n} ${s} ${gone}\n- assert: "+in))
		wantText(t, f.Err.Error(), want)
		wantText(t, lines[len(lines)-1], "assert "+in)
	}
	passes(t, one("- assert: ${1 == 1}\n- assert: true"))
}

// Vars given from outside replace those of the file, and only those.
func TestVars(t *testing.T) {
	t.Parallel()
	lines := passesWith(t, "vars: {n: 1, s: x}\nactors:\n  one:\n    - print: ${n} ${s}\n",
		runner.Options{Vars: map[string]any{"n": 5, "other": 6}})
	parsetest.WantLines(t, lines, "| 5 x")
}

// Only what an expression takes of two values is read, and waited for.
func TestOnlyWhatIsTaken(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
vars: {given: 5}
actors:
  a:
    - let: {x: 1}
      when: given == 1
    - let: {none: "${nil}", one: 1}
  b:
    - socket: tcp
      as: idle
      when: given == 1
    - print: ${given ?? idle.address}
    - print: '${given == 5 ? "five" : idle.address}'
    - print: ${nil ?? a.none ?? a.one ?? idle}
    - print: ${given ?? a.x}, ${a.none ?? given}
    - print: '${(given == 5 ? nil : idle) ?? (given + 1)}'
`)
	for _, want := range []string{"b | 5", "b | five", "b | 1", "b | 5, 5", "b | 6"} {
		if !slices.Contains(lines, want) {
			t.Errorf("%q is not in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	f, _ := fails(t, one("- let: {x: 1}\n  when: 1 > 2\n- let: {none: '${nil}'}\n- print: ${none ?? x}\n"))
	wantText(t, f.Err.Error(), `expression "x": x has no value here`)
}

// Only what a conditional expression takes is waited for.
func TestConditionalReferences(t *testing.T) {
	t.Parallel()
	lines := passes(t, `
vars: {first: false}
actors:
  a:
    - wait: go
    - let: {x: 1, flag: true}
  b:
    - let: {y: own}
    - print: "${first ? a.x : y}"
    - print: "${ if first { a.x } else { 'else ' + text(c.z) } }"
    - print: "${c.flag ? (c.z > 5 ? a.x : 'inner') : a.x}"
    - signal: go
    - print: "${a.flag ? 'took ' + text(a.x) : c.never}"
  c:
    - let: {z: 5, flag: true}
    - let: {never: 1}
      when: first
`)
	joined := strings.Join(lines, "\n")
	for _, want := range []string{"b | own", "b | else 5", "b | inner", "b | took 1"} {
		if !strings.Contains(joined, want) {
			t.Errorf("%q is not in\n%s", want, joined)
		}
	}
	f, _ := fails(t, "actors:\n  a:\n    - let: {x: 1}\n  b:\n    - print: \"${a.x ? a.x : 2}\"\n")
	wantText(t, f.Err.Error(), `expression "a.x": the value is 1, not true or false`)
	f, _ = fails(t, "vars: {no: false}\nactors:\n  a:\n    - let: {x: 1}\n      when: no\n  b:\n    - print: \"${no ? 2 : a.x}\"\n")
	wantText(t, f.Err.Error(), "waits for a.x, but a has ended without giving it")
}
