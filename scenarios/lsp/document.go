package lsp

import (
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A document is a file that is open in the editor.
type document struct {
	uri, path string
	text      string
	lines     []string
	problems  source.Problems
	// good are the scenarios of the latest text that could be read: while one
	// types, names are taken from them. Before there was such a text, they are
	// what could be read of the latest.
	good  []*scenarios.Scenario
	whole bool // good could be read
}

// pathOf is the file of a URI; the URI itself where it is not of a file.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	return filepath.FromSlash(u.Path)
}

func uriOf(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// set takes the text over and checks it.
func (d *document) set(text string) {
	d.text, d.lines = text, strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	list, problems := scenarios.ParseWith(d.path, []byte(text), scenarios.Options{Faulty: true})
	d.problems = problems
	if whole := !problems.HasErrors(); len(list) > 0 && (whole || !d.whole) {
		d.good, d.whole = list, whole
	}
}

// diagnostics are the problems of this file; those of included files are at
// the step that calls them.
func (d *document) diagnostics() []diagnostic {
	list := []diagnostic{}
	for _, p := range d.problems {
		at := p.Pos
		message := p.Msg
		if at.File != d.path {
			message = at.String() + ": " + message
			at = source.Pos{File: d.path, Line: 1, Col: 1}
			if p.Called.File == d.path {
				at = p.Called
			}
		}
		if p.Hint != "" {
			message += "; " + p.Hint
		}
		severity := severityError
		if p.Severity == source.Warning {
			severity = severityWarning
		}
		list = append(list, diagnostic{Range: d.word(at), Severity: severity, Source: "sockscript", Message: source.Visible(message)})
	}
	return list
}

// line is a line of the text, from 0; "" where there is none.
func (d *document) line(n int) string {
	if n < 0 || n >= len(d.lines) {
		return ""
	}
	return d.lines[n]
}

// word is the range of the word at a place of ours, at least one character.
func (d *document) word(at source.Pos) span {
	n := max(at.Line-1, 0)
	line := []rune(d.line(n))
	from := min(max(at.Col-1, 0), len(line))
	to := from
	for to < len(line) && !strings.ContainsRune(" :,[]{}#\"'", line[to]) {
		to++
	}
	to = min(max(to, from+1), len(line))
	return span{position{n, units(line[:from])}, position{n, units(line[:to])}}
}

// units counts UTF-16 code units.
func units(text []rune) int { return len(utf16.Encode(text)) }

// before is the part of a position's line before it, and what follows.
func (d *document) split(p position) (before, after string) {
	line := d.line(p.Line)
	i, left := 0, p.Character
	for left > 0 && i < len(line) {
		r, size := utf8.DecodeRuneInString(line[i:])
		i += size
		left -= max(utf16.RuneLen(r), 1)
	}
	return line[:i], line[i:]
}

// indent is how many blanks and dashes a line begins with.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

// stepAt finds the step that a line belongs to: the words of its keys, the
// first line, and the column of its keys.
func (d *document) stepAt(n int) (keys []string, first, column int, ok bool) {
	column = indent(d.line(n))
	for first = n; first >= 0; first-- {
		line := d.line(first)
		if strings.TrimSpace(line) == "" {
			continue
		}
		if indent(line) < column && first < n {
			return nil, 0, 0, false
		}
		if indent(line) == column && strings.HasPrefix(strings.TrimLeft(line, " "), "-") {
			break
		}
	}
	if first < 0 {
		return nil, 0, 0, false
	}
	for i := first; i < len(d.lines); i++ {
		line := d.line(i)
		if strings.TrimSpace(line) == "" {
			continue
		}
		dashed := strings.HasPrefix(strings.TrimLeft(line, " "), "-")
		if i > first && (indent(line) < column || indent(line) == column && dashed) {
			break
		}
		if indent(line) == column {
			text := strings.TrimLeft(line, " -")
			if flow, ok := strings.CutPrefix(text, "{"); ok {
				keys = append(keys, flowKeys(flow)...)
				continue
			}
			key, _, _ := strings.Cut(text, ":")
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return keys, first, column, true
}

// flowKeys are the keys of a flow mapping, as far as it is on the line; its
// bracket is not among the text.
func flowKeys(text string) []string {
	var keys []string
	depth, from := 0, 0
	quote := rune(0)
	for i, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '{' || r == '[':
			depth++
		case r == '}' || r == ']':
			if depth--; depth < 0 {
				return keys
			}
		case depth > 0:
		case r == ',':
			from = i + 1
		case r == ':' && from >= 0:
			keys, from = append(keys, strings.TrimSpace(text[from:i])), -1
		}
	}
	return keys
}
