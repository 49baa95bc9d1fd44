package source

import (
	"strings"
	"unicode/utf8"
)

// maxBadLines is how many lines with characters that YAML forbids are
// reported before the file is given up as not being text.
const maxBadLines = 10

// cleanText returns the text of f with every character that YAML forbids
// replaced by U+FFFD, so that the rest of the file can still be checked and
// columns stay what they are. The problems name the first such character of
// each line. ok is false when the file does not look like text at all.
func cleanText(f *File) (text string, problems Problems, ok bool) {
	if data := string(f.Data[:min(2, len(f.Data))]); data == "\xff\xfe" || data == "\xfe\xff" {
		p := f.problem(f.pos(1, 1), "the file is UTF-16 text").WithHint("save it as UTF-8")
		p.Line = ""
		return "", Problems{p}, false
	}
	f.index()
	if !strings.ContainsFunc(f.text, isForbidden) {
		return f.text, nil, true
	}
	var b strings.Builder
	for n := 1; n <= f.lineCount(); n++ {
		end := len(f.text)
		if n < f.lineCount() {
			end = f.starts[n]
		}
		line := f.text[f.starts[n-1]:end]
		if p := f.badCharacter(n, line); p != nil {
			problems = append(problems, p)
			if len(problems) == maxBadLines {
				p.WithHint("checking stops here: this does not look like text")
				return "", problems, false
			}
			line = strings.Map(replaceForbidden, line)
		}
		b.WriteString(line)
	}
	return b.String(), problems, true
}

// isForbidden reports whether YAML forbids r (YAML 1.2, section 5.1).
// utf8.RuneError is what ranging over a string gives for a byte that is not
// UTF-8; where it was written out it is replaced by itself and not reported.
func isForbidden(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r' || r == 0x85:
		return false
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return true
	}
	return r == 0xfeff || r == 0xfffe || r == 0xffff || r == utf8.RuneError
}

func replaceForbidden(r rune) rune {
	if isForbidden(r) {
		return utf8.RuneError
	}
	return r
}

// badCharacter returns a problem for the first forbidden character of line n.
func (f *File) badCharacter(n int, line string) *Problem {
	for i, col := 0, 1; i < len(line); col++ {
		r, size := utf8.DecodeRuneInString(line[i:])
		pos := Pos{File: f.Name, Line: n, Col: col}
		switch {
		case r == utf8.RuneError && size == 1:
			return f.problem(pos, "the byte 0x%02x is not UTF-8 text", line[i]).
				WithHint("save the file as UTF-8")
		case r == 0:
			return f.problem(pos, "a NUL byte is not allowed in YAML text").
				WithHint(`write it as "\0", in double quotes`)
		case r == 0xfeff:
			return f.problem(pos, "a byte order mark is allowed only at the start of a file").
				WithHint(`remove this invisible character, or write it as "\uFEFF", in double quotes`)
		case r != utf8.RuneError && isForbidden(r):
			return f.problem(pos, "the control character %U is not allowed in YAML text", r).
				WithHint(`write it as "\u%04X", in double quotes`, r)
		}
		i += size
	}
	return nil
}

// A chunk is a stretch of a file that holds whole YAML documents, in practice
// one. Chunks are parsed apart, so that a broken document hides no other.
type chunk struct {
	text  string
	first int // its first line in the file
	lines int

	// breaks holds where in the file each line begins that the YAML library
	// sees; nil unless they differ from the lines of the file.
	breaks []Pos
}

func (c *chunk) lastLine() int { return c.first + c.lines - 1 }

// chunks cuts text after every "..." line and before every "---" line, which
// end a document wherever they are (YAML 1.2, section 9.1). Comments and
// directives stay with the "---" that they precede.
func chunks(text string) []*chunk {
	var list []*chunk
	begin, first, n := 0, 1, 1
	cut := func(at, line int) {
		if at > begin {
			c := &chunk{text: text[begin:at], first: first, lines: line - first}
			c.breaks = libraryLines(c)
			list = append(list, c)
		}
		begin, first = at, line
	}
	prologue := true // only comments and directives so far
	for i := 0; i < len(text); n++ {
		end, next := lineEnd(text, i)
		line := text[i:end]
		switch {
		case isMarker(line, "---"):
			if !prologue {
				cut(i, n)
			}
			prologue = false
		case isMarker(line, "..."):
			cut(next, n+1)
			prologue = true
		case prologue:
			line = strings.TrimLeft(line, " \t")
			prologue = line == "" || line[0] == '#' || line[0] == '%'
		}
		i = next
	}
	cut(len(text), n)
	return list
}

func isMarker(line, marker string) bool {
	rest, found := strings.CutPrefix(line, marker)
	return found && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// libraryLines returns where the lines of c begin for the YAML library, which
// follows YAML 1.1 and ends lines also with NEL (U+0085), LS (U+2028) and PS
// (U+2029). It returns nil when c has none of these.
func libraryLines(c *chunk) []Pos {
	const nel, ls, ps = "\u0085", "\u2028", "\u2029"
	if !strings.Contains(c.text, nel) && !strings.Contains(c.text, ls) && !strings.Contains(c.text, ps) {
		return nil
	}
	at := Pos{Line: c.first, Col: 1}
	breaks := []Pos{at}
	for i, r := range c.text {
		at.Col++
		switch {
		case r == '\n' || r == '\r' && !strings.HasPrefix(c.text[i+1:], "\n"):
			at.Line, at.Col = at.Line+1, 1
			breaks = append(breaks, at)
		case r == 0x85 || r == 0x2028 || r == 0x2029:
			breaks = append(breaks, at)
		}
	}
	return breaks
}

// locate turns the library's line and column, counted from 1, into those of
// the file. A place after the end of the chunk is on the line after its last.
func (c *chunk) locate(line, col int) (int, int) {
	if c.breaks == nil {
		return c.first + line - 1, col
	}
	if line > len(c.breaks) {
		return c.lastLine() + 1, 1
	}
	start := c.breaks[max(line, 1)-1]
	return start.Line, start.Col + col - 1
}
