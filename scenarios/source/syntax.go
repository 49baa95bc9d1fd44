package source

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	unknownAnchor     = "no value is named %q before this alias"
	unknownAnchorHint = "name it with \"&\", or quote a text that begins with \"*\""
	tabIndents        = "a tab cannot indent YAML"
	quoteWhole        = "put the whole text in quotes"
	quoteBrackets     = "quote a text that holds \"[\", \"]\", \"{\", \"}\" or \",\""
)

// A fault is a syntax error on its way to become a problem.
type fault struct {
	failure
	file  *File
	chunk *chunk
	at    Pos  // where the library noticed
	from  Pos  // where what it was reading begins
	atEnd bool // it noticed at the end of the chunk
}

// syntaxProblem says in plain words what the library could not read.
func (p *parser) syntaxProblem(c *chunk, dec *yaml.Decoder, err error) *Problem {
	f := &fault{failure: inspect(dec, err), file: p.file, chunk: c}
	f.at, f.atEnd = f.place(f.noticed)
	f.from, _ = f.place(f.began)
	if explain := explanations[f.what]; explain != nil {
		return explain(f)
	}
	return f.explainOther()
}

// place returns where m is in the file. The end of the chunk is the end of
// its last line that is not blank.
func (f *fault) place(m mark) (pos Pos, atEnd bool) {
	line, col := f.chunk.locate(max(m.line, 1), m.col)
	if m.col == 0 { // the library gave only a line
		col = firstNonBlank(f.file.Line(line))
	}
	pos = f.file.pos(line, col)
	last := f.chunk.lastLine()
	for last > f.chunk.first && strings.TrimSpace(f.file.Line(last)) == "" {
		last--
	}
	end := utf8.RuneCountInString(strings.TrimRight(f.file.Line(last), " \t")) + 1
	if line > last || line == last && col >= end {
		return f.file.pos(last, end), true
	}
	return pos, false
}

// rest returns what is at pos and after it on its line.
func (f *fault) rest(pos Pos) string {
	line := f.file.Line(pos.Line)
	return line[byteIndex(line, pos.Col):]
}

// first returns the character at pos as a message shows it.
func (f *fault) first(pos Pos) string {
	_, size := utf8.DecodeRuneInString(f.rest(pos))
	return f.rest(pos)[:size]
}

// startsLine reports whether nothing but blanks is before f.at.
func (f *fault) startsLine() bool {
	return f.at.Col == firstNonBlank(f.file.Line(f.at.Line))
}

// explanations says what each message of the library means to the writer of a
// file. Those that are missing are clear enough, or very rare.
var explanations = map[string]func(*fault) *Problem{
	"mapping values are not allowed in this context":               (*fault).strayColon,
	"found character that cannot start any token":                  (*fault).strayCharacter,
	"could not find expected ':'":                                  (*fault).missingColon,
	"did not find expected key":                                    (*fault).expectedKey,
	"did not find expected '-' indicator":                          (*fault).expectedItem,
	"did not find expected ',' or ']'":                             (*fault).unclosedList,
	"did not find expected ',' or '}'":                             (*fault).unclosedMapping,
	"did not find expected node content":                           (*fault).missingValue,
	"found unexpected end of stream":                               (*fault).unclosedQuote,
	"found unexpected document indicator":                          (*fault).unclosedQuote,
	"found unknown escape character":                               (*fault).unknownEscape,
	"found a tab character that violates indentation":              here(tabIndents, "use spaces"),
	"found a tab character where an indentation space is expected": here(tabIndents, "use spaces"),
	"did not find expected hexdecimal number":                      here("hexadecimal digits are missing in this escape", "write \\\\ for a backslash, or use single quotes"),
	"found invalid Unicode character escape code":                  here("this escape is not a Unicode character", "write \\\\ for a backslash, or use single quotes"),
	"block sequence entries are not allowed in this context":       here("a list item is not allowed here", "begin the list on a line of its own, write it as [a, b], or quote a text that begins with \"- \""),
	"mapping keys are not allowed in this context":                 here("a text cannot begin with \"? \"", quoteWhole),
	"did not find expected alphabetic or numeric character":        here("a name is missing after \"&\" or \"*\"", "quote a text that begins so"),
	"found an indentation indicator equal to 0":                    here("a block text cannot be indented by 0", "write 1 to 9, or leave the number out"),
	"did not find expected <document start>":                       here("the document has ended before this", "begin another one with a line \"---\""),
	"found incompatible YAML document":                             here("this version of YAML is not supported", "remove the line"),
	"found duplicate %YAML directive":                              here("the version of YAML is given twice", "remove one of the two lines"),
}

// here explains a mistake that lies just where the library noticed it.
func here(msg, hint string) func(*fault) *Problem {
	return func(f *fault) *Problem {
		return f.file.problem(f.at, "%s", msg).WithHint("%s", hint)
	}
}

// explainOther explains messages that are distinguished by their context or
// that carry a name, and passes on the rest as it is.
func (f *fault) explainOther() *Problem {
	const unknown, known = "unknown anchor '", "' referenced"
	switch {
	case strings.HasPrefix(f.what, unknown):
		name := strings.TrimSuffix(strings.TrimPrefix(f.what, unknown), known)
		return f.file.problem(f.at, unknownAnchor, name).WithHint(unknownAnchorHint)
	case strings.HasSuffix(f.context, "a tag"), f.what == "found undefined tag handle":
		return f.file.problem(f.from, "tags are not supported").
			WithHint("quote a text that begins with \"!\"")
	case strings.HasSuffix(f.context, "a block scalar"):
		return f.file.problem(f.at, "a text cannot follow \"|\" or \">\" on the same line").
			WithHint("begin the text on the next line, or quote a text that begins so")
	case strings.HasSuffix(f.context, "directive"):
		return f.file.problem(f.from, "this line is read as a YAML directive: %s", f.what).
			WithHint("quote a text that begins with \"%%\"")
	case strings.HasPrefix(f.what, "exceeded max depth"):
		return f.file.problem(f.at, "values are nested too deeply").WithHint("remove levels of nesting")
	}
	return f.file.problem(f.at, "%s", f.what)
}

