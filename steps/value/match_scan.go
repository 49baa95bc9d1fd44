package value

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// A scanner looks for a match of a regular expression in a text that comes in
// pieces, and looks at each character once: package regexp would have to begin
// anew with each piece. It says that there is a match, not where.
type scanner struct {
	prog    *syntax.Prog
	at      *threads // those that wait for the next character
	next    *threads
	spare   *threads
	before  rune // the last character; -1 at the beginning
	matched bool
}

// threads is a set of instructions of a program.
type threads struct {
	list []uint32
	has  []bool
}

func newThreads(prog *syntax.Prog) *threads { return &threads{has: make([]bool, len(prog.Inst))} }

func (t *threads) clear() {
	for _, pc := range t.list {
		t.has[pc] = false
	}
	t.list = t.list[:0]
}

// endOfText stands for the character behind the last one.
const endOfText = rune(-1)

// newScanner is a scanner for an expression that compileRegexp has accepted.
func newScanner(expr string) (*scanner, error) {
	prog, err := programOf(expr)
	if err != nil {
		return nil, err
	}
	return &scanner{prog: prog, at: newThreads(prog), next: newThreads(prog), spare: newThreads(prog), before: endOfText}, nil
}

func programOf(expr string) (*syntax.Prog, error) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return syntax.Compile(tree.Simplify())
}

// compileRegexp compiles an expression, unless that makes too much of it: a
// repetition such as x{1000} is written out.
func compileRegexp(expr string) (*regexp.Regexp, error) {
	if err := maxRegexp.Check(int64(len(expr))); err != nil {
		return nil, err
	}
	prog, err := programOf(expr)
	if err != nil {
		return nil, err
	}
	if err := maxRegexp.Check(int64(len(prog.Inst))); err != nil {
		return nil, err
	}
	return regexp.Compile(expr)
}

// asSyntax is what is wrong with the text of an expression.
func asSyntax(err error) (string, bool) {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return "", false
	}
	return strings.TrimPrefix(wrong.Error(), "error parsing regexp: "), true
}

// add looks at what comes next, and returns how much of it: a character that is
// not whole yet is left.
func (s *scanner) add(env Env, b []byte) (int, error) {
	n := 0
	for looks := 0; n < len(b) && !s.matched && utf8.FullRune(b[n:]); looks++ {
		if looks%(16*runesPerLook) == 0 {
			if err := env.Overdue(); err != nil {
				return n, err
			}
		}
		c, size := utf8.DecodeRune(b[n:])
		s.step(c)
		n += size
	}
	if s.matched {
		return len(b), nil
	}
	return n, nil
}

// found reports whether there is a match if the text ends here, behind rest,
// the beginning of a character.
func (s *scanner) found(rest []byte) bool {
	if s.matched {
		return true
	}
	end := *s
	end.at, end.spare = s.spare, s.at // which stays as it is
	end.at.clear()
	for _, pc := range s.at.list {
		end.at.put(pc)
	}
	for range rest {
		end.step(utf8.RuneError)
	}
	found := end.matched || end.follow(endOfText)
	s.spare, s.next = end.at, end.next
	return found
}

func (t *threads) put(pc uint32) bool {
	if t.has[pc] {
		return false
	}
	t.has[pc] = true
	t.list = append(t.list, pc)
	return true
}

// step goes on over one character.
func (s *scanner) step(c rune) {
	s.matched = s.matched || s.follow(c)
	s.next.clear()
	for _, pc := range s.at.list {
		switch i := &s.prog.Inst[pc]; i.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if i.MatchRune(c) {
				s.next.put(i.Out)
			}
		}
	}
	s.at, s.next = s.next, s.at
	s.before = c
}

// follow adds all that can be reached before the character c, a match that
// begins here too, and reports whether the end of the program is among it.
func (s *scanner) follow(c rune) bool {
	context := syntax.EmptyOpContext(s.before, c)
	s.at.put(uint32(s.prog.Start))
	matched := false
	for k := 0; k < len(s.at.list); k++ {
		switch i := &s.prog.Inst[s.at.list[k]]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			s.at.put(i.Out)
			s.at.put(i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			s.at.put(i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^context == 0 {
				s.at.put(i.Out)
			}
		case syntax.InstMatch:
			matched = true
		}
	}
	return matched
}
