package source

import (
	"errors"
	"slices"
	"strings"
)

// ErrNotFormatted is returned for a file that would mean something else when it
// is formatted.
var ErrNotFormatted = errors.New("it cannot be formatted without changing what it means; indent it by hand")

// indentStep is by how many columns a level is indented.
const indentStep = 2

// Format returns the text of a YAML file with two columns for each level, one
// blank at most after a dash, no blanks at the ends of lines, no more than one
// empty line together, and line feeds. Comments, quotes, the order of keys and
// all texts stay as they are. The problems are those of a file that is not
// YAML.
func Format(name string, data []byte) ([]byte, Problems, error) {
	docs, problems := Parse(name, data)
	if problems.HasErrors() {
		return nil, problems, nil
	}
	f := &File{Name: name, Data: data}
	x := &formatter{file: f, starts: make(map[int][]start), texts: make(map[int]bool)}
	for _, d := range docs {
		x.node(d, 0)
	}
	out := x.lines()
	again, problems := Parse(name, out)
	if problems.HasErrors() || !slices.EqualFunc(docs, again, sameTree) || !slices.Equal(comments(string(data)), comments(string(out))) {
		return nil, nil, ErrNotFormatted
	}
	return out, nil, nil
}

// A start is where a key or an item begins on a line.
type start struct {
	col  int // from 1
	to   int // the column that it gets, from 0
	dash bool
}

type formatter struct {
	file   *File
	starts map[int][]start // by line
	texts  map[int]bool    // lines that are the inside of a text
}

// node notes the starts in a block collection that gets a column.
func (x *formatter) node(n *Node, to int) {
	if n == nil || n.Kind == Scalar || x.inline(n) {
		return
	}
	col := x.dashes(n)
	for _, item := range n.Items {
		x.note(x.dash(item, col), start{col, to, true})
		x.node(item, to+indentStep)
		x.text(item, col)
	}
	for _, e := range n.Entries {
		x.note(e.Key.Pos.Line, start{e.Key.Pos.Col, to, false})
		x.node(e.Value, to+indentStep)
		x.text(e.Value, e.Key.Pos.Col)
	}
}

// dashes is the column of the dashes of a block list. Where it has an anchor or
// a tag on a line above, its own place is there.
func (x *formatter) dashes(n *Node) int {
	for line := n.Pos.Line + 1; len(n.Items) > 0 && x.at(n.Pos) != '-' && line <= written(n.Items[0]).Line; line++ {
		if text := x.file.Line(line); strings.HasPrefix(strings.TrimLeft(text, " "), "-") {
			return leading(text) + 1
		}
	}
	return n.Pos.Col
}

// dash is the line of the dash of an item, which may be above what the item
// holds.
func (x *formatter) dash(item *Node, col int) int {
	for line := written(item).Line; line > 0; line-- {
		text := x.file.Line(line)
		if x.at(Pos{Line: line, Col: col}) == '-' && strings.Trim(text[:byteIndex(text, col)], " -") == "" {
			return line
		}
	}
	return item.Pos.Line
}

// written is where a value is in the file: of an alias, not where its target
// is.
func written(n *Node) Pos {
	if n.alias.Line > 0 {
		return n.alias
	}
	return n.Pos
}

func (x *formatter) note(line int, s start) {
	if !slices.ContainsFunc(x.starts[line], func(o start) bool { return o.col == s.col }) {
		x.starts[line] = append(x.starts[line], s)
	}
}

// at is the character at a place; 0 behind the end of its line.
func (x *formatter) at(p Pos) byte {
	line := x.file.Line(p.Line)
	if i := byteIndex(line, p.Col); i < len(line) {
		return line[i]
	}
	return 0
}

// inline reports whether a collection is a flow collection or an alias: neither
// has lines of its own.
func (x *formatter) inline(n *Node) bool {
	c := x.at(n.Pos)
	return c == '[' || c == '{' || n.alias.Line > 0
}

