// Package reference writes the reference of the scenario language: what the
// declarations of keys, step kinds, payload forms and functions say, put
// together for a terminal and as Markdown.
package reference

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps"
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
	return []section{
		{"Scenario", "A file holds one scenario, or several as YAML documents separated by `---`.", scenarios.Keys()},
		{"Actor", "An actor is a list of steps, or a mapping with these keys.", scenarios.ActorKeys()},
		{
			"Step",
			"A step is a mapping. One of its keys is the step kind; its value is what the kind acts on. " +
				"These keys go with every kind, beside the kind's own.",
			step.CommonDoc(),
		},
		{"Expect", "`expect` says what a step must give. These keys go with every kind, beside the kind's own.", step.CommonExpect()},
		{"Bounds", boundsIntro, value.Bounds()},
	}
}

// forms is a table of the ways to write something.
type forms struct {
	title, intro string
	form, means  string // the heads of the columns
	rows         []value.DocRow
}

func allForms() []forms {
	return []forms{
		{"Requirements", requirementIntro, "requirement", "is met where", scenarios.Requirements()},
		{"Addresses", addressIntro, "address", "is", value.AddressForms()},
		{"Payloads", payloadIntro, "form", "bytes", value.PayloadForms()},
		{"Expressions", expressionIntro, "value or function", "gives", expressionRows()},
	}
}

const boundsIntro = "What a scenario may ask for at most. What is written out and is more is an error that `check` reports; " +
	"what an expression gives, or what adds up while the scenario runs, fails the step. " +
	"All else takes the time and the memory of what the scenario really does, and the step's timeout bounds it."

const requirementIntro = "`requires` names what must be there; else the scenario is skipped, with the reason."

const addressIntro = "Host names are not looked up. Where an address of a socket is wanted, a bare name of a handle " +
	"means that handle's: `to: listener`, or `${server.listener}` for another actor's."

const payloadIntro = "A payload is a text, a mapping with one of these forms, or a list of payloads, which are joined."

const expressionIntro = "`${…}` in any text holds an expression (https://expr-lang.org/docs/language-definition); `$${` is the two characters themselves. " +
	"An expression sees the actor's own names, the scenario's `vars`, and other actors' names as `actor.name`, " +
	"for which it waits; in `CONDITION ? A : B` only for those of the one that is taken. A handle has `.address`, `.port`, `.host` and `.peer`; where a step or `as` wants the name of a handle, it is the handle itself. " +
	"A parameter, an item of a list or a key of `expect`, of whatever type, may be one `${…}`: it is read as if what the expression gives stood there, " +
	"and `check` then leaves that step to the run. Lists of steps, names of procedures and barriers, and what `each` and `index` name must be written out. A handle belongs to its actor: others can read these values of it, but no step of theirs can use it. Beside these, and the language's own functions, there are:"

// Overview is the language at a glance, for a terminal.
func Overview() string {
	var b strings.Builder
	b.WriteString("STEP KINDS\n")
	var kinds []value.DocRow
	for _, k := range steps.Kinds() {
		kinds = append(kinds, value.DocRow{Key: k.Name, Help: k.Summary})
	}
	columns(&b, kinds)
	b.WriteString("\n  `sockscript doc KIND` tells all about one, `sockscript doc SO_RCVBUF` about\n  a socket option.\n")
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
			fmt.Fprintf(w, "  %s\t%s\n", r.Key, help(r))
			continue
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Key, r.Type, help(r))
	}
	w.Flush()
}

// help is what a row says, with the default or that the key is required.
func help(r value.DocRow) string {
	switch {
	case r.Required:
		return r.Help + " (required)"
	case r.Default != "":
		return r.Help + " (default: " + r.Default + ")"
	}
	return r.Help
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
