// Package reference writes the reference of the scenario language: what the
// declarations of keys, step kinds, payload forms and functions say, put
// together for a terminal and as Markdown.
package reference

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/allow"
	"github.com/sockscript/sockscript/scenarios/network"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A section is a table of the reference.
type section struct {
	title string
	intro string
	rows  []value.DocRow
}

// sections are the tables about what all scenarios and steps have.
func sections() []section {
	list := []section{
		{"Scenario", "A file holds one scenario, or several as YAML documents separated by `---`.", scenarios.Keys()},
		{"Row", "A row of `cases` is a mapping of variables to values, and may have these keys beside them. One golden file holds the transcripts of all rows, each after a line `-- ROW --`.", scenarios.RowKeys()},
		{"Procedure", procedureIntro, step.ProcedureKeys()},
		{"Actor", "An actor is a list of steps, or a mapping with these keys.", scenarios.ActorKeys()},
		{
			"Step",
			"A step is a mapping. One of its keys is the step kind; its value is what the kind acts on. " +
				"Every kind has these keys, in addition to its own. A quiet step orders others as if it were printed. " +
				"Nothing warns of a race whose outcome only quiet steps show. If a quiet step fails, its lines are in the report.",
			step.CommonDoc(),
		},
		{"Expect", "`expect` says what must come back. Every kind has these keys, in addition to its own.", step.CommonExpect()},
		{"Bounds", boundsIntro, value.Bounds()},
	}
	for _, t := range network.Tables() {
		list = append(list, section{t.Title, networkIntros[t.Title], t.Rows})
	}
	list = append(list, section{"Wire", wireIntro, wire.Keys()})
	return list
}

// wireIntro comes before the table of the section wire.
const wireIntro = "`wire` is a list of what must have crossed the scenario's own network, with these keys; it may be empty. It is compared when all steps have passed. " +
	"A packet is written as in the steps `inject` and `segment`, with its direction in front: `> S`, `< S. ack 1 <mss 1460,...>`, `> P. 1:18(17)`, `udp (17)`, `icmp unreachable port [udp (17)]`, `arp who-has 10.0.0.2 tell 10.0.0.1`, `igmp v3 report 239.1.2.3`. " +
	"Sequence numbers and timestamps count from the first of each side. What is left out is not compared. A range without flags, as `> 1:18(17)`, stands for these bytes in whichever segments they were; a longer range than a segment has room for stands for those that carried it one after the other. " +
	"`dropped by lan.lost` behind a packet says what a fault did to it (also `duplicated`, `delayed`, `reordered`, `corrupted`; a cut is `lan.cut`), and `again` that it had crossed before. " +
	"So each line that a transcript ends with can be in the list. Of several connections between the two sockets, each must be so."

// networkIntros are what comes before the tables of a network.
var networkIntros = map[string]string{
	"Network": "`network` is one of the words `host` and `private`, or a mapping with these keys. A network with hosts is made for each run, and nothing of it leaks out. " +
		"An actor is on the host that its key `host` names, or on the host of its own name; its sockets are made there, and its programs run there. A socket stays on its host, whoever uses it. " +
		"A network holds no expressions.",
	"Private network": "`network: {private: …}` has these keys.",
	"Host":            "A host is a mapping of its interfaces, and may have these keys beside them. An interface is an address, a list of addresses or a mapping; its name is one of your own, such as eth0. A host and an actor may have one name only if the actor is on that host.",
	"Interface":       "An interface that is written as a mapping has these keys.",
	"Link": "A link joins interfaces of hosts. An interface is on one link. A link that does nothing to frames, and that no step names, is the kernel's own and as fast as that is; " +
		"through any other link the frames pass by sockscript, which does not lose any by itself. A seed fixes the sequence of random decisions, not the frames that meet them.",
	"Fault":             "A fault has one of these acts, and may have `set`. The value of an act says which frames are meant. A step of kind `fault` sets a fault on or off and waits until it has acted.",
	"Frames of a fault": "The frames that a fault is about are described by these keys; what is left out may be anything. A frame that is sent again is one more frame. Without `from`, each direction is counted for itself.",
}

// forms is a table of the ways to write something.
type forms struct {
	title, intro string
	form, means  string // the heads of the columns
	rows         []value.DocRow
}

