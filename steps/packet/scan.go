package packet

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// A SyntaxError says what is wrong at which place of a text.
type SyntaxError struct {
	Offset  int // of the place, in bytes from the begin of the text
	Message string
	Hint    string // what helps; it may be empty
}

func (e *SyntaxError) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + ": " + e.Hint
}

// Place is the place of the error, what is wrong and what helps.
func (e *SyntaxError) Place() (offset int, msg, hint string) { return e.Offset, e.Message, e.Hint }

// A scanner reads a text from left to right. The first error stays; after it
// nothing more is read.
type scanner struct {
	text   string
	at     int
	quotes bool // it is in a packet that is quoted
	err    *SyntaxError
}

func (s *scanner) fail(at int, hint, format string, args ...any) {
	if s.err == nil {
		s.err = &SyntaxError{at, fmt.Sprintf(format, args...), hint}
		s.at = len(s.text)
	}
}

// unknown fails at a word that is not one of those that can be there; without a
// word, what it names is missing.
func (s *scanner) unknown(at int, word, what, hint, format string, args ...any) {
	if word == "" {
		format, args = "%s is missing", []any{what}
	}
	s.fail(at, hint, format, args...)
}

// space skips blanks.
func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

// rest is what is left, without blanks in front.
func (s *scanner) rest() string {
	s.space()
	return s.text[s.at:]
}

// is reports whether the text goes on with a character.
func (s *scanner) is(c byte) bool {
	r := s.rest()
	return r != "" && r[0] == c
}

// take reads a character if the text goes on with it.
func (s *scanner) take(c byte) bool {
	if !s.is(c) {
		return false
	}
	s.at++
	return true
}

// need reads a character; what says where it must be.
func (s *scanner) need(c byte, what string) {
	if s.err == nil && !s.take(c) {
		s.fail(s.at, "", "%q is missing %s", c, what)
	}
}

// peek is the next word, without reading it: letters, digits and what addresses
// and names are made of.
func (s *scanner) peek() string {
	r := s.rest()
	end := strings.IndexFunc(r, func(c rune) bool {
		return !inWord(c) && !strings.ContainsRune("-:.", c)
	})
	if end < 0 {
		return r
	}
	return r[:end]
}

// word reads the next word if it is the one that is given.
func (s *scanner) word(w string) bool {
	if s.peek() != w {
		return false
	}
	s.at += len(w)
	return true
}

// letters reads letters, digits and underscores.
func (s *scanner) letters() string {
	r := s.rest()
	end := strings.IndexFunc(r, func(c rune) bool { return !inWord(c) })
	if end < 0 {
		end = len(r)
	}
	s.at += end
	return r[:end]
}

// inWord reports whether a character is a letter, a digit or an underscore.
func inWord(c rune) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' && c <= 127
}

func startsWithWord(text string) bool { return text != "" && inWord(rune(text[0])) }

// any reports whether the text goes on with that word.
func (s *scanner) any() bool {
	r := s.rest()
	return strings.HasPrefix(r, "any") && (len(r) == len("any") || !inWord(rune(r[len("any")])))
}

// startsNumber reports whether the text goes on with a number.
func (s *scanner) startsNumber() bool {
	r := s.rest()
	return s.any() || r != "" && r[0] >= '0' && r[0] <= '9'
}

// number reads a number from 0 to limit, a range or any; what names it.
func (s *scanner) number(what string, limit uint32) Number {
	s.space()
	begin := s.at
	if s.any() {
		s.at += len("any")
		return Number{form: anyNumber, at: begin}
	}
	first := s.digits(what, limit)
	if !strings.HasPrefix(s.text[s.at:], "..") {
		return Number{oneNumber, first, first, begin}
	}
	s.at += len("..")
	last := s.digits("the end of the range", limit)
	if s.err == nil && last < first {
		s.fail(begin, "", "the range ends before it begins")
	}
	return Number{numberRange, first, last, begin}
}

// numberHint is what a number is.
const numberHint = "write a number, a range as 1..10, or any"

func (s *scanner) digits(what string, limit uint32) uint32 {
	if s.err != nil {
		return 0
	}
	begin, rest := s.at, s.text[s.at:]
	after := strings.TrimLeft(rest, "0123456789")
	digits := rest[:len(rest)-len(after)]
	end := strings.IndexAny(rest+" ", " \t<>[](),:")
	fraction := strings.HasPrefix(after, ".") && !strings.HasPrefix(after, "..")
	switch {
	case end == 0:
		s.fail(begin, numberHint, "%s is missing", what)
		return 0
	case digits == "" || fraction || startsWithWord(after):
		s.fail(begin, numberHint, "%s is %q, which is not a number", what, rest[:end])
		return 0
	}
	s.at += len(digits)
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > uint64(limit) {
		s.fail(begin, "", "%s is from 0 to %d", what, limit)
		return 0
	}
	return uint32(n)
}

// hex reads bytes as pairs of hexadecimal digits; without digits there are no
// bytes.
func (s *scanner) hex() []byte {
	s.space()
	begin := s.at
	digits := s.letters()
	b, err := hex.DecodeString(digits)
	if err != nil {
		s.fail(begin, "write an even number of digits from 0 to f", "%q is not bytes in hexadecimal", digits)
	}
	return b
}

// address reads an IP address or any.
func (s *scanner) address(what string) Address {
	s.space()
	begin := s.at
	w := s.peek()
	s.at += len(w)
	if w == "any" {
		return Address{any: true, at: begin}
	}
	ip, err := netip.ParseAddr(w)
	const hint = "write an IP address as 192.0.2.1, or any"
	switch {
	case w == "":
		s.fail(begin, hint, "%s is missing", what)
	case err != nil:
		s.fail(begin, hint, "%s is %q, which is not an IP address", what, w)
	}
	return Address{IP: ip, at: begin}
}

// anything reports whether something is left that is not a closing bracket.
func (s *scanner) anything() bool {
	r := s.rest()
	return r != "" && r[0] != ']'
}

const maxNumber = math.MaxUint32
