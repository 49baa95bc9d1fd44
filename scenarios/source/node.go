package source

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Kind is the shape of a node.
type Kind int

const (
	Scalar Kind = iota
	List
	Map
)

// style is how a scalar is written.
type style int

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	literal
	folded
)

// A Node is a value in a YAML document. A node that an alias stands for is a
// copy of the anchored one and has its place.
type Node struct {
	Kind Kind
	Pos  Pos
	File *File

	Text   string // of a scalar: as written if plain, else decoded
	Quoted bool   // of a scalar: quoted, block, or tagged !!str
	Null   bool   // of a scalar: null, ~ or empty, and not Quoted

	Items   []*Node // of a list
	Entries []Entry // of a map, in the order of the file; keys are unique
	Partly  bool    // of a map: it has keys that could not be read, so none is missing

	style style
	alias Pos // of the alias that it stands for; its line is 0 where it is none
}

// An Entry is one key of a map, a scalar, and its value.
type Entry struct {
	Key, Value *Node
}

// Get returns the value of key, nil if n has no such key or is not a map.
func (n *Node) Get(key string) *Node {
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return nil
}

// Keys are the keys of a map, in the order of the file; none where n is nil.
func (n *Node) Keys() []string {
	var keys []string
	if n != nil {
		for _, e := range n.Entries {
			keys = append(keys, e.Key.Text)
		}
	}
	return keys
}

// OneOrMore are the items of a list, or else n alone.
func (n *Node) OneOrMore() []*Node {
	if n.Kind == List {
		return n.Items
	}
	return []*Node{n}
}

// Line returns the text of the line that n is in.
func (n *Node) Line() string {
	if n.File == nil {
		return ""
	}
	return n.File.Line(n.Pos.Line)
}

// Document is the text of the YAML document that n is in, and the line of the
// file with which it begins, from 1.
func (n *Node) Document() (text string, first int) {
	if n == nil || n.File == nil {
		return "", 1
	}
	f := n.File
	first, last := n.Pos.Line, n.Pos.Line
	for first > 1 && !strings.HasPrefix(f.Line(first-1), "---") {
		first--
	}
	for last < f.lineCount() && !strings.HasPrefix(f.Line(last+1), "---") {
		last++
	}
	end := len(f.text)
	if last < f.lineCount() {
		end = f.starts[last]
	}
	return f.text[f.starts[first-1]:end], first
}

// Problem returns an error at the place of n.
func (n *Node) Problem(format string, args ...any) *Problem {
	return &Problem{Pos: n.Pos, Msg: fmt.Sprintf(format, args...), Line: n.Line()}
}

// Warning returns a warning at the place of n.
func (n *Node) Warning(format string, args ...any) *Problem {
	p := n.Problem(format, args...)
	p.Severity = Warning
	return p
}

// describedText is how many characters of a text Describe shows.
const describedText = 40

// Describe says for a message what n is: a mapping, a list, the text "abc",
// nothing.
func (n *Node) Describe() string {
	switch {
	case n.Kind == Map:
		return "a mapping"
	case n.Kind == List:
		return "a list"
	case n.Null:
		return "nothing"
	}
	if cut := byteIndex(n.Text, describedText+1); cut < len(n.Text) {
		return fmt.Sprintf("the text %q", n.Text[:cut]+"…")
	}
	return fmt.Sprintf("the text %q", n.Text)
}

// At returns the place of byte offset in the Text of a scalar. Where the text
// differs from what the file holds (escapes, folded lines) that place cannot
// be said, and At returns n.Pos.
func (n *Node) At(offset int) Pos {
	if n.File == nil || n.Kind != Scalar {
		return n.Pos
	}
	before := n.Text[:min(max(offset, 0), len(n.Text))]
	switch n.style {
	case plain:
		return n.atInline(before, "", "")
	case singleQuoted:
		return n.atInline(before, `'`, `'`)
	case doubleQuoted:
		return n.atInline(before, `"`, `\`)
	case literal:
		return n.atLiteral(before)
	}
	return n.Pos
}

// atInline returns the place after the text before, which follows the opening
// quote; n.Pos unless the file holds it just so, free of the escape character.
func (n *Node) atInline(before, quote, escape string) Pos {
	line := n.File.Line(n.Pos.Line)
	written := line[byteIndex(line, n.Pos.Col):]
	// The character at the place must match too: it distinguishes a blank at
	// the end of a line from the one that a folded line break has become.
	_, size := utf8.DecodeRuneInString(n.Text[len(before):])
	if !strings.HasPrefix(written, quote+n.Text[:len(before)+size]) || escape != "" && strings.Contains(before, escape) {
		return n.Pos
	}
	pos := n.Pos
	pos.Col += len(quote) + utf8.RuneCountInString(before)
	return pos
}

// atLiteral returns the place after the text before in a literal block scalar,
// whose lines follow the one with its "|" and are the file's but for the
// indentation.
func (n *Node) atLiteral(before string) Pos {
	header := n.File.Line(n.Pos.Line)
	line := n.Pos.Line + 1 + strings.Count(before, "\n")
	if !strings.HasPrefix(header[byteIndex(header, n.Pos.Col):], "|") || line > n.File.lineCount() {
		return n.Pos
	}
	start := strings.LastIndexByte(before, '\n') + 1
	text, _, _ := strings.Cut(n.Text[start:], "\n")
	indent, found := strings.CutSuffix(n.File.Line(line), text)
	if !found || strings.Trim(indent, " ") != "" {
		return n.Pos
	}
	pos := n.Pos
	pos.Line, pos.Col = line, len(indent)+1+utf8.RuneCountInString(before[start:])
	return pos
}

// copyOf returns a copy of the tree n. It calls spend for every node, with its
// depth, and returns nil once spend refuses.
func (n *Node) copyOf(depth int, spend func(depth int) bool) *Node {
	if !spend(depth) {
		return nil
	}
	c := *n
	c.Items, c.Entries = nil, nil
	for _, item := range n.Items {
		i := item.copyOf(depth+1, spend)
		if i == nil {
			return nil
		}
		c.Items = append(c.Items, i)
	}
	for _, e := range n.Entries {
		k := e.Key.copyOf(depth+1, spend)
		v := e.Value.copyOf(depth+1, spend)
		if k == nil || v == nil {
			return nil
		}
		c.Entries = append(c.Entries, Entry{k, v})
	}
	return &c
}
