package value

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/file"
)

// exprMessage is what is wrong with an expression, in the words of a scenario
// rather than in those of the library that runs it.
func exprMessage(err error) string {
	message := err.Error()
	if fe := (*file.Error)(nil); errors.As(err, &fe) {
		message = fe.Message
	}
	message = strings.TrimPrefix(message, "runtime error: ")
	for _, m := range exprMessages {
		if part := m.pattern.FindStringSubmatch(message); part != nil {
			return strings.Replace(message, part[0], m.say(part), 1)
		}
	}
	return typeNames.ReplaceAllStringFunc(message, typeWord)
}

// exprMessages are the library's messages that need other words.
var exprMessages = []struct {
	pattern *regexp.Regexp
	say     func(part []string) string
}{
	said(`^memory budget exceeded$`, func([]string) string {
		return fmt.Sprintf("it makes more than %s items, which is the most for an expression", &maxItems)
	}),
	said(`^unexpected token EOF$`, func([]string) string { return "it ends too early" }),
	said(`^cannot (?:fetch|get) (.*) from <nil>$`, func(p []string) string {
		return "what should have " + p[1] + " has no value"
	}),
	said(`^cannot (?:fetch|get) (.*) from (.+)$`, func(p []string) string {
		return typeWord(p[2]) + " has no " + p[1] + fieldsOf(p[2])
	}),
	said(`^type (.+?) has no (?:field|method) (.*)$`, func(p []string) string {
		return typeWord(p[1]) + " has no " + p[2]
	}),
	said(`^type (.+)\[(.+)\] is undefined$`, func(p []string) string {
		return typeWord(p[1]) + " has no items that " + typeWord(p[2]) + " stands for"
	}),
	said(`^invalid operation: cannot call non-function of type (.+)$`, func(p []string) string {
		return typeWord(p[1]) + " is not a function, so it cannot be called"
	}),
	said(`^invalid operation: (int|int64|float|bool)\((.*)\)$`, func(p []string) string {
		return "expected " + typeWord(p[1]) + ", but it is " + typeWord(p[2])
	}),
	said(`^invalid operation: - (.+)$`, func(p []string) string { return typeWord(p[1]) + " has no negative" }),
	said(`^invalid operation: (.+?) ([-+*/%<>]=?) (.+)$`, func(p []string) string {
		return operatorTakes(p[2], p[1], p[3])
	}),
	said(`^invalid operation: (\S+) \(mismatched types? (.+?)(?: and (.+))?\)$`, func(p []string) string {
		return operatorTakes(p[1], p[2], p[3])
	}),
	said(`^operator "(\w+)" not defined on (.+)$`, func(p []string) string { return operatorTakes(p[1], p[2], "") }),
	said(`^cannot use (.+) as argument \(type (.+?)\) to call (\w+) ?$`, func(p []string) string {
		return p[3] + " takes " + typeWord(p[2]) + ", but it is " + typeWord(p[1])
	}),
	said(`^cannot (\w+(?: \w+)*?) (string|int|map|slice|bool|float64|struct|ptr)( \w+)?$`, func(p []string) string {
		return "cannot " + p[1] + " " + typeWord(p[2]) + p[3]
	}),
	said(`^interface conversion: (?:interface \{\}|.+?) is (.+), not (.+)$`, func(p []string) string {
		return "expected " + typeWord(p[2]) + ", but it is " + typeWord(p[1])
	}),
	said(`^(?:builtin )?(\w*) ?takes only array \(got (.+)\)$`, func(p []string) string {
		return p[1] + " takes a list, but it is " + typeWord(p[2])
	}),
	said(`^reflect: call of reflect\.Value\.\w+ on (\w+)(?: Value)?$`, func(p []string) string {
		return "expected a list, but it is " + typeWord(p[1])
	}),
	said(`^reflect\.\w+.*?: value of type (.+) is not assignable to type (.+)$`, func(p []string) string {
		return "expected " + typeWord(p[2]) + ", but it is " + typeWord(p[1])
	}),
	said(`^reflect\b.*$`, func([]string) string { return "the types of its values do not fit" }),
	said(`strconv\.\w+: parsing ("[^"]*"): `, func(p []string) string { return p[1] + " is wrong: " }),
	said(`\(type (.+)\)`, func(p []string) string { return "(it is " + typeWord(p[1]) + ")" }),
}

type exprSaid = struct {
	pattern *regexp.Regexp
	say     func(part []string) string
}

func said(pattern string, say func(part []string) string) exprSaid {
	return exprSaid{regexp.MustCompile(pattern), say}
}

func operatorTakes(operator, left, right string) string {
	text := "the operator " + operator + " does not take " + typeWord(left)
	if right != "" {
		text += " and " + typeWord(right)
	}
	return text
}

// fieldsOf says what a value of a type has.
func fieldsOf(typ string) string {
	switch typeWord(typ) {
	case "a handle":
		return "; it has address, host, port and peer"
	case "an errno":
		return "; it has name, message and number"
	}
	return ""
}

// typeNames are the names of types in the library's messages.
var typeNames = regexp.MustCompile(`\*?\b(?:\w+\.)?(?:Endpoint|ErrnoValue|ProgramValue|BranchValue)\b|map\[\w*\](?:interface \{\}|\w+)|\[\](?:interface \{\}|\w+)|interface \{\}|<nil>|\bu?int(?:8|16|32|64)?\b|\bfloat(?:32|64)\b`)

// typeWord is a type in the words of a scenario.
func typeWord(typ string) string {
	name := typ[strings.LastIndexAny(typ, ".*")+1:]
	switch {
	case strings.HasPrefix(typ, "map["), typ == "map":
		return "a mapping"
	case strings.HasPrefix(typ, "[]"), typ == "array", typ == "slice":
		return "a list"
	case strings.HasPrefix(typ, "func"):
		return "a function"
	case name == "Endpoint":
		return "a handle"
	case name == "ErrnoValue":
		return "an errno"
	case name == "ProgramValue":
		return "a program"
	case name == "BranchValue":
		return "a branch"
	}
	if wholeNumber.MatchString(name) {
		return "a whole number"
	}
	if word, ok := typeWords[name]; ok {
		return word
	}
	return typ
}

var wholeNumber = regexp.MustCompile(`^u?int(8|16|32|64)?$`)

var typeWords = map[string]string{
	"string": "a text", "bool": "true or false", "nil": "nothing", "<nil>": "nothing", "zero": "nothing",
	"any": "a value", "unknown": "a value", "interface {}": "a value", "ptr": "a value", "invalid": "nothing",
	"float": "a number", "float32": "a number", "float64": "a number with a fraction",
	"Duration": "a duration", "Time": "a point in time", "struct": "a value",
}
