package scenarios

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/value"
)

// A Requirement is something that must be there for a scenario to run.
type Requirement struct {
	Kind string // "root", "netns", "ipv6", "cmd", "socket", "kernel", "os"
	Arg  string // the program, the socket, the version, the system
}

// String is the requirement as a scenario writes it.
func (r Requirement) String() string {
	switch {
	case r.Kind == "kernel":
		return "kernel>=" + r.Arg
	case r.Arg != "":
		return r.Kind + ":" + r.Arg
	}
	return r.Kind
}

// requirementForms are the forms for messages and suggestions.
var requirementForms = []string{"root", "netns", "ipv6", "cmd:", "socket:", "kernel>=", "os:"}

const requirementHelp = "write root, netns, ipv6, cmd:PROGRAM, socket:WORD, kernel>=5.10 or os:linux"

// Requirements are the rows of the reference for the forms of requires.
func Requirements() []value.DocRow {
	return []value.DocRow{
		{Key: "root", Help: "the user is root"},
		{Key: "netns", Help: "network namespaces can be made"},
		{Key: "ipv6", Help: "[::1] can be bound"},
		{Key: "cmd:PROGRAM", Help: "the program is in PATH"},
		{Key: "socket:WORD", Help: "this process can make such a socket: " + strings.Join(steps.RequiredSockets(), ", ")},
		{Key: "kernel>=5.10", Help: "the kernel's release is this one or later"},
		{Key: "os:linux", Help: "the system is this one: linux, darwin or freebsd"},
	}
}

var kernelVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)

// requirements is the value of the key requires.
type requirements struct{ list []Requirement }

func (v *requirements) Decode(d *value.Decoder, n *source.Node) {
	for _, item := range items(n) {
		r, hint := parseRequirement(item.Text)
		if item.Kind != source.Scalar || hint != "" {
			d.Problem(item, "unknown requirement %s", value.Shown(item)).Hint = hint
			continue
		}
		v.list = append(v.list, r)
	}
}

// parseRequirement reads one form; the hint is empty when it is one.
func parseRequirement(s string) (Requirement, string) {
	switch s {
	case "root", "netns", "ipv6":
		return Requirement{Kind: s}, ""
	}
	if arg, ok := strings.CutPrefix(s, "kernel>="); ok && kernelVersion.MatchString(arg) {
		return Requirement{Kind: "kernel", Arg: arg}, ""
	}
	kind, arg, _ := strings.Cut(s, ":")
	switch {
	case kind == "socket" && !steps.IsSocketWord(arg):
		if word := source.Suggest(arg, steps.RequiredSockets()); word != "" {
			return Requirement{}, fmt.Sprintf("did you mean %q?", "socket:"+word)
		}
		return Requirement{}, "the sockets are " + strings.Join(steps.RequiredSockets(), ", ")
	case (kind == "cmd" || kind == "socket" || kind == "os") && arg != "":
		return Requirement{Kind: kind, Arg: arg}, ""
	}
	if hint := source.DidYouMean(s, requirementForms); hint != "" && !strings.HasPrefix(s, "kernel>=") {
		return Requirement{}, hint
	}
	return Requirement{}, requirementHelp
}

func (v *requirements) Schema() value.Schema {
	return oneOrMore(value.Schema{
		"type":    "string",
		"pattern": `^(root|netns|ipv6|cmd:.+|socket:.+|kernel>=[0-9]+(\.[0-9]+)*|os:.+)$`,
	})
}
func (v *requirements) Type() string { return "requirement or list of requirements" }
