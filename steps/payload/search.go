package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// IndexFrom is where want begins in b, whose first bytes were looked through in
// vain; -1 where it is not there.
func IndexFrom(b, want []byte, looked int) int {
	from := max(0, looked-len(want)+1)
	if i := bytes.Index(b[from:], want); i >= 0 {
		return from + i
	}
	return -1
}

// findRegexp is regexp.FindSubmatchIndex, but that it ends with the step's
// time: some expressions take long for each byte.
func findRegexp(env value.Env, re *regexp.Regexp, b []byte) ([]int, error) {
	in := &timedRunes{env: env, bytes: b}
	found := re.FindReaderSubmatchIndex(in)
	return found, in.err
}

// timedRunes are the characters of a text, up to where the time is up.
type timedRunes struct {
	env   value.Env
	bytes []byte
	at    int
	reads int
	err   error
}

// runesPerLook is how many characters are read between two looks at the clock.
const runesPerLook = 64

// ReadRune implements io.RuneReader.
func (t *timedRunes) ReadRune() (rune, int, error) {
	if t.at == len(t.bytes) {
		return 0, 0, io.EOF
	}
	if t.reads++; t.reads%runesPerLook == 0 && t.err == nil {
		t.err = t.env.Overdue()
	}
	if t.err != nil {
		return 0, 0, t.err
	}
	c, size := utf8.DecodeRune(t.bytes[t.at:])
	t.at += size
	return c, size, nil
}

// A Search looks for what is expected in a stream, as its bytes come.
type Search struct {
	want   []byte // nil where nothing is to be contained
	end    int    // of want in the bytes, where it was found
	found  bool
	re     *regexp.Regexp // nil where nothing is to match
	scan   *scanner
	looked int // bytes that scan has looked at
}

// Search begins to look for what contains and matches say.
func (m *Match) Search(env value.Env) (*Search, error) {
	s := new(Search)
	var err error
	if m.Contains.Given() {
		if s.want, err = m.Contains.Bytes(env); err != nil {
			return nil, err
		}
	}
	s.found = !m.Contains.Given()
	if !m.Matches.Given() {
		return s, nil
	}
	if s.re, err = m.Matches.Eval(env); err == nil {
		s.scan, err = newScanner(s.re.String())
	}
	return s, err
}

// Tail is how many of the last bytes may be the beginning of what is contained.
func (s *Search) Tail() int { return len(s.want) - 1 }

// Find looks for what is searched in b and says where it ends; -1 where it is
// not there yet. The first bytes of b were looked through in vain.
func (s *Search) Find(env value.Env, b []byte, looked int) (int, error) {
	if !s.found {
		if i := IndexFrom(b, s.want, looked); i >= 0 {
			s.end, s.found = i+len(s.want), true
		}
	}
	end := 0
	if s.scan != nil {
		var err error
		if end, err = s.matches(env, b); err != nil {
			return -1, err
		}
	}
	if !s.found || end < 0 {
		return -1, nil
	}
	return max(s.end, end), nil
}

// matches is where the first match in b ends; -1 where there is none. Only one
// that there is is looked for from the beginning of b.
func (s *Search) matches(env value.Env, b []byte) (int, error) {
	n, err := s.scan.add(env, b[s.looked:])
	s.looked += n
	if err != nil || !s.found || !s.scan.found(b[s.looked:]) {
		return -1, err
	}
	loc, err := findRegexp(env, s.re, b)
	if err != nil || loc == nil {
		return -1, err
	}
	return loc[1], nil
}

func sumOf(h hash.Hash) *event.SHA256 {
	return &event.SHA256{Hex: sync.OnceValue(func() string { return hex.EncodeToString(h.Sum(nil)) })}
}

// Digest is the SHA-256 of the content, and what must be given the bytes as
// they go: only those that cannot be had again are hashed then.
func (c *Content) Digest() (*event.SHA256, io.Writer) {
	switch {
	case c.Once:
		h := sha256.New()
		return sumOf(h), h
	case c.sum == nil:
		open := c.Open
		c.sum = &event.SHA256{Hex: sync.OnceValue(func() string {
			h := sha256.New()
			io.Copy(h, open()) // none of these readers fails
			return hex.EncodeToString(h.Sum(nil))
		})}
	}
	return c.sum, io.Discard
}

// A scanner looks for a match of a regular expression in a text that comes in
// pieces, and looks at each character once: package regexp would have to begin
// again with each piece. It says that there is a match, not where.
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

// newScanner is a scanner for an expression that has been compiled.
func newScanner(expr string) (*scanner, error) {
	prog, err := value.RegexpProgram(expr)
	if err != nil {
		return nil, err
	}
	return &scanner{prog: prog, at: newThreads(prog), next: newThreads(prog), spare: newThreads(prog), before: endOfText}, nil
}

// add looks at what comes next, and returns how much of it: a character that is
// not whole yet is left.
func (s *scanner) add(env value.Env, b []byte) (int, error) {
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
