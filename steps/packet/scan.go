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
		return c > 127 || !strings.ContainsRune("_-:.", c) && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
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
	end := strings.IndexFunc(r, func(c rune) bool {
		return c > 127 || c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	})
	if end < 0 {
		end = len(r)
	}
	s.at += end
	return r[:end]
}

// number reads a number from 0 to limit, a range or any; what names it.
func (s *scanner) number(what string, limit uint32) Number {
	s.space()
	begin := s.at
	if strings.HasPrefix(s.text[s.at:], "any") {
		s.at += len("any")
		return Number{form: anyNumber, at: begin}
	}
	first := s.digits(what, limit)
	if !strings.HasPrefix(s.text[s.at:], "..") || strings.HasPrefix(s.text[s.at:], "...") {
		return Number{oneNumber, first, first, begin}
	}
	s.at += len("..")
	last := s.digits("the end of the range", limit)
	if s.err == nil && last < first {
		s.fail(begin, "", "the range ends before it begins")
	}
	return Number{numberRange, first, last, begin}
}

func (s *scanner) digits(what string, limit uint32) uint32 {
	begin := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	digits := s.text[begin:s.at]
	if s.err != nil {
		return 0
	}
	if digits == "" {
		s.fail(begin, "a number, a range as 1..10, or any", "%s is missing", what)
		return 0
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > uint64(limit) {
		s.fail(begin, "", "%s is from 0 to %d", what, limit)
		return 0
	}
	return uint32(n)
}

// hex reads bytes as pairs of hexadecimal digits; no digits are no bytes.
func (s *scanner) hex() []byte {
	s.space()
	begin := s.at
	digits := s.letters()
	b, err := hex.DecodeString(digits)
	if err != nil {
		s.fail(begin, "an even number of digits from 0 to f", "%q is not bytes in hexadecimal", digits)
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
	if err != nil {
		s.fail(begin, "an IP address as 192.0.2.1, or any", "%s is missing", what)
	}
	return Address{IP: ip, at: begin}
}

// anything reports whether something is left that is not a closing bracket.
func (s *scanner) anything() bool {
	r := s.rest()
	return r != "" && r[0] != ']'
}

const maxNumber = math.MaxUint32
