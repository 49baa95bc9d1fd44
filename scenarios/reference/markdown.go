package reference

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// Generated is the note in each page that is written from declarations.
const Generated = "<!-- Written by `go generate ./...`; the text comes from the declarations. -->\n\n"

// Markdown is the whole reference of the language on one page.
func Markdown() string {
	return markdown("#%s", func(b *strings.Builder, k *step.Kind) { kind(b, step.DocOf(k), "###", "") })
}

// Index is the reference of the language without what it says of the kinds,
// which have pages of their own beside it: kinds/NAME.md, [KindPage].
func Index() string {
	return markdown("kinds/%s.md", func(*strings.Builder, *step.Kind) {})
}

// KindPage is the page of one kind.
func KindPage(k *step.Kind) string {
	var b strings.Builder
	kind(&b, step.DocOf(k), "#", "../reference.md")
	b.WriteString("\nAll kinds and what a scenario is: [reference](../reference.md#step-kinds).\n\n" + strings.TrimSuffix(Generated, "\n"))
	return strings.TrimLeft(b.String(), "\n")
}

// markdown writes the reference with links to the kinds of this form, and what
// is to be said of each.
func markdown(link string, about func(*strings.Builder, *step.Kind)) string {
	var b strings.Builder
	b.WriteString("# Reference\n\n" + Generated +
		"What a scenario file may hold, what each step kind does, the commands, and the JSON that they print.\n" +
		"On a terminal, `sockscript doc` describes the language and `sockscript COMMAND --help` a command.\n")
	for _, s := range sections() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", s.title, s.intro)
		table(&b, s.rows)
	}
	for _, f := range allForms() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| %s | %s |\n|---|---|\n", f.title, f.intro, f.form, f.means)
		for _, r := range f.rows {
			fmt.Fprintf(&b, "| `%s` | %s |\n", r.Key, cell(r.Help))
		}
	}
	b.WriteString("\n## Step kinds\n\n| kind | does |\n|---|---|\n")
	for _, k := range steps.Kinds() {
		fmt.Fprintf(&b, "| [`%s`](%s) | %s |\n", k.Name, fmt.Sprintf(link, k.Name), cell(k.Summary))
	}
	for _, k := range steps.Kinds() {
		about(&b, k)
	}
	librariesMarkdown(&b)
	optionsMarkdown(&b)
	b.WriteByte('\n')
	return b.String()
}

// kind writes the reference of one step kind, below a heading of this level,
// with links to the page of all.
func kind(b *strings.Builder, d step.Doc, level, all string) {
	fmt.Fprintf(b, "\n%s %s\n\n%s.\n\n", level, d.Kind.Name, capital(d.Kind.Summary))
	if text := strings.TrimSpace(d.Kind.Text); text != "" {
		fmt.Fprintf(b, "%s\n\n", text)
	}
	table(b, d.Params)
	if d.Makes != "" {
		fmt.Fprintf(b, "\n`as` names %s.\n", d.Makes)
	}
	if d.Plain != "" {
		fmt.Fprintf(b, "\n`expect: VALUE` means: %s.\n", d.Plain)
	}
	if len(d.Expect) > 0 {
		b.WriteString("\n`expect` takes:\n\n")
		table(b, d.Expect)
	}
	if len(d.Kind.Needs) > 0 {
		fmt.Fprintf(b, "\nNeeds of the outside: %s (see [Needs](%s#needs)).\n", d.Needs(), all)
	}
	if d.Kind.Beneath.Given() {
		beneath(b, d.Kind.Beneath)
	}
	fmt.Fprintf(b, "\n```yaml\n%s```\n", d.Kind.Example)
}

// beneath writes what happens under a step.
func beneath(b *strings.Builder, u step.Beneath) {
	fmt.Fprintf(b, "\nBeneath: %s. The kernel %s", u.Call, u.Kernel)
	if u.Wire != "" {
		fmt.Fprintf(b, " On the wire: %s", u.Wire)
	}
	b.WriteByte('\n')
	for i, e := range u.Errors {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "- %s: %s\n", e.Errno, e.Why)
	}
}

func table(b *strings.Builder, rows []value.DocRow) {
	b.WriteString("| key | type | meaning |\n|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", r.Key, cell(r.Type), cell(r.FullHelp()))
	}
}

// cell keeps a text inside a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`).Replace(s)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