// text notes the lines inside a block scalar or a quoted text: they end before
// the first that is not indented more than what the text belongs to.
func (x *formatter) text(n *Node, col int) {
	if n.Kind != Scalar || n.alias.Line > 0 || !slices.Contains([]byte(`|>"'`), x.at(n.Pos)) {
		return
	}
	for line := n.Pos.Line + 1; line <= x.file.lineCount(); line++ {
		text := x.file.Line(line)
		if strings.TrimSpace(text) != "" && leading(text) < col {
			return
		}
		x.texts[line] = true
	}
}

// leading is how many blanks a line begins with.
func leading(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// lines writes all lines again, in their new form.
func (x *formatter) lines() []byte {
	var out []string
	shift := 0 // of the lines that go on with what the last start began
	for n := 1; n <= x.file.lineCount(); n++ {
		line := x.file.Line(n)
		starts := x.starts[n]
		switch {
		case len(starts) > 0:
			line, shift = x.begin(line, starts)
			if !x.texts[n+1] {
				line = strings.TrimRight(line, " \t")
			}
		case x.texts[n]:
			line = shifted(line, shift)
		case separates(line):
			line, shift = strings.TrimRight(line, " \t"), 0
		case strings.TrimSpace(line) == "":
			if len(out) == 0 || out[len(out)-1] == "" {
				continue
			}
			line = ""
		case strings.HasPrefix(strings.TrimSpace(line), "#"):
			line = strings.TrimRight(shifted(line, x.commentShift(n, shift)), " \t")
		default:
			line = strings.TrimRight(shifted(line, shift), " \t")
		}
		out = append(out, line)
	}
	for len(out) > 0 && out[len(out)-1] == "" && !x.texts[x.file.lineCount()] {
		out = out[:len(out)-1]
	}
	return []byte(strings.Join(out, "\n") + "\n")
}

// separates reports whether a line is between documents.
func separates(line string) bool {
	return isMarker(line, "---") || isMarker(line, "...") || strings.HasPrefix(line, "%")
}

// begin writes a line on which keys or items begin, and returns by how much the
// last of them has moved.
func (x *formatter) begin(line string, starts []start) (string, int) {
	slices.SortFunc(starts, func(a, b start) int { return a.col - b.col })
	var b strings.Builder
	for i, s := range starts {
		for b.Len() < s.to {
			b.WriteByte(' ')
		}
		from := byteIndex(line, s.col)
		if s.dash {
			b.WriteByte('-')
			from++
			if rest := strings.TrimLeft(line[from:], " "); i == len(starts)-1 {
				b.WriteString(strings.TrimRight(" "+rest, " "))
			}
			continue
		}
		b.WriteString(line[from:])
	}
	last := starts[len(starts)-1]
	return b.String(), last.to - (last.col - 1)
}

// commentShift moves a comment with what is behind it, where both have one
// column, else with what is before it.
func (x *formatter) commentShift(n, before int) int {
	col := leading(x.file.Line(n)) + 1
	for next := n + 1; next <= x.file.lineCount(); next++ {
		if s := x.starts[next]; len(s) > 0 {
			first := slices.MinFunc(s, func(a, b start) int { return a.col - b.col })
			if first.col == col {
				return first.to - (first.col - 1)
			}
			return before
		}
	}
	return before
}

// shifted moves a line by this number of columns, to the left at most as far as
// it begins with blanks.
func shifted(line string, by int) string {
	switch {
	case strings.TrimSpace(line) == "":
		return line
	case by > 0:
		return strings.Repeat(" ", by) + line
	}
	return line[min(-by, leading(line)):]
}

// sameTree reports whether two trees have the same values.
func sameTree(a, b *Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Text == b.Text && a.Quoted == b.Quoted && a.Null == b.Null &&
		slices.EqualFunc(a.Items, b.Items, sameTree) &&
		slices.EqualFunc(a.Entries, b.Entries, func(x, y Entry) bool { return sameTree(x.Key, y.Key) && sameTree(x.Value, y.Value) })
}

// comments are the parts of lines from their first # on, wherever that is.
func comments(text string) []string {
	var list []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if i := strings.IndexByte(line, '#'); i >= 0 {
			list = append(list, strings.TrimRight(line[i:], " \t"))
		}
	}
	return list
}
