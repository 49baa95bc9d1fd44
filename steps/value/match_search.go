package value

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"regexp"
	"sync"
	"unicode/utf8"

	"github.com/sockscript/sockscript/steps/event"
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
func findRegexp(env Env, re *regexp.Regexp, b []byte) ([]int, error) {
	in := &timedRunes{env: env, bytes: b}
	found := re.FindReaderSubmatchIndex(in)
	return found, in.err
}

// timedRunes are the characters of a text, up to where the time is up.
type timedRunes struct {
	env   Env
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
func (m *Match) Search(env Env) (*Search, error) {
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
func (s *Search) Find(env Env, b []byte, looked int) (int, error) {
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
func (s *Search) matches(env Env, b []byte) (int, error) {
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
