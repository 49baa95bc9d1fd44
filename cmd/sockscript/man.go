package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages, for packages",
		Long: `Write the manual pages into a directory: man1/sockscript.1, one for each command,
and man7/sockscript-KIND.7 for each kind of step. Packages install them.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("man takes the directory for the pages")
			}
			return p.writePages(args[0], manPages(c.Root()))
		},
	}
}

// writePages writes pages into a folder, and says how many.
func (p *program) writePages(dir string, pages map[string]string) error {
	for name, text := range pages {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("cannot make the folder of the pages: %w", err)
		}
		if err := writeWhole(path, []byte(text)); err != nil {
			return err
		}
	}
	return p.page(source.Count(len(pages), "page", "pages") + "\n")
}

// manPages are the manual pages by their files.
func manPages(root *cobra.Command) map[string]string {
	pages := map[string]string{"man1/sockscript.1": commandPage(root)}
	for _, c := range documented(root) {
		pages["man1/sockscript-"+c.Name()+".1"] = commandPage(c)
	}
	for _, k := range steps.Kinds() {
		pages["man7/sockscript-"+k.Name+".7"] = kindPage(step.DocOf(k))
	}
	return pages
}

// A manPage is written with the macros of man(7).
type manPage struct{ strings.Builder }

// newManPage begins a page; it has no date, so it is the same on every build.
func newManPage(name, section, summary string) *manPage {
	m := new(manPage)
	fmt.Fprintf(m, ".TH %s %s \"\" \"sockscript\"\n", strings.ToUpper(name), section)
	m.section("NAME")
	fmt.Fprintf(m, "%s \\- %s\n", manText(name), manText(summary))
	return m
}

func (m *manPage) section(title string) { fmt.Fprintf(m, ".SH %s\n", title) }

// text writes paragraphs; what is indented stays as it is.
func (m *manPage) text(text string) {
	pre, apart := false, true // the last line was one of a block, or a paragraph began
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		indented := strings.HasPrefix(line, "  ")
		switch {
		case indented && !pre && apart:
			m.WriteString(".nf\n")
		case indented && !pre:
			m.WriteString(".PP\n.nf\n")
		case !indented && pre:
			m.WriteString(".fi\n")
		}
		pre = indented
		if strings.TrimSpace(line) == "" {
			if !apart {
				m.WriteString(".PP\n")
			}
			apart = true
			continue
		}
		apart = false
		m.WriteString(manText(line) + "\n")
	}
	if pre {
		m.WriteString(".fi\n")
	}
}

// example writes lines as they are.
func (m *manPage) example(text string) {
	m.WriteString(".nf\n")
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		m.WriteString(manText(line) + "\n")
	}
	m.WriteString(".fi\n")
}

func (m *manPage) item(term, text string) {
	fmt.Fprintf(m, ".TP\n.B %s\n%s\n", manText(term), manText(text))
}

// manText is a line that means nothing to roff.
func manText(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\t", "    ").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

func commandPage(c *cobra.Command) string {
	m := newManPage(strings.ReplaceAll(c.CommandPath(), " ", "-"), "1", lower(c.Short))
	m.section("SYNOPSIS")
	fmt.Fprintf(m, ".B %s\n", manText(c.UseLine()))
	m.section("DESCRIPTION")
	m.text(c.Long)
	if c.HasAvailableLocalFlags() {
		m.section("OPTIONS")
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			name := "--" + f.Name
			if f.Shorthand != "" {
				name = "-" + f.Shorthand + ", " + name
			}
			arg, usage := pflag.UnquoteUsage(f)
			m.item(strings.TrimSpace(name+" "+arg), usage)
		})
	}
	if c.Example != "" {
		m.section("EXAMPLES")
		m.example(c.Example)
	}
	m.section("SEE ALSO")
	if !c.HasParent() {
		var names []string
		for _, sub := range documented(c) {
			names = append(names, "sockscript-"+sub.Name()+"(1)")
		}
		m.text(strings.Join(names, ",\n"))
	} else {
		m.text("sockscript(1)")
	}
	return m.String()
}

// lower begins a summary with a small letter, as manual pages do.
func lower(s string) string {
	if s == "" || len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func kindPage(d step.Doc) string {
	m := newManPage("sockscript-"+d.Kind.Name, "7", d.Kind.Summary)
	m.section("DESCRIPTION")
	m.text(d.Kind.Text)
	m.section("PARAMETERS")
	m.rows(d.Params)
	if d.Makes != "" {
		m.text("\nas names " + d.Makes + ".")
	}
	if d.Plain != "" || len(d.Expect) > 0 {
		m.section("EXPECT")
		if d.Plain != "" {
			m.item("(plain value)", d.Plain)
		}
		m.rows(d.Expect)
	}
	if b := d.Kind.Beneath; b.Given() {
		m.section("BENEATH")
		m.item(b.Call, "The kernel "+b.Kernel)
		if b.Wire != "" {
			m.item("on the wire", b.Wire)
		}
		if len(b.Errors) > 0 {
			m.section("ERRORS")
		}
		for _, e := range b.Errors {
			m.item(e.Errno, e.Why)
		}
	}
	m.section("EXAMPLE")
	m.example(d.Kind.Example)
	m.section("SEE ALSO")
	m.text("sockscript(1), sockscript-doc(1)")
	return m.String()
}

func (m *manPage) rows(rows []value.DocRow) {
	for _, r := range rows {
		m.item(r.Key+" ("+r.Type+")", r.FullHelp())
	}
}
