package source

import (
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// ParseFile reads and parses the file at path. The error is that of reading
// the file; what is wrong inside it is in the problems.
func ParseFile(path string) ([]*Node, Problems, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading a scenario file: %w", err)
	}
	nodes, problems := Parse(path, data)
	return nodes, problems, nil
}

// Parse parses YAML text and returns the root of each document, skipping
// documents that hold nothing, and all problems found, sorted. A document
// with a syntax error has no root; those around it have theirs. name is the
// file name in positions. Parse keeps data, which must not be changed.
func Parse(name string, data []byte) ([]*Node, Problems) {
	f := &File{Name: name, Data: data}
	if len(data) > MaxFile {
		return nil, Problems{{Pos: Pos{File: name, Line: 1, Col: 1}, Msg: fmt.Sprintf("the file has more than %dMiB", MaxFile>>20)}}
	}
	text, problems, ok := cleanText(f)
	if !ok {
		return nil, problems
	}
	p := &parser{file: f, problems: problems}
	for _, c := range chunks(text) {
		if p.nodes > MaxNodes {
			break
		}
		p.parse(c)
	}
	p.problems.Sort()
	return p.roots, p.problems
}

// A parser holds what the documents of one file have in common.
type parser struct {
	file     *File
	roots    []*Node
	problems Problems
	nodes    int // made so far, see MaxNodes
	copies   int // of these, those that aliases made
}

func (p *parser) report(problem *Problem) {
	p.problems = append(p.problems, problem)
}

// parse takes the documents of c up to the first that is broken.
func (p *parser) parse(c *chunk) {
	dec := yaml.NewDecoder(strings.NewReader(c.text))
	for {
		var doc yaml.Node
		err := decode(dec, &doc)
		if err == io.EOF {
			return
		}
		if err != nil {
			p.report(p.syntaxProblem(c, dec, err))
			return
		}
		if root := p.document(c, &doc); root != nil {
			p.roots = append(p.roots, root)
		}
	}
}

// decode takes the next document. The library panics on what it believes
// cannot happen; at this boundary that becomes an error.
func decode(dec *yaml.Decoder, doc *yaml.Node) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError{v}
		}
	}()
	return dec.Decode(doc)
}

// panicError is what the YAML library panicked with.
type panicError struct{ value any }

func (e panicError) Error() string {
	return fmt.Sprintf("the YAML library cannot read this: %v", e.value)
}
