package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

const librariesIntro = "`include: NAME` makes the procedures of a library known, as `NAME.PROCEDURE`. " +
	"They are written in the language itself: their steps are in the transcript, and each file can be read in the sources. " +
	"A parameter without a default must be given."

// Library describes a procedure library, or one of its procedures as
// LIBRARY.PROCEDURE.
func Library(name string) (string, bool) {
	file, proc, one := strings.Cut(name, ".")
	lib, ok := scenarios.DescribeLibrary(file)
	if !ok {
		return "", false
	}
	if !one {
		return libraryText(lib, name), true
	}
	for _, p := range lib.Procedures {
		if p.Name == proc {
			var b strings.Builder
			procedureText(&b, lib, p)
			return b.String(), true
		}
	}
	return "", false
}

// LibraryFile describes a file of procedures that scenarios include.
func LibraryFile(path string) (string, error) {
	lib, err := scenarios.DescribeFile(path)
	if err != nil {
		return "", err
	}
	return source.VisibleLines(libraryText(lib, path)), nil
}

func libraryText(lib *scenarios.LibraryDoc, include string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s - a library of procedures; write include: %s\n", lib.Name, include)
	if lib.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(lib.Description))
	}
	if len(lib.Vars) > 0 {
		b.WriteString("\nVariables\n")
		columns(&b, lib.Vars)
	}
	for _, p := range lib.Procedures {
		b.WriteByte('\n')
		procedureText(&b, lib, p)
	}
	return b.String()
}

func procedureText(b *strings.Builder, lib *scenarios.LibraryDoc, p scenarios.ProcedureDoc) {
	fmt.Fprintf(b, "%s.%s\n", lib.Name, p.Name)
	for line := range strings.Lines(strings.TrimSpace(p.Description)) {
		fmt.Fprintf(b, "  %s\n", strings.TrimSuffix(line, "\n"))
	}
	if len(p.Params) > 0 {
		b.WriteByte('\n')
	}
	columns(b, parameterRows(p))
	if p.Returns != "" {
		b.WriteString("\n  as names what it returns.\n")
	}
}

// parameterRows say of each parameter whether it must be given.
func parameterRows(p scenarios.ProcedureDoc) []value.DocRow {
	var rows []value.DocRow
	for _, q := range p.Params {
		help := "required"
		if !q.Required {
			help = "default: " + q.Default
		}
		rows = append(rows, value.DocRow{Key: q.Key, Help: help})
	}
	return rows
}

// LibraryNames are the names that [Library] knows: those of the libraries and
// of their procedures, sorted.
func LibraryNames() []string {
	var names []string
	for _, name := range library.Includes() {
		names = append(names, name)
		lib, _ := scenarios.DescribeLibrary(name)
		for _, p := range lib.Procedures {
			names = append(names, name+"."+p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// libraryRows are the libraries with the first sentences of their descriptions.
func libraryRows() []value.DocRow {
	var rows []value.DocRow
	for _, name := range library.Includes() {
		lib, _ := scenarios.DescribeLibrary(name)
		rows = append(rows, value.DocRow{Key: name, Help: firstSentence(lib.Description)})
	}
	return rows
}

// firstSentence is a text up to its first full stop, on one line.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	first, _, _ := strings.Cut(text, ". ")
	return strings.TrimSuffix(first, ".")
}

// librariesMarkdown is the chapter about the procedure libraries.
func librariesMarkdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## Procedure libraries\n\n%s\n", librariesIntro)
	for _, name := range library.Includes() {
		lib, _ := scenarios.DescribeLibrary(name)
		fmt.Fprintf(b, "\n### include: %s\n\n%s\n\n| procedure | parameters | returns | does |\n|---|---|---|---|\n", name, strings.TrimSpace(lib.Description))
		for _, p := range lib.Procedures {
			var params []string
			for _, q := range p.Params {
				text := q.Key
				if !q.Required {
					text += ": " + q.Default
				}
				params = append(params, "`"+text+"`")
			}
			returns := ""
			if p.Returns != "" {
				returns = "`" + p.Returns + "`"
			}
			fmt.Fprintf(b, "| `%s.%s` | %s | %s | %s |\n", name, p.Name, strings.ReplaceAll(strings.Join(params, ", "), "|", `\|`), returns, cell(strings.TrimSpace(p.Description)))
		}
	}
}
