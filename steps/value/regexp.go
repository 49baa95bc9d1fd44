package value

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Regexp is a regular expression in RE2 syntax, compiled at load where it
// holds no expression.
type Regexp struct {
	Text
	re *regexp.Regexp
}

// Decode reads and compiles the expression.
func (r *Regexp) Decode(d *Decoder, n *source.Node) {
	r.Text.Decode(d, n)
	s, static := r.Static()
	if !r.given || !static {
		return
	}
	may, err := d.mayMatch(n, n.Pos, s)
	if may {
		r.re, err = regexp.Compile(s)
	}
	switch syntax, wrong := asSyntax(err); {
	case wrong:
		d.Problem(n, "regular expression: %s", syntax).Hint = "the syntax is RE2's"
	case err != nil:
		d.Problem(n, "%s", err)
	}
}

// Type names the type in the reference.
func (r *Regexp) Type() string { return "regular expression" }

// NamesIn implements [Namer].
func (r *Regexp) NamesIn(n *source.Node, add func(string)) {
	for _, name := range groupNames(n.Text) {
		add(name)
	}
}

// Groups are the names that a match sets.
func (r *Regexp) Groups() []string {
	if !r.given {
		return nil
	}
	return groupNames(r.Node.Text)
}

var groupName = source.Pattern(`\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>`)

func groupNames(expr string) []string {
	var names []string
	for _, m := range groupName().FindAllStringSubmatch(expr, -1) {
		names = append(names, m[1])
	}
	return names
}

// Eval is the compiled expression.
func (r *Regexp) Eval(env Env) (*regexp.Regexp, error) {
	if r.re != nil {
		return r.re, nil
	}
	s, err := r.Text.Eval(env)
	if err != nil {
		return nil, err
	}
	re, err := compileRegexp(s)
	if syntax, wrong := asSyntax(err); wrong {
		return nil, Mismatchf("regular expression %s: %s", Quote(s), syntax)
	}
	return re, err
}

// RegexpProgram is what an expression compiles to.
func RegexpProgram(expr string) (*syntax.Prog, error) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return syntax.Compile(tree.Simplify())
}

// compileRegexp compiles an expression, unless that makes too much of it.
func compileRegexp(expr string) (*regexp.Regexp, error) {
	if _, err := sizeOfRegexp(expr); err != nil {
		return nil, err
	}
	return regexp.Compile(expr)
}

// sizeOfRegexp is how many instructions an expression compiles to: a repetition
// such as x{1000} is written out.
func sizeOfRegexp(expr string) (int64, error) {
	if err := maxRegexp.Check(int64(len(expr))); err != nil {
		return 0, err
	}
	prog, err := RegexpProgram(expr)
	if err != nil {
		return 0, err
	}
	size := int64(len(prog.Inst))
	return size, maxRegexp.Check(size)
}

// asSyntax is what is wrong with the text of an expression.
func asSyntax(err error) (string, bool) {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return "", false
	}
	return strings.TrimPrefix(wrong.Error(), "error parsing regexp: "), true
}
