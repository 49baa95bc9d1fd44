package value

import (
	"bytes"
	"io"
	"regexp"
	"unicode/utf8"
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

// findRegexp is regexp.FindSubmatchIndex, but that it ends with the step's time:
// some expressions take long for each byte.
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
