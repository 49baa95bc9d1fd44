package program

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

const (
	tailKept = 8 << 10 // what is kept of an output for a failure report
	// tailBefore is kept too, to see whether an escape sequence of a terminal
	// is cut.
	tailBefore = 256
)

// tail keeps the last bytes that were written to it.
type tail struct {
	mu    sync.Mutex
	bytes []byte
	total int64
}

func (t *tail) Write(b []byte) (int, error) {
	const most = tailKept + tailBefore
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += int64(len(b))
	t.bytes = append(t.bytes, b[max(0, len(b)-most):]...)
	if extra := len(t.bytes) - most; extra > 0 {
		t.bytes = append(t.bytes[:0], t.bytes[extra:]...)
	}
	return len(b), nil
}

// text is what was kept, from the beginning of a line, and how many bytes came
// before it. Where all of it is of one line, dots are in place of what is
// missing.
func (t *tail) text() (string, int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.total <= tailKept {
		return string(t.bytes), 0
	}
	cut, dots := len(t.bytes)-tailKept, ""
	if i := bytes.IndexByte(t.bytes[cut-1:], '\n'); i >= 0 && cut+i < len(t.bytes) {
		cut += i
	} else {
		cut, dots = wholeFrom(t.bytes, cut), "…"
	}
	return dots + string(t.bytes[cut:]), t.total - int64(len(t.bytes)-cut)
}

// wholeFrom is the first place from another one on where neither a character
// nor an escape sequence is cut.
func wholeFrom(b []byte, at int) int {
	if i := bytes.LastIndexByte(b[:at], escape); i >= 0 {
		at = max(at, i+escapeLength(b[i:]))
	}
	for n := 0; n < utf8.UTFMax-1 && at < len(b) && !utf8.RuneStart(b[at]); n++ {
		at++
	}
	return at
}

// escape begins what moves the cursor of a terminal, colors its text and so on.
const escape = 0x1b

// escapeLength is the length of the escape sequence with which bytes begin
// (ECMA-48, 5.3 to 5.6); 0 where it does not end.
func escapeLength(b []byte) int {
	end := func(from int, last func(c byte) bool) int {
		if i := bytes.IndexFunc(b[from:], func(r rune) bool { return r < utf8.RuneSelf && last(byte(r)) }); i >= 0 {
			return from + i + 1
		}
		return 0
	}
	switch {
	case len(b) < 2:
		return 0
	case b[1] == '[':
		return end(2, func(c byte) bool { return c >= '@' && c <= '~' })
	case bytes.IndexByte([]byte("]PX^_"), b[1]) >= 0: // a text, up to BEL or ESC \
		n := end(2, func(c byte) bool { return c == '\a' || c == escape })
		if n > 0 && n < len(b) && b[n-1] == escape {
			n++
		}
		return n
	}
	return end(1, func(c byte) bool { return c >= '0' })
}
