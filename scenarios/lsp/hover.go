package lsp

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
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
	here := func(at span) []location { return []location{{d.uri, at}} }
	owner, name, dotted := strings.Cut(word, ".")
	s := d.scenarioAt(p.Line)
	if s == nil {
		return d.procedure(word)
	}
	if list := d.included(s, p.Line, owner, name); list != nil {
		return list
	}
	for _, a := range s.Actors {
		switch {
		case a.Name == word:
			return here(lineSpan(d.lines, a.Node.Pos.Line-1, word))
		case dotted && a.Name == owner:
			name, _, _ = strings.Cut(name, ".")
			if at, ok := d.maker(s, a, name); ok {
				return here(at)
			}
		}
	}
	if a := d.actorAt(s, p.Line); a != nil {
		if at, ok := d.maker(s, a, owner); ok {
			return here(at)
		}
	}
	if vars := s.Node.Get("vars"); vars != nil {
		for _, e := range vars.Entries {
			if e.Key.Text == owner {
				return here(d.word(e.Key.Pos))
			}
		}
	}
	return d.procedure(word)
}

// procedure is where a procedure of this file is.
func (d *document) procedure(name string) []location {
	if n := procedureIn(d.lines, name); n >= 0 {
		return []location{{d.uri, lineSpan(d.lines, n, name)}}
	}
	return []location{}
}

// procedureIn is the line on which a procedure is declared; -1 where there is
// none.
func procedureIn(lines []string, name string) int {
	return slices.IndexFunc(lines, func(line string) bool {
		m := procedureLine().FindStringSubmatch(line)
		return m != nil && m[1] == name
	})
}

// lineSpan is where a word is on a line.
func lineSpan(lines []string, n int, word string) span {
	return bytesSpan(lines, n, strings.Index(lines[n], word), len(word))
}

// bytesSpan is the range of size bytes of a line.
func bytesSpan(lines []string, n, from, size int) span {
	begin := units([]rune(lines[n][:from]))
	return span{position{n, begin}, position{n, begin + units([]rune(lines[n][from:][:size]))}}
}

// maker is where a name of an actor is made.
func (d *document) maker(s *scenarios.Scenario, a *scenarios.Actor, name string) (at span, ok bool) {
	quoted := regexp.QuoteMeta(name)
	makes := []*regexp.Regexp{
		regexp.MustCompile(`\b(?:as|each|index): *(?:\[[^]]*\b)?(` + quoted + `)\b`),
		regexp.MustCompile(`\blet: *\{(?:.*[ ,{])?(` + quoted + `):`),
		regexp.MustCompile(`\(\?P<(` + quoted + `)>`),
	}
	entry := regexp.MustCompile(`^ +(` + quoted + `):`)
	from := a.Node.Pos.Line - 1
	for n := from; n < len(d.lines); n++ {
		line := d.lines[n]
		switch {
		case a.Turns && d.turnAt(s, n) != a:
			continue
		case !a.Turns && n > from && strings.TrimSpace(line) != "" && indent(line) <= indent(d.line(from)):
			return span{}, false
		}
		if m := entry.FindStringSubmatchIndex(line); m != nil && d.belowLet(n) {
			return bytesSpan(d.lines, n, m[2], m[3]-m[2]), true
		}
		for _, re := range makes {
			if m := re.FindStringSubmatchIndex(line); m != nil {
				return bytesSpan(d.lines, n, m[2], m[3]-m[2]), true
			}
		}
	}
	return span{}, false
}

// belowLet reports whether a line is an entry of a let step that has a line for
// each.
func (d *document) belowLet(n int) bool {
	for above := n - 1; above >= 0; above-- {
		if line := d.lines[above]; strings.TrimSpace(line) != "" && indent(line) < indent(d.lines[n]) {
			return strings.TrimRight(strings.TrimLeft(line, " -"), " ") == "let:"
		}
	}
	return false
}

// included is a file that is included: where it is named, its beginning; where
// one of its procedures is called, that procedure. A library that is shipped is
// in the program itself; hover shows it.
func (d *document) included(s *scenarios.Scenario, line int, owner, name string) []location {
	for _, i := range s.Included {
		if i.Path == "" {
			continue
		}
		if strings.Contains(d.line(line), filepath.Base(i.Path)) {
			return []location{{URI: uriOf(i.Path)}}
		}
		if i.Name != owner {
			continue
		}
		at := location{URI: uriOf(i.Path)}
		if text, err := os.ReadFile(i.Path); err == nil {
			lines := strings.Split(string(text), "\n")
			if n := procedureIn(lines, name); n >= 0 {
				at.Range = lineSpan(lines, n, name)
			}
		}
		return []location{at}
	}
	return nil
}
