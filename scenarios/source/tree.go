package source

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	// MaxFile bounds the bytes of one file.
	MaxFile = 16 << 20
	// MaxNodes bounds the values of one file, aliases expanded, so that a
	// few lines of nested aliases cannot fill the memory.
	MaxNodes = 1_000_000
	// MaxDepth bounds the nesting of one document, aliases expanded.
	MaxDepth = 1000
)

// A tree turns the library's tree of one document into ours.
type tree struct {
	*parser
	chunk   *chunk
	anchors map[*yaml.Node]*Node // nil while the anchored value is being built
	stopped bool                 // a bound was passed; the document is given up
}

// document returns the root of a document, nil if the document is empty or
// was given up.
func (p *parser) document(c *chunk, doc *yaml.Node) *Node {
	if len(doc.Content) == 0 {
		return nil
	}
	y := doc.Content[0]
	if y.Kind == yaml.ScalarNode && y.Value == "" && y.Style == 0 && y.Anchor == "" {
		return nil
	}
	t := &tree{parser: p, chunk: c, anchors: map[*yaml.Node]*Node{}}
	root := t.build(y, 1)
	if t.stopped {
		return nil
	}
	return root
}

// build returns the node for y at the given depth. What is wrong is reported,
// and the node made as well as it can be.
func (t *tree) build(y *yaml.Node, depth int) *Node {
	n := &Node{Pos: t.place(y), File: t.file}
	if !t.spend(n, depth) {
		return n
	}
	if y.Kind == yaml.AliasNode {
		return t.alias(n, y, depth)
	}
	if y.Anchor != "" {
		t.anchors[y] = nil
		defer func() { t.anchors[y] = n }()
	}
	if y.Style&yaml.TaggedStyle != 0 {
		t.tag(n, y)
	}
	if y.Anchor != "" || y.Style&yaml.TaggedStyle != 0 {
		n.Pos.Col = t.contentColumn(n.Pos)
	}
	switch y.Kind {
	case yaml.SequenceNode:
		t.list(n, y, depth)
	case yaml.MappingNode:
		t.mapping(n, y, depth)
	default:
		scalar(n, y)
	}
	return n
}

// place returns where y is. The library puts a value that is left out at the
// end of a document after its last line; that becomes the end of that line.
func (t *tree) place(y *yaml.Node) Pos {
	line, col := t.chunk.locate(y.Line, y.Column)
	if last := t.chunk.lastLine(); line > last {
		return t.file.pos(last, math.MaxInt)
	}
	return Pos{File: t.file.Name, Line: line, Col: col}
}

// spend counts a node that is built at the place of at, and reports whether
// the bounds allow it. The first time they do not, that is a problem.
func (t *tree) spend(at *Node, depth int) bool {
	t.nodes++
	if t.stopped {
		return false
	}
	switch {
	case depth > MaxDepth:
		t.report(at.Problem("values are nested more than %d deep", MaxDepth).
			WithHint("remove a level of nesting, or an alias that contains itself"))
	case t.nodes > MaxNodes:
		t.report(t.tooMany(at))
	default:
		return true
	}
	t.stopped = true
	return false
}

// tooMany says what makes the values of a file too many.
func (t *tree) tooMany(at *Node) *Problem {
	p := at.Problem("the file holds more than %d values", MaxNodes)
	if t.copies == 0 {
		return p.WithHint("put its documents into several files, or let repeat, for or an expression make what repeats")
	}
	p.Msg += fmt.Sprintf(", of which aliases make %d", t.copies)
	return p.WithHint("use fewer aliases of values that hold aliases")
}

// alias returns a copy of the value that the alias y at n stands for.
func (t *tree) alias(n *Node, y *yaml.Node, depth int) *Node {
	n.Null = true
	target, known := t.anchors[y.Alias]
	switch {
	case !known:
		t.report(n.Problem(unknownAnchor, y.Value).WithHint(unknownAnchorHint))
		return n
	case target == nil:
		t.report(n.Problem("the alias *%s is inside the value that it names", y.Value).
			WithHint("a value cannot hold itself"))
		return n
	}
	t.nodes-- // the alias itself, which its copy replaces
	spend := func(d int) bool {
		t.copies++
		return t.spend(n, d)
	}
	if c := target.copyOf(depth, spend); c != nil {
		c.alias = n.Pos
		return c
	}
	return n
}

