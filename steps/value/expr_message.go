package value

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/sockscript/sockscript/scenarios/source"
)

// exprMessage is what is wrong with an expression, in the words of a scenario
// rather than in those of the library that runs it.
func exprMessage(err error) string {
	message := err.Error()
	if fe := (*file.Error)(nil); errors.As(err, &fe) {
		message = fe.Message
	}
	message = strings.TrimPrefix(message, "runtime error: ")
	for _, m := range exprMessages() {
		if part := m.pattern().FindStringSubmatch(message); part != nil {
			return strings.Replace(message, part[0], m.say(part), 1)
		}
	}
	return typeNames().ReplaceAllStringFunc(message, typeWord)
}

// exprMessages are the library's messages that need other words.
var exprMessages = sync.OnceValue(func() []exprSaid {
	return slices.Concat(syntaxMessages(), operatorMessages(), valueMessages())
})

// operatorMessages are those about what operators take.
func operatorMessages() []exprSaid {
	return []exprSaid{
		said(`^invalid operation: (\S+) \(mismatched types? (.+?)(?: and (.+))?\)$`, func(p []string) string {
			return operatorTakes(p[1], p[2], p[3])
		}),
		said(`^invalid operation: - (.+)$`, func(p []string) string { return typeWord(p[1]) + " has no negative" }),
		said(`^invalid operation: (.+?) ([-+*/%<>]=?) (.+)$`, func(p []string) string {
			return operatorTakes(p[2], p[1], p[3])
		}),
		said(`^operator "(\w+)" not defined on (.+)$`, func(p []string) string { return operatorTakes(p[1], p[2], "") }),
	}
}

// valueMessages are those about the other values of an expression.
func valueMessages() []exprSaid {
	return []exprSaid{
		said(`^memory budget exceeded$`, func([]string) string {
			return fmt.Sprintf("it makes more than %s items, which is the most for an expression", &maxItems)
		}),
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
		said(`^cannot use (.+) as argument \(type (.+?)\) to call (\w+) ?$`, func(p []string) string {
			return p[3] + " takes " + typeWord(p[2]) + ", but it is " + typeWord(p[1])
		}),
		said(`^cannot take (.+) elements$`, func(p []string) string { return "take needs a whole number, but it is " + typeWord(p[1]) }),
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
		said(`^predicate should return boolean \(got (.+)\)$`, func(p []string) string {
			return "the condition for each item must be true or false, but it is " + typeWord(p[1])
		}),
		said(`^(.*)\(type %!s\(<nil>\)\)$`, func(p []string) string { return p[1] + "(it is nothing)" }),
		said(`strconv\.\w+: parsing ("[^"]*"): `, func(p []string) string { return p[1] + " is wrong: " }),
		said(`\(type (.+)\)`, func(p []string) string { return "(it is " + typeWord(p[1]) + ")" }),
	}
}

type exprSaid struct {
	pattern func() *regexp.Regexp
	say     func(part []string) string
}

func said(pattern string, say func(part []string) string) exprSaid {
	return exprSaid{source.Pattern(pattern), say}
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
var typeNames = source.Pattern(`\*?\b(?:\w+\.)?(?:Endpoint|ErrnoValue|ProgramValue|BranchValue|InterfaceValue|PeerValue)\b|map\[\w*\](?:interface \{\}|\w+)|\[\](?:interface \{\}|\w+)|interface \{\}|<nil>|\bu?int(?:8|16|32|64)?\b|\bfloat(?:32|64)\b`)

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
	case name == "InterfaceValue":
		return "an interface"
	case name == "ProgramValue":
		return "a program"
	case name == "BranchValue":
		return "a branch"
	case name == "PeerValue":
		return "a peer"
	}
	if wholeNumber().MatchString(name) {
		return "a whole number"
	}
	if word, ok := typeWords[name]; ok {
		return word
	}
	return typ
}

var wholeNumber = source.Pattern(`^u?int(8|16|32|64)?$`)

