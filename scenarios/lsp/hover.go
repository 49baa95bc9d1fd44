package lsp

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sockscript/sockscript/scenarios/reference"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

// wordAt is the word at a position, dots included, and whether a colon follows.
func (d *document) wordAt(p position) (word string, key bool) {
	before, after := d.split(p)
	isWord := func(r rune) bool {
		return r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	head := before[len(strings.TrimRightFunc(before, isWord)):]
	tail := after[:len(after)-len(strings.TrimLeftFunc(after, isWord))]
	return strings.Trim(head+tail, "."), strings.HasPrefix(after[len(tail):], ":")
}

// hover is what the reference says of the word at a position; nil where it says
// nothing.
func (d *document) hover(p position) *hover {
	word, key := d.wordAt(p)
	text := ""
	kind, isKind := steps.Kinds().Lookup(word)
	switch {
	case key && isKind:
		text = code(step.DocOf(kind).Text())
	case key:
		text = d.hoverKey(p.Line, word)
	default:
		if t, ok := reference.Option(word); ok {
			text = code(t)
		} else if t, ok := reference.Library(word); ok {
			text = code(t)
		}
	}
	if text == "" {
		return nil
	}
	return &hover{markup{"markdown", text}}
}

func code(text string) string { return "```\n" + strings.TrimRight(text, "\n") + "\n```" }

// hoverKey is the help of a parameter of the step that the line belongs to.
func (d *document) hoverKey(line int, key string) string {
	have, _, _, ok := d.stepAt(line)
	kind, known := kindOf(have)
	if !ok || !known {
		return ""
	}
	doc := step.DocOf(kind)
	for _, row := range append(append(doc.Params[1:], doc.Expect...), step.CommonDoc()...) {
		if row.Key == key {
			text := fmt.Sprintf("**%s** of %s, %s\n\n%s", row.Key, kind.Name, row.Type, row.Help)
			if row.Default != "" {
				text += "\n\nDefault: " + row.Default
			}
			return text
		}
	}
	return ""
}

// definition is where the name at a position is made: the step of an actor's
// name, an actor, a procedure, an included file.
func (d *document) definition(p position) []location {
	word, _ := d.wordAt(p)
	if word == "" {
		return []location{}
	}
	here := func(n int, name string) []location {
		from := strings.Index(d.line(n), name)
		return []location{{d.uri, span{position{n, from}, position{n, from + len(name)}}}}
	}
	owner, name, dotted := strings.Cut(word, ".")
	if s := d.scenarioAt(p.Line); s != nil {
		for _, a := range s.Actors {
			switch {
			case a.Name == word:
				return here(a.Node.Pos.Line-1, word)
			case dotted && a.Name == owner:
				name, _, _ = strings.Cut(name, ".")
				if n := d.maker(a.Node.Pos.Line-1, name); n >= 0 {
					return here(n, name)
				}
			}
		}
		if a := actorAt(s, p.Line); a != nil {
			if n := d.maker(a.Node.Pos.Line-1, owner); n >= 0 {
				return here(n, owner)
			}
		}
	}
	for n, line := range d.lines {
		if m := procedureLine.FindStringSubmatch(line); m != nil && m[1] == word {
			return here(n, word)
		}
	}
	return d.included(owner)
}

// maker is the line below the head of an actor on which a name is made; -1 where
// there is none.
func (d *document) maker(from int, name string) int {
	makes := regexp.MustCompile(`\b(as|each|index): *(\[[^]]*\b)?` + regexp.QuoteMeta(name) + `\b`)
	lets := regexp.MustCompile(`\blet: *\{?.*\b` + regexp.QuoteMeta(name) + `:`)
	for n := from + 1; n < len(d.lines); n++ {
		line := d.lines[n]
		if strings.TrimSpace(line) != "" && indent(line) <= indent(d.line(from)) {
			return -1
		}
		if makes.MatchString(line) || lets.MatchString(line) {
			return n
		}
	}
	return -1
}

// included is a file that is included under a name.
func (d *document) included(name string) []location {
	include := regexp.MustCompile(`(?m)^\s*(?:include:|-|from:)\s*["']?([^\s"'{}]+\.ya?ml)["']?\s*$`)
	for _, m := range include.FindAllStringSubmatch(d.text, -1) {
		base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(m[1]), ".yaml"), ".yml")
		if base == name || strings.HasSuffix(m[1], "/"+name) {
			return []location{{URI: uriOf(filepath.Join(filepath.Dir(d.path), m[1]))}}
		}
	}
	return []location{} // a shipped library is in the program itself; hover shows it
}