func allForms() []forms {
	return []forms{
		{"Turns", turnIntro, "turn", "means", turnRows},
		{"Requirements", requirementIntro, "requirement", "is met where", scenarios.Requirements()},
		{"Addresses", addressIntro, "address", "is", value.AddressForms()},
		{"Payloads", payloadIntro, "form", "bytes", payload.Forms()},
		{"Layouts", layoutIntro, "field", "takes", payload.LayoutForms()},
		{"Expressions", expressionIntro, "value or function", "returns", expressionRows()},
		{"Masks", maskIntro, "mask", "what it replaces", maskRows()},
		{"Needs", needIntro, "word", "means", needRows()},
		{"Sandbox", sandboxIntro, "--allow", "lets a scenario", allow.Words()},
	}
}

const procedureIntro = "A procedure is a list of steps, or a mapping with these keys. `do` runs it. " +
	"A file with `procedures` or `vars`, and without `actors`, is a library: scenarios include it, `check` checks it, and `run`, `test` and `list` pass over it. " +
	"The procedures of a file `common.yaml` are then `common.NAME`, and its variables `${common.NAME}`; `-D common.NAME=VALUE` overrides them."

const boundsIntro = "The most that a scenario may ask for. If the file asks for more, `check` reports an error. " +
	"If the value of an expression is more, or if it adds up to more during the run, the step fails. " +
	"Everything else takes time and memory in proportion to what the scenario does, and the step's timeout limits it."

const turnIntro = "`sequence` is a list of turns of several actors. A turn begins when the turn before it has ended, and the transcript has the order of the turns, " +
	"also through a program that is between the actors. Nothing of the hand-over is printed. The names of an actor last from turn to turn. " +
	"An actor has either turns or steps. `actors` can give a timeout to an actor of the sequence, and it can have other actors, whose steps run beside the sequence; " +
	"in the transcript they come first. What must stay inside a call while other turns go on is a `spawn` in its turn, and a later turn can check it with `blocked`. " +
	"An actor ends with the sequence: its branches are joined after the last turn of all."

// turnRows are the ways to write a turn.
var turnRows = []value.DocRow{
	{Key: "- ACTOR: [steps]", Help: "the actor runs these steps"},
	{Key: "- ACTOR: {KIND: VALUE}", Help: "the actor runs this one step"},
	{Key: "- ACTOR.BRANCH: [steps]", Help: "the branch that `spawn` with `as: BRANCH` made in an earlier turn runs these steps, once its own steps are done; `spawn: []` makes a branch that runs its turns only"},
	{Key: "- for:, - repeat:, - if:", Help: "the kinds of these names, but their `steps`, `then` and `else` are turns; all actors of the sequence see the names of `each` and `index`; a condition sees these, the scenario's `vars`, and names of actors as `actor.name`"},
}

const requirementIntro = "`requires` names what must be there. Otherwise the scenario is skipped, and the reason is shown."

const addressIntro = "Host names are not looked up. Where a socket address is expected, the name of a handle " +
	"means the address of that handle: `to: listener`, or `${server.listener}` for a handle of another actor. " +
	"An address that stands for all of its host, 0.0.0.0 or ::, becomes the loopback address of its family in a reference; from another host, the first address of the owner's host on a link that both hosts are on."

const payloadIntro = "A payload is a text, a mapping with one of these forms, or a list of payloads, which are joined. " +
	"Reports show bytes as a quoted text where at least four fifths of them belong to printable characters and white space; zero bytes count as neither, and what is not text in it shows as `\\x1f`. " +
	"All other bytes show in hexadecimal: `hex:00ff10`. `let` and `print` follow the same rule, without the quotes."

const layoutIntro = "A layout takes bytes apart, in `unpack` and in `expect: {layout: …}`: a list of fields, which follow one another. " +
	"A field says what must be there, `any`, or `{as: NAME}`; later fields' expressions see the names of earlier ones. Bytes that are left over without a `rest` are a failure. " +
	"On a stream without a bound, a receive takes exactly the bytes of the layout; `rest` then needs a bound: `size`, `max`, `until` or `eof`."

const expressionIntro = "`${…}` in any text is an expression (https://expr-lang.org/docs/language-definition); `$${` is the two characters themselves. " +
	"An expression sees the actor's own names, the scenario's `vars`, and other actors' names as `actor.name`, " +
	"for which it waits. In `CONDITION ? A : B` it reads, and waits for, only the names in the branch that is taken, and in `A ?? B` those of `B` only if `A` is nil. A handle has `.address`, `.port`, `.host` and `.peer`; an interface of a host, `alpha.eth0`, has `.mac`, `.index` and `.address`; where a step or `as` takes the name of a handle, it is the handle itself. " +
	"A parameter, an item of a list or a key of `expect`, of any type, may be one `${…}`. It is read as if the file had the value of the expression, " +
	"and `check` does not check that step. Lists of steps, names of procedures and barriers, and what `each` and `index` name must be written out. A handle belongs to its actor: other actors can read these values, but their steps cannot use the handle. In addition to these names and the functions of the expression language, there are:"