func (f *fault) strayCharacter() *Problem {
	switch c := f.first(f.at); c {
	case "\t":
		return here(tabIndents, "use spaces")(f)
	case "@", "`", "%":
		return f.file.problem(f.at, "a text cannot begin with %q", c).WithHint(quoteWhole)
	default:
		return f.file.problem(f.at, "%q is not allowed here", c).WithHint(quoteWhole)
	}
}

// strayColon explains ": " where no key can be: in a text on the line of its
// own key, or on a line that the library reads as more of the text above.
func (f *fault) strayColon() *Problem {
	line := f.file.Line(f.at.Line)
	start := firstNonBlank(line)
	if tab := strings.IndexByte(line[:start-1], '\t'); tab >= 0 {
		f.at.Col = tab + 1
		return here(tabIndents, "use spaces")(f)
	}
	before := line[start-1 : byteIndex(line, f.at.Col)]
	above := f.lineAbove()
	switch {
	case strings.Contains(before, ": "):
		return f.file.problem(f.at, "a text cannot hold \": \" unless it is quoted").WithHint(quoteWhole)
	case above == 0:
		return f.file.problem(f.at, "a \":\" is not allowed here").WithHint(quoteWhole)
	}
	f.at.Col = start
	return f.file.problem(f.at, "a key is not allowed here: this line continues the text of line %d", above).
		WithHint("line it up with the keys above, or end line %d with \":\"", above)
}

// lineAbove returns the number of the last line before f.at that has more
// than a comment, 0 if the chunk has none.
func (f *fault) lineAbove() int {
	for n := f.at.Line - 1; n >= f.chunk.first; n-- {
		line := strings.TrimSpace(f.file.Line(n))
		if line != "" && line[0] != '#' && !isMarker(line, "---") {
			return n
		}
	}
	return 0
}

func (f *fault) missingColon() *Problem {
	return f.file.problem(f.from, "a \":\" is missing after this key").
		WithHint("write \"key: value\", or indent a text of several lines deeper than its key")
}

// endedBefore explains text after the end of a value on the same line, and
// brackets that close nothing; nil if it is neither.
func (f *fault) endedBefore() *Problem {
	switch c := f.first(f.at); {
	case c == "]" || c == "}":
		return f.file.problem(f.at, "this %q closes nothing", c).WithHint(quoteBrackets)
	case !f.startsLine():
		return f.file.problem(f.at, "the value has ended before this").WithHint(quoteWhole)
	case c == ":":
		return f.file.problem(f.at, "a key is missing before \":\"").WithHint("write \"key: value\"")
	}
	return nil
}

func (f *fault) expectedKey() *Problem {
	if p := f.endedBefore(); p != nil {
		return p
	}
	if isMarker(f.rest(f.at), "-") {
		return f.file.problem(f.at, "a list item is not allowed among the keys of a mapping").
			WithHint("the mapping begins on line %d; indent a list below its key", f.from.Line)
	}
	return f.file.problem(f.at, "this line does not line up with the keys above it").
		WithHint("the mapping around it begins on line %d, column %d", f.from.Line, f.from.Col)
}

func (f *fault) expectedItem() *Problem {
	if p := f.endedBefore(); p != nil {
		return p
	}
	return f.file.problem(f.at, "this is not an item of the list that begins on line %d", f.from.Line).
		WithHint("begin it with \"- \", or give it the indentation of what it belongs to")
}

func (f *fault) unclosedList() *Problem    { return f.unclosed("[", "]") }
func (f *fault) unclosedMapping() *Problem { return f.unclosed("{", "}") }

// unclosed points at the mistake if it is on the line of the bracket. If not,
// the bracket is the likelier mistake, as the library reads on past it.
func (f *fault) unclosed(open, closing string) *Problem {
	switch {
	case f.atEnd:
		return f.file.problem(f.from, "this %q is never closed", open).WithHint("close it with %q", closing)
	case f.at.Line == f.from.Line:
		return f.file.problem(f.at, "\",\" or %q is missing before this", closing).WithHint(quoteBrackets)
	}
	return f.file.problem(f.from, "this %q is not closed", open).
		WithHint("\",\" or %q is missing before line %d, column %d", closing, f.at.Line, f.at.Col)
}

func (f *fault) missingValue() *Problem {
	if f.atEnd {
		return f.file.problem(f.at, "the text ends where a value should be").
			WithHint("close every \"[\" and \"{\"")
	}
	return f.file.problem(f.at, "a value is missing before %q", f.first(f.at)).WithHint(quoteBrackets)
}

func (f *fault) unclosedQuote() *Problem {
	return f.file.problem(f.from, "this quote is never closed").WithHint("end the text with the same quote")
}

func (f *fault) unknownEscape() *Problem {
	escape := f.rest(f.at)
	escape = escape[:byteIndex(escape, 3)]
	return f.file.problem(f.at, "the escape %s is not known", escape).
		WithHint("write \\\\ for a backslash, or use single quotes")
}