var typeWords = map[string]string{
	"string": "a text", "bool": "true or false", "nil": "nothing", "<nil>": "nothing", "zero": "nothing",
	"any": "a value", "unknown": "a value", "interface {}": "a value", "ptr": "a value", "invalid": "nothing",
	"float": "a number", "float32": "a number", "float64": "a number with a fraction",
	"Duration": "a duration", "Time": "a point in time", "struct": "a value",
}

// A Reference is a name of another actor: actor.name or actor[index].name.
type Reference struct {
	Actor string
	Name  string
	Index *vm.Program // nil without an index
	Slot  string      // the identifier that stands for it in the compiled expression
	names []string    // what the index reads
}

// refPatcher replaces each actor.name by an identifier of its own, so that
// the awaited value can be handed in under it.
type refPatcher struct {
	decoder *Decoder
	refs    []Reference
	hidden  []Reference
	wrong   error // an interface that is not there, or a value that it has not
}

// Visit implements ast.Visitor; children come before their parents.
func (p *refPatcher) Visit(node *ast.Node) {
	m, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	name, ok := m.Property.(*ast.StringNode)
	if !ok {
		return
	}
	if err := interfaceField(m); err != nil && p.wrong == nil {
		p.wrong = err
	}
	ref := Reference{Name: name.Value}
	switch base := m.Node.(type) {
	case *ast.IdentifierNode:
		iface, ok, err := p.decoder.interfaceNode(base.Value, name.Value)
		if err != nil && p.wrong == nil {
			p.wrong = err
		}
		if ok {
			ast.Patch(node, iface)
			return
		}
		ref.Actor = base.Value
	case *ast.MemberNode:
		id, ok := base.Node.(*ast.IdentifierNode)
		if _, text := base.Property.(*ast.StringNode); !ok || text || !p.decoder.IsActor(id.Value) {
			return
		}
		ref.Actor = id.Value
		src := base.Property.String()
		index, err := compileExpr(src, p.decoder.config(src), &callPatcher{decoder: p.decoder})
		if err != nil {
			return
		}
		ref.Index = index
		root := index.Node()
		ref.names = freeNames(&root, nil)
	default:
		return
	}
	if !p.decoder.IsActor(ref.Actor) {
		if p.decoder.actors[ref.Actor] {
			p.hidden = append(p.hidden, ref)
		}
		return
	}
	ref.Slot = fmt.Sprintf("ref%d·", len(p.refs))
	p.refs = append(p.refs, ref)
	ast.Patch(node, &ast.IdentifierNode{Value: ref.Slot})
}

// freeNames lists the identifiers that an expression reads, without functions
// and names that it declares itself.
func freeNames(root *ast.Node, refs *refPatcher) []string {
	c := &nameCollector{seen: map[string]bool{}, skip: map[string]bool{}}
	if refs != nil {
		for _, r := range refs.refs {
			c.skip[r.Slot] = true
		}
	}
	ast.Walk(root, c)
	var names []string
	for _, name := range c.names {
		if !c.skip[name] && !c.seen[name] {
			c.seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// wholeNames are the identifiers that an expression reads as they are, and not
// only for a member.
func wholeNames(root *ast.Node) map[string]bool {
	c := &wholeCollector{members: make(map[*ast.IdentifierNode]bool)}
	ast.Walk(root, c)
	whole := make(map[string]bool)
	for _, id := range c.all {
		if !c.members[id] {
			whole[id.Value] = true
		}
	}
	return whole
}

type wholeCollector struct {
	all     []*ast.IdentifierNode
	members map[*ast.IdentifierNode]bool
}

// Visit implements ast.Visitor.
func (c *wholeCollector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		c.all = append(c.all, n)
	case *ast.MemberNode:
		if id, ok := n.Node.(*ast.IdentifierNode); ok {
			c.members[id] = true
		}
	}
}

type nameCollector struct {
	names []string
	seen  map[string]bool
	skip  map[string]bool
}

// Visit implements ast.Visitor.
func (c *nameCollector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		c.names = append(c.names, n.Value)
	case *ast.CallNode:
		// A function is called by its name, so only a name that is not called
		// is read; the callee has been visited last but for the arguments.
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok && isFunction(callee.Value) {
			c.skip[callee.Value] = true
		}
	case *ast.VariableDeclaratorNode:
		c.skip[n.Name] = true
	}
}
