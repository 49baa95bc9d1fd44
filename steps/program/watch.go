package program

import (
	"bytes"
	"sync"

	"github.com/sockscript/sockscript/steps/value"
)

// A Watch waits for one line among those that a program writes. It only looks:
// every byte goes where it goes without a watch.
type Watch struct {
	// Over is closed once the line has come, or can come no more.
	Over chan struct{}

	matches func(line []byte) bool
	on      [2]bool // which of standard output and error it looks at

	mu    sync.Mutex
	rest  [2][]byte // of lines whose end has not come
	open  int       // outputs whose end has not come
	over  bool
	found []byte
}

// NewWatch returns a watch on those of the outputs stdout and stderr that are
// named.
func NewWatch(outputs []string, matches func(line []byte) bool) *Watch {
	w := &Watch{Over: make(chan struct{}), matches: matches, open: len(outputs)}
	for i, name := range outputNames {
		for _, o := range outputs {
			w.on[i] = w.on[i] || o == name
		}
	}
	return w
}

var outputNames = [2]string{"stdout", "stderr"}

// Line is the line that has come; nil where none has.
func (w *Watch) Line() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found
}

// seen looks at what output i has written.
func (w *Watch) seen(i int, b []byte) {
	if w == nil || !w.on[i] {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.over {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		room := int(value.MaxLine.Most) - len(w.rest[i])
		w.rest[i] = append(w.rest[i], line[:min(len(line), room)]...)
		if !whole {
			return
		}
		w.line(i)
		b = rest
	}
}

// ended says that output i has come to its end.
func (w *Watch) ended(i int) {
	if w == nil || !w.on[i] {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over && len(w.rest[i]) > 0 {
		w.line(i)
	}
	if w.open--; w.open == 0 {
		w.end()
	}
}

// line looks at a line that is whole.
func (w *Watch) line(i int) {
	line := bytes.TrimSuffix(w.rest[i], []byte("\r")) // as a terminal ends it
	if w.matches(line) {
		w.found = append([]byte{}, line...)
		w.end()
	}
	w.rest[i] = w.rest[i][:0]
}

func (w *Watch) end() {
	if !w.over {
		w.over, w.rest = true, [2][]byte{}
		close(w.Over)
	}
}