const maskIntro = "A transcript is the same on every run. So it does not show what the kernel chose: a name between `<` and `>` is in its place. " +
	"A value keeps its mask wherever it goes: into an expression, a printed line, an argument, a payload, and the bytes that another socket receives. " +
	"If an expression uses several such values, it shows the names of all of them: `<a,b>`. A value that is true or false is never masked. " +
	"Numbers and texts that the file spells out are never masked, and neither are values of `-D` and of `env(…)`, which the kernel did not choose. " +
	"sockscript does not know where the bytes of a program come from, except where they are the text that the step expects. It searches them for addresses of the scenario's sockets and for ports that `free_port()` gave; " +
	"for the rest, the step can say `mask: true`. Then its result shows as one name, and so does every value that the step names, wherever the value goes. " +
	"`--unmask` shows everything as it was."

// maskRows are the names that stand for what the kernel chose.
func maskRows() []value.DocRow {
	return []value.DocRow{
		{Key: "<listener>", Help: "the port, or the name, that the kernel chose for the socket `listener`: an ephemeral port, an abstract name of AF_UNIX, a port of netlink"},
		{Key: "<alice.sock>", Help: "the same, where several actors give a socket this name; replicas are one actor"},
		{Key: "<peer>", Help: "the port of a socket that the scenario did not make, such as a program's, if it is in the range from which the kernel chooses"},
		{Key: "<free_port>", Help: "a port that free_port() gave"},
		{Key: "<pid>, <uid>, <gid>", Help: "the ids of a process"},
		{Key: "<index>", Help: "the index of an interface"},
		{Key: "<pidfd>", Help: "a descriptor that SO_PEERPIDFD returned, and that no name is given to"},
		{Key: "<NAME>", Help: "the result of a step with `mask: true` and `as: NAME`, and what comes from it"},
		{Key: "<data>, <value>, <output>", Help: "the result of a step with `mask: true` and without `as`: of a receive, of other steps, of a program"},
		{Key: "<len>", Help: "a number of bytes, if these bytes include a masked text of variable length, such as a process id"},
		{Key: "$tmp", Help: "the temporary folder of the scenario"},
	}
}

// Overview is the language at a glance, for a terminal.
func Overview() string {
	var b strings.Builder
	b.WriteString("STEP KINDS\n")
	var kinds []value.DocRow
	for _, k := range steps.Kinds() {
		kinds = append(kinds, value.DocRow{Key: k.Name, Help: k.Summary})
	}
	columns(&b, kinds)
	b.WriteString("\n  `sockscript doc KIND` describes one, `sockscript doc SO_RCVBUF` a socket option.\n")
	b.WriteString("\nPROCEDURE LIBRARIES\n")
	columns(&b, libraryRows())
	b.WriteString("\n  `include: NAME` makes the procedures of one known; `sockscript doc NAME` describes them.\n")
	for _, s := range sections() {
		heading(&b, s.title, s.intro)
		columns(&b, s.rows)
	}
	for _, f := range allForms() {
		heading(&b, f.title, f.intro)
		columns(&b, f.rows)
	}
	return b.String()
}

// expressionRows are the values and the functions that all expressions have.
func expressionRows() []value.DocRow {
	rows := value.Builtins()
	for _, f := range value.Functions() {
		rows = append(rows, value.DocRow{Key: f.Name + "(" + f.Args + ")", Help: f.Help})
	}
	return rows
}

func heading(b *strings.Builder, title, intro string) {
	fmt.Fprintf(b, "\n%s\n%s\n\n", strings.ToUpper(title), wrap(intro, "  ", 78))
}

// columns writes rows for a terminal; the type column is left out where no row
// has a type.
func columns(b *strings.Builder, rows []value.DocRow) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if r.Type == "" {
			fmt.Fprintf(w, "  %s\t%s\n", r.Key, r.FullHelp())
			continue
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Key, r.Type, r.FullHelp())
	}
	w.Flush()
}

// wrap breaks a text into lines of at most width characters, each indented.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line
}
