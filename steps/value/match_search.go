package value

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

// unseen is where a match can begin at the earliest in a text whose first bytes
// were looked through in vain: so far before their end as a match is long.
func unseen(re *regexp.Regexp, looked int) int {
	if looked == 0 {
		return 0
	}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return 0
	}
	longest, bounded := longestMatch(tree)
	if !bounded {
		return 0
	}
	return max(0, looked-longest)
}

// longestMatch is how many bytes a match has at most. It is not bounded where
// the expression repeats without end, or where a match depends on what stands
// beside it.
func longestMatch(re *syntax.Regexp) (n int, bounded bool) {
	switch re.Op {
	case syntax.OpNoMatch, syntax.OpEmptyMatch:
		return 0, true
	case syntax.OpLiteral:
		return utf8.UTFMax * len(re.Rune), true
	case syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return utf8.UTFMax, true
	case syntax.OpCapture, syntax.OpQuest:
		return longestMatch(re.Sub[0])
	case syntax.OpRepeat:
		one, ok := longestMatch(re.Sub[0])
		return one * re.Max, ok && re.Max >= 0
	case syntax.OpConcat, syntax.OpAlternate:
		for _, part := range re.Sub {
			one, ok := longestMatch(part)
			if !ok {
				return 0, false
			}
			if re.Op == syntax.OpAlternate {
				n = max(n, one)
			} else {
				n += one
			}
		}
		return n, true
	}
	return 0, false
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
