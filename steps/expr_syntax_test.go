package steps_test

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
)

// What is wrong with an expression is said in the words of a scenario, not in
// those of the library that compiles it.
func TestWrongExpressions(t *testing.T) {
	for in, want := range map[string]string{
		`1)`:                            `")" is not allowed here`,
		`n n`:                           `"n" is not allowed here`,
		`"a" "b"`:                       `"b" is not allowed here`,
		`n = 5`:                         `"=" is not allowed here; == compares`,
		`n & 1`:                         `"&" is not allowed here; && joins two conditions, and bitand(a, b) two numbers`,
		`n == 1 AND n == 2`:             `"AND" is not allowed here; operators are written in small letters: and`,
		`#.x`:                           `"#" is not allowed here`,
		`{,}`:                           `a key of a mapping is a name, a number, a quoted text, or an expression in parentheses`,
		"n\u0007":                       `the character U+0007 is not allowed here; it is invisible: write it again`,
		`“n”`:                           `"“" is not allowed here; only a text in quotes can hold it`,
		`1x`:                            `"1x" is neither a number nor a name`,
		`0x`:                            `"0x" is not a number`,
		`1e999`:                         `"1e999" is too large a number`,
		`99999999999999999999`:          `"99999999999999999999" is too large a number`,
		`"a\q"`:                         `a text in quotes holds an escape that is not known; write \\ for a backslash`,
		`n /* x`:                        `a comment is never closed; end it with */`,
		`let len = 5; len`:              `the name len is taken; use another name`,
		`"a" matches "["`:               "the regular expression is wrong: missing closing ]: `[`",
		`filter([1], 1)`:                `the condition for each item must be true or false, but it is a whole number`,
		`take([1], "a")`:                `take needs a whole number, but it is a text`,
		`now() - "x"`:                   `the operator - does not take a point in time and a text`,
		`round(nil)`:                    `invalid argument for round (it is nothing)`,
		strings.Repeat("-", 12e3) + "n": `it has more than 10000 values and operators; give names to its parts with let`,
	} {
		quoted := "'${" + strings.ReplaceAll(in, "'", "''") + "}'"
		if strings.Contains(in, "\u0007") {
			quoted = `"${n\a}"`
		}
		_, problems := scenarios.Parse("x.yaml", []byte("vars: {n: 5}\nactors:\n  a:\n    - print: "+quoted+"\n"))
		if len(problems) == 0 || !strings.HasSuffix(problems[0].Msg, ": "+want) {
			t.Errorf("%.40s gives %v, want %s", in, problems, want)
		}
	}
}
