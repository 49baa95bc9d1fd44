package event

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsText is the rule by which bytes are shown as a text or in hexadecimal: they
// are a text where at least four fifths of them belong to printable characters
// and white space. Zero bytes, which C strings and padding bring, count as
// neither. Masked is how many masks replace bytes that are not in
// s: each counts as a character.
func IsText(s string, masked int) bool {
	text, zero := countText(s)
	other := len(s) - text - zero
	text += masked
	return 4*other <= text && (text > 0 || s == "")
}

// countText counts the bytes of s that belong to text, and those that are zero.
func countText(s string) (text, zero int) {
	for len(s) > 0 {
		n := printableASCII(s)
		text += n
		if s = s[n:]; s == "" {
			break
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == 0:
			zero++
		case r == utf8.RuneError && size == 1: // not UTF-8
		case unicode.IsPrint(r), r == '\n', r == '\r', r == '\t':
			text += size
		}
		s = s[size:]
	}
	return text, zero
}

// printableASCII is how many bytes at the start of s are printable ASCII, as
// most of all text is.
func printableASCII(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= utf8.RuneSelf-1 {
			return i
		}
	}
	return len(s)
}

// Shown is data as a transcript shows it: quoted where it is a text, else in
// hexadecimal.
func Shown(s string) string {
	if IsText(s, 0) {
		return Quote(s)
	}
	return "hex:" + hex.EncodeToString([]byte(s))
}

// Line is a value for a line of the scenario's own. Where it has bytes that are
// not text, a mark says so: what of it is masked is known only after the run.
func Line(m Marked) Marked {
	if text, _ := countText(m.Text); text < len(m.Text) {
		m.Marks = append(slices.Clip(m.Marks), Mark{To: len(m.Text), Bytes: true})
	}
	return m
}

// Quote writes a text in double quotes, with what of it is not text as \x1f. A
// zero byte is \0, as strace has it.
func Quote(s string) string {
	quoted := strconv.Quote(s)
	if !strings.Contains(quoted, `\`) {
		return quoted
	}
	var b strings.Builder
	for i := 0; i < len(quoted); i++ {
		if quoted[i] != '\\' {
			b.WriteByte(quoted[i])
			continue
		}
		i++
		switch {
		case strings.HasPrefix(quoted[i:], "x00"):
			b.WriteString(`\0`)
			i += len("00")
		case shortEscapes[quoted[i]] != "":
			b.WriteString(shortEscapes[quoted[i]])
		default:
			b.WriteString(quoted[i-1 : i+1])
		}
	}
	return b.String()
}

// shortEscapes are the letters of Go that few readers know as control
// characters.
var shortEscapes = map[byte]string{'a': `\x07`, 'b': `\x08`, 'v': `\x0b`, 'f': `\x0c`}

// WholeRunes leaves out a character at the end that a cut has torn apart.
func WholeRunes(s string) string {
	for i := len(s) - 1; i >= max(0, len(s)-utf8.UTFMax); i-- {
		if utf8.RuneStart(s[i]) {
			if !utf8.FullRuneInString(s[i:]) {
				return s[:i]
			}
			break
		}
	}
	return s
}
