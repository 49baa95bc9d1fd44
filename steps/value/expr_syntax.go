package value

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/conf"
)

// syntaxMessages are what the library says of a text that is not an expression,
// in the words of a scenario.
func syntaxMessages() []exprSaid {
	return []exprSaid{
		said(`^(?:unexpected token EOF|unexpected end of expression)$`, func([]string) string { return "it ends too early" }),
		said(`^unexpected token \w+\((".*")\)$`, func(p []string) string { return p[1] + " is not allowed here" + insteadOf(p[1]) }),
		said(`^a map key must be .*$`, func([]string) string {
			return "a key of a mapping is a name, a number, a quoted text, or an expression in parentheses"
		}),
		said(`^unrecognized character: (U\+\w+)(?: '(.+)')?$`, func(p []string) string {
			if p[2] == "" {
				return "the character " + p[1] + " is not allowed here; it is invisible: write it again"
			}
			return fmt.Sprintf("%q is not allowed here; only a text in quotes can hold it", p[2])
		}),
		said(`^bad number syntax: (".*")$`, func(p []string) string { return p[1] + " is neither a number nor a name" }),
		said(`^invalid \w+ literal: strconv\.\w+: parsing (".*"): value out of range$`, func(p []string) string {
			return p[1] + " is too large a number"
		}),
		said(`^invalid \w+ literal: strconv\.\w+: parsing (".*"): .*$`, func(p []string) string { return p[1] + " is not a number" }),
		said(`^(?:integer|float) literal is too large$`, func([]string) string { return "a number is too large" }),
		said(`^compilation failed: expression exceeds maximum allowed nodes$`, func([]string) string {
			return fmt.Sprintf("it has more than %d values and operators; give names to its parts with let", conf.DefaultMaxNodes)
		}),
		said(`^(?:invalid char escape|unable to unescape .*)$`, func([]string) string {
			return `a text in quotes holds an escape that is not known; write \\ for a backslash`
		}),
		said(`^literal not terminated$`, func([]string) string { return "a quote is never closed; end the text with the same quote" }),
		said(`^unclosed comment$`, func([]string) string { return "a comment is never closed; end it with */" }),
		said(`^cannot redeclare (?:\w+ )?(\S+)$`, func(p []string) string { return "the name " + p[1] + " is taken; use another name" }),
		said(`^error parsing regexp: (.*)$`, func(p []string) string { return "the regular expression is wrong: " + p[1] }),
	}
}

// insteadOf is what was probably meant by a quoted sign or word that is not of
// the language.
func insteadOf(quoted string) string {
	word := strings.Trim(quoted, `"`)
	switch word {
	case "=":
		return "; == compares"
	case "&":
		return "; && joins two conditions, and bitand(a, b) two numbers"
	case "AND", "OR", "NOT", "IN":
		return "; operators are written in small letters: " + strings.ToLower(word)
	}
	return ""
}
