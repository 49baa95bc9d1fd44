package steps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/value"
)

// printed runs a step that prints text, as it is in the file, and gives
// what it printed.
func printed(t *testing.T, text string) string {
	t.Helper()
	lines := passes(t, "vars: {n: 7, s: word, f: 1.5, on: true, list: [1, a], map: {b: 2, a: 1}}\nactors:\n  one:\n    - print: "+text+"\n")
	return lines[0]
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                               "plain",
		`""`:                                  "",
		"0x10":                                "0x10",
		"1_000":                               "1_000",
		"true":                                "true",
		"'null'":                              "null",
		"${n}":                                "7",
		"a${n}b${s}c":                         "a7bwordc",
		"${n}${n}":                            "77",
		"$n {n} $ $$ 5$":                      "$n {n} $ $$ 5$",
		"$${n}":                               "${n}",
		"a$${n}${n}":                          "a${n}7",
		"$$${n}":                              "$${n}",
		"'${ n }'":                            "7",
		`${"}"}`:                              "}",
		`${'{'}`:                              "{",
		"'${`}`}'":                            "}",
		`"${\"a\\\"}b\"}"`:                    `a"}b`,
		"'${{\"a\": {\"b\": n}}.a.b}'":        "7",
		`'${n > 3 ? "big" : "small"}'`:        "big",
		"${f} ${on} ${list} ${map}":           "1.5 true [1, a] {a: 1, b: 2}",
		"${f * 2}":                            "3",
		"${nil}":                              "",
		`"tab\t${n}"`:                         `tab\t7`,
		">\n        one ${n}\n        line\n": "one 7 line",
	} {
		wantText(t, printed(t, in), "| "+want)
	}
}

func TestTemplateProblems(t *testing.T) {
	t.Parallel()
	checkFindings(t, []finding{
		{"never closed", `- print: "a ${n"`, []string{
			"3:17: an expression is opened with ${ and never closed; close it with }, or write $${ for the two characters themselves",
		}},
		{"closed inside a text only", "- print: ${\"}\"", []string{
			"3:14: an expression is opened with ${ and never closed; close it with }, or write $${ for the two characters themselves",
		}},
		{"empty", "- print: ${ }", []string{"3:14: the expression is empty; write a name or a condition between ${ and }"}},
		{"column in a plain text", "- print: abc ${1 n} def\n- print: x", []string{
			`3:22: expression "1 n": "n" is not allowed here`,
		}},
		{"column in a quoted text", "- print: \"abc ${1 n} def\"", []string{
			`3:23: expression "1 n": "n" is not allowed here`,
		}},
		{"column in the second expression", "- let: {n: 1}\n- print: ${n} ${n +}", []string{
			`4:23: expression "n +": it ends too early`,
		}},
		{"column in a block", "- print: |\n    one\n    two ${1 +}", []string{
			`5:17: expression "1 +": it ends too early`,
		}},
		{"column of an unknown name", "- print: hello ${world}", []string{
			`3:22: unknown name "world" in the expression; ` +
				"it is neither a name of this actor nor one of vars; write ACTOR.NAME for a name of another actor",
		}},
		{"column in a bare expression", "- assert: 1 = 1", []string{
			`3:17: expression "1 = 1": "=" is not allowed here; == compares`,
		}},
		{"a name that is an operator", "- socket: udp\n  as: in\n- connect: in\n  to: in", []string{
			`6:11: expression "in": "in" is not allowed here; ` +
				"in is an operator of expressions; use another name",
		}},
		{"types that cannot be compared", "- assert: 1 > 'a'", []string{
			`3:17: expression "1 > 'a'": the operator > does not take a whole number and a text`,
		}},
		{"arguments", "- print: ${hex()} ${u16be('a')} ${env(1)}", []string{
			`3:16: expression "hex()": not enough arguments to call hex`,
			`3:25: expression "u16be('a')": not enough arguments to call u16be`,
			`3:43: expression "env(1)": env takes a text, but it is a whole number`,
		}},
	})
}

func TestIsName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "A1", "_", "_x", "a_b", "conn2"} {
		if !value.IsName(name) {
			t.Errorf("%q is a name", name)
		}
	}
	for _, name := range []string{"", "1", "1a", "a-b", "a.b", "a b", "é", "a[0]", "${a}", "a\n"} {
		if value.IsName(name) {
			t.Errorf("%q is not a name", name)
		}
	}
}

func TestTypedText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		"5": 5, "-5": -5, "0x10": 16, "0b11": 3, "0o17": 15, "1_000": 1000, "1.5": 1.5, "1e3": 1e3, "true": true, "false": false,
		"True": "True", "yes": "yes", "": "", "5x": "5x", "inf": "inf", "NaN": "NaN", "null": "null", "9223372036854775808": 9.223372036854775808e18,
	} {
		if got := value.Typed(in); got != want {
			t.Errorf("TypedText(%q) = %#v, want %#v", in, got, want)
		}
	}
}

// A point in time is shown without what only the process knows of its clock.
func TestTextOfNow(t *testing.T) {
	if text := value.Format(time.Now()); strings.Contains(text, "m=") {
		t.Errorf("now is %s", text)
	}
}

// A unit is proposed only for a number that lacks nothing else.
func TestDurationWithoutUnit(t *testing.T) {
	for in, want := range map[string]string{
		"5": "5 has no unit; write 5s or 5ms", "1.5": "1.5 has no unit; write 1.5s or 1.5ms",
		"+Inf": `"+Inf" is not a duration; write it as 250ms, 2s or 1m30s`, "1e+21": `"1e+21" is not a duration; write it as 250ms, 2s or 1m30s`,
	} {
		if _, err := value.ParseDuration(in); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}
