package source

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Pos is a place in a file. Line and Col count from 1; Col counts
// characters (runes), not bytes. The zero Pos is not a place.
type Pos struct {
	File      string
	Line, Col int
}

// IsValid reports whether p names a place.
func (p Pos) IsValid() bool { return p.Line > 0 && p.Col > 0 }

// String returns "file:line:col", without the parts that p lacks.
func (p Pos) String() string {
	switch {
	case p.IsValid() && p.File != "":
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	case p.IsValid():
		return fmt.Sprintf("%d:%d", p.Line, p.Col)
	case p.File != "":
		return p.File
	}
	return "-"
}

// utf8BOM may be at the start of a file and is not part of its first line.
const utf8BOM = "\ufeff"

// A File is a source text. Its lines end with LF, CRLF or CR (YAML 1.2,
// section 5.4). A File must not be copied, nor Data changed, after first use.
type File struct {
	Name string
	Data []byte

	once   sync.Once
	text   string // Data without a leading byte order mark
	starts []int  // byte offset in text of each line
}

// Line returns line n, counted from 1, without its line ending; "" if the
// file has no such line.
func (f *File) Line(n int) string {
	if n < 1 || n > f.lineCount() {
		return ""
	}
	end, _ := lineEnd(f.text, f.starts[n-1])
	return f.text[f.starts[n-1]:end]
}

// lineCount is at least 1: an empty file has one empty line. The empty rest
// after a final line ending is not a line.
func (f *File) lineCount() int {
	f.index()
	return len(f.starts)
}

func (f *File) index() {
	f.once.Do(func() {
		f.text = strings.TrimPrefix(string(f.Data), utf8BOM)
		f.starts = append(make([]int, 0, strings.Count(f.text, "\n")+1), 0)
		for i := 0; i < len(f.text); {
			_, i = lineEnd(f.text, i)
			if i < len(f.text) {
				f.starts = append(f.starts, i)
			}
		}
	})
}

// pos returns the place at line and col, moved inside the file if need be.
// The column after the last character of a line is inside.
func (f *File) pos(line, col int) Pos {
	line = min(max(line, 1), f.lineCount())
	col = min(max(col, 1), utf8.RuneCountInString(f.Line(line))+1)
	return Pos{File: f.Name, Line: line, Col: col}
}

// problem returns an error at pos, which must lie in f.
func (f *File) problem(pos Pos, format string, args ...any) *Problem {
	return &Problem{Pos: pos, Msg: fmt.Sprintf(format, args...), Line: f.Line(pos.Line)}
}

// lineEnd returns where the line that begins at byte i ends, without and with
// its line ending.
func lineEnd(s string, i int) (end, next int) {
	n := strings.IndexAny(s[i:], "\r\n")
	if n < 0 {
		return len(s), len(s)
	}
	end = i + n
	if strings.HasPrefix(s[end:], "\r\n") {
		return end, end + 2
	}
	return end, end + 1
}

// byteIndex returns the byte offset in line of column col, at most len(line).
func byteIndex(line string, col int) int {
	for i := range line {
		if col--; col == 0 {
			return i
		}
	}
	return len(line)
}

// firstNonBlank returns the column of the first character of line that is
// neither a space nor a tab; 1 if there is none.
func firstNonBlank(line string) int {
	rest := strings.TrimLeft(line, " \t")
	if rest == "" {
		return 1
	}
	return len(line) - len(rest) + 1
}