// tag checks the tag of y, which is at or soon after n.
func (t *tree) tag(n *Node, y *yaml.Node) {
	switch {
	case y.Tag == "!!str" && y.Kind == yaml.ScalarNode,
		y.Tag == "!!seq" && y.Kind == yaml.SequenceNode,
		y.Tag == "!!map" && y.Kind == yaml.MappingNode:
		return
	}
	p := n.Problem("the tag %s is not supported", y.Tag).
		WithHint("remove it, or quote a text that begins with \"!\"")
	p.Pos.Col = tagColumn(p.Line, p.Pos.Col)
	t.report(p)
}

func (t *tree) list(n *Node, y *yaml.Node, depth int) {
	n.Kind = List
	n.Items = make([]*Node, 0, len(y.Content))
	for _, item := range y.Content {
		if t.stopped {
			return
		}
		n.Items = append(n.Items, t.build(item, depth+1))
	}
}

func (t *tree) mapping(n *Node, y *yaml.Node, depth int) {
	n.Kind = Map
	n.Entries = make([]Entry, 0, len(y.Content)/2)
	first := make(map[string]*Node, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content) && !t.stopped; i += 2 {
		key := t.build(y.Content[i], depth+1)
		value := t.build(y.Content[i+1], depth+1)
		if t.stopped {
			return
		}
		if p := keyProblem(key, first[key.Text]); p != nil {
			t.report(p)
			n.Partly = n.Partly || first[key.Text] == nil
			continue
		}
		first[key.Text] = key
		n.Entries = append(n.Entries, Entry{key, value})
	}
}

// keyProblem says what is wrong with a key, nil if nothing is. same is the
// earlier key of the same text, if any.
func keyProblem(key, same *Node) *Problem {
	switch {
	case key.Kind != Scalar:
		return key.Problem("a key must be a text, not %s", key.Describe()).
			WithHint("quote a text that begins with \"[\" or \"{\"")
	case key.Null && key.Text == "":
		return key.Problem("a key is missing here").WithHint("write \"key: value\"")
	case key.Text == "<<" && !key.Quoted:
		return key.Problem("merge keys (<<) are not supported").
			WithHint("write the keys out, or use an alias for a whole value")
	case same != nil:
		return key.Problem("the key %q is already given on line %d", key.Text, same.Pos.Line).
			WithHint("keep one of the two")
	}
	return nil
}

func scalar(n *Node, y *yaml.Node) {
	n.Text = y.Value
	switch {
	case y.Style&yaml.SingleQuotedStyle != 0:
		n.style = singleQuoted
	case y.Style&yaml.DoubleQuotedStyle != 0:
		n.style = doubleQuoted
	case y.Style&yaml.LiteralStyle != 0:
		n.style = literal
	case y.Style&yaml.FoldedStyle != 0:
		n.style = folded
	}
	n.Quoted = n.style != plain || y.Style&yaml.TaggedStyle != 0 && y.Tag == "!!str"
	if !n.Quoted {
		switch y.Value {
		case "", "~", "null", "Null", "NULL":
			n.Null = true
		}
	}
}

// contentColumn returns the column of what follows the anchor and the tag at
// pos, pos.Col if nothing follows on that line.
func (t *tree) contentColumn(pos Pos) int {
	line := t.file.Line(pos.Line)
	at := byteIndex(line, pos.Col)
	rest := line[at:]
	for rest != "" && (rest[0] == '&' || rest[0] == '!') {
		ends := " \t,]}"
		if rest[0] == '&' {
			ends = " \t,]}?:%@`"
		}
		i := strings.IndexAny(rest, ends)
		if i < 0 || strings.IndexByte(",]}", rest[i]) >= 0 {
			return pos.Col
		}
		rest = strings.TrimLeft(rest[i:], " \t")
	}
	if rest == "" || rest[0] == '#' {
		return pos.Col
	}
	return pos.Col + utf8.RuneCountInString(line[at:len(line)-len(rest)])
}

// tagColumn returns the column of the tag of a value at col, before which an
// anchor may be; col if the tag is not on that line.
func tagColumn(line string, col int) int {
	rest := line[byteIndex(line, col):]
	if tag := strings.Index(rest, " !"); tag >= 0 && rest[0] == '&' {
		return col + utf8.RuneCountInString(rest[:tag+1])
	}
	return col
}
