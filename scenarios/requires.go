package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/value"
)

// A Requirement is something that must be there for a scenario to run.
type Requirement struct {
	form *requirementForm
	arg  string // what is behind the word
	argv []string
	dir  string // where the scenario file is
}

// A Network is where a scenario makes its sockets.
type Network interface {
	// Within calls f on a thread whose sockets are made in this network.
	Within(f func())
}

// A requirementForm is a row of the table. All its fields must be written: a
// requirement that nothing probes would count as met.
type requirementForm struct {
	word   string // before the argument
	arg    string // as the reference shows it; "" where there is none
	schema argSchema
	help   string
	parse  func(arg string) (ok bool, hint string)
	probe  func(p *probing, arg string) (why string)
	needs  value.Access // what a scenario with it needs of the outside; "" for nothing
}

// A probing is what the probe of a requirement may use.
type probing struct {
	ctx     context.Context
	network Network
	argv    []string
	dir     string
}

// An argSchema is what the schema says of the argument of a requirement.
type argSchema struct {
	words   []string // all that there are
	pattern string   // where there are too many
}

var (
	noArg  = argSchema{words: []string{""}}
	anyArg = argSchema{pattern: ".+"}
)

// requirementForms lists the requirements. command is a mapping in the file.
var requirementForms = []requirementForm{
	{"root", "", noArg, rootHelp, noArgument, probeRoot, value.Privilege},
	{"cap:", "NAME", argSchema{words: capabilities}, "this process has the capability CAP_NAME (capabilities(7)); CAP_NET_ ones in the scenario's network", parseCapability, probeCapability, value.Privilege},
	{"netns", "", noArg, "network namespaces can be made", noArgument, probeNetns, ""},
	{"ipv6", "", noArg, "[::1] can be bound", noArgument, probeIPv6, ""},
	{"cmd:", "PROGRAM", anyArg, "the program is in PATH", anyArgument, probeProgram, value.Exec},
	{commandWord, "[PROGRAM, ARGUMENT…]", argSchema{}, commandHelp, nil, probeCommand, value.Exec},
	{"env:", "NAME", argSchema{pattern: "[^=]+"}, "the environment has a variable of this name", parseEnvName, probeEnv, value.Environment},
	{"socket:", "WORD", argSchema{words: steps.RequiredSockets()}, "this process can make such a socket: " + strings.Join(steps.RequiredSockets(), ", "), parseSocketWord, probeSocket, ""},
	{"kernel>=", "5.10", argSchema{pattern: versionPattern}, "the kernel's release is this one or later", parseVersion, probeKernel, ""},
	{"os:", "linux", anyArg, "the system is this one: linux, darwin or freebsd", anyArgument, probeSystem, ""},
}

// String is the requirement as a scenario writes it.
func (r Requirement) String() string {
	if r.argv != nil {
		return commandWord + "[" + strings.Join(r.argv, ", ") + "]"
	}
	return r.form.word + r.arg
}

// Unmet says why the requirement is not met for this process in a network; ""
// where it is met. A requirement that is a command is run.
func (r Requirement) Unmet(ctx context.Context, network Network) string {
	return r.form.probe(&probing{ctx: ctx, network: network, argv: r.argv, dir: r.dir}, r.arg)
}

// Requirements are the rows of the reference for the forms of requires.
func Requirements() []value.DocRow {
	var list []value.DocRow
	for _, f := range requirementForms {
		list = append(list, value.DocRow{Key: f.word + f.arg, Help: f.help, Needs: f.needs})
	}
	return list
}

// requirements is the value of the key requires.
type requirements struct{ list []Requirement }

func (v *requirements) Decode(d *value.Decoder, n *source.Node) {
	for _, item := range n.OneOrMore() {
		switch item.Kind {
		case source.Scalar:
			v.word(d, item)
		case source.Map:
			v.command(d, item)
		default:
			value.Unknown(d, item, "requirement").Hint = requirementHint()
		}
	}
}

// word reads a requirement that is a text.
func (v *requirements) word(d *value.Decoder, n *source.Node) {
	r, hint := parseRequirement(n.Text)
	if hint != "" {
		value.Unknown(d, n, "requirement").Hint = hint
		return
	}
	v.list = append(v.list, r)
	if r.form.needs != "" {
		d.Need(value.Need{Access: r.form.needs, Of: cmp.Or(r.arg, r.form.word), Pos: n.Pos})
	}
}

// parseRequirement reads one text; the hint is empty when it is a requirement.
func parseRequirement(s string) (Requirement, string) {
	for i := range requirementForms {
		f := &requirementForms[i]
		arg, ok := strings.CutPrefix(s, f.word)
		if !ok || f.parse == nil || f.arg == "" && arg != "" {
			continue
		}
		if ok, hint := f.parse(arg); !ok {
			return Requirement{}, cmp.Or(hint, requirementHint())
		}
		return Requirement{form: f, arg: arg}, ""
	}
	if hint := source.DidYouMean(s, requirementWords()); hint != "" {
		return Requirement{}, hint
	}
	return Requirement{}, requirementHint()
}

func requirementWords() []string {
	var list []string
	for _, f := range requirementForms {
		list = append(list, strings.TrimSpace(f.word))
	}
	return list
}

func requirementHint() string {
	var list []string
	for _, f := range requirementForms {
		list = append(list, f.word+f.arg)
	}
	return "write " + value.JoinOr(list)
}

func noArgument(string) (bool, string) { return true, "" }

func anyArgument(arg string) (bool, string) { return arg != "", "" }

// oneOf wants an argument to be one of these words.
func oneOf(form, arg, what string, words []string) (bool, string) {
	if slices.Contains(words, arg) {
		return true, ""
	}
	if word := source.Suggest(arg, words); word != "" {
		return false, fmt.Sprintf("did you mean %q?", form+word)
	}
	return false, what + " are " + strings.Join(words, ", ")
}

func parseSocketWord(arg string) (bool, string) {
	return oneOf("socket:", arg, "the sockets", steps.RequiredSockets())
}

func parseCapability(arg string) (bool, string) {
	name := strings.TrimPrefix(strings.ToUpper(arg), "CAP_")
	if name != arg && slices.Contains(capabilities, name) {
		return false, fmt.Sprintf("did you mean %q?", "cap:"+name)
	}
	return oneOf("cap:", arg, "the capabilities", capabilities)
}

func parseEnvName(arg string) (bool, string) {
	if strings.Contains(arg, "=") {
		return false, "write the name of the variable only: env:NAME"
	}
	return anyArgument(arg)
}

const versionPattern = `[0-9]+(\.[0-9]+)*`

var kernelVersion = source.Pattern("^" + versionPattern + "$")

func parseVersion(arg string) (bool, string) { return kernelVersion().MatchString(arg), "" }

func (v *requirements) Schema() value.Schema {
	var words, helps, patterns, examples []string
	for _, f := range requirementForms {
		for _, arg := range f.schema.words {
			words, helps = append(words, f.word+arg), append(helps, f.help)
		}
		if f.schema.pattern != "" {
			patterns, examples = append(patterns, f.word+f.schema.pattern), append(examples, f.word+f.arg)
		}
	}
	known := value.Words(words, "unknown requirement; "+requirementHint())
	known["enumDescriptions"] = helps
	open := value.Schema{"type": "string", "pattern": "^(" + strings.Join(patterns, "|") + ")$", "examples": examples}
	return value.OneOrMore(value.Schema{"anyOf": []value.Schema{known, open, commandSchema()}})
}

func (v *requirements) Type() string { return "requirement or list of requirements" }
