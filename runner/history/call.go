package history

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// Form says how calls are written.
type Form struct {
	Unmask bool // show ports, paths and process ids as they were
	Full   bool // show all data; the run must have kept it (Options.Full)
}

// mostKept is how large the buffer of a writer may be that is used again.
const mostKept = 4096

// Text is an event as the transcript shows it: recv(conn, 5) = 5 "hello".
func (r *Record) Text(e *event.Event, f Form) string {
	r.prepare()
	w := callWriters.Get().(*callWriter)
	w.masks, w.event, w.form = r.masks, e, f
	text := w.call()
	if w.Cap() <= mostKept {
		w.Reset()
		*w = callWriter{Buffer: w.Buffer}
		callWriters.Put(w)
	}
	return text
}

// callWriters are those that may be used again.
var callWriters = sync.Pool{New: func() any { return new(callWriter) }}

// Parts are an event's arguments and results, each as the transcript shows it.
func (r *Record) Parts(e *event.Event, f Form) (args, ret []string) {
	r.prepare()
	write := func(list []any, came bool) []string {
		texts := make([]string, len(list))
		taken := 0
		for i, p := range list {
			w := &callWriter{masks: r.masks, event: e, form: f, came: came, taken: taken}
			w.part(p)
			texts[i], taken = source.Visible(w.String()), w.taken
		}
		return texts
	}
	return write(e.Args, false), write(e.Result(f.Unmask), true)
}

// Note is the note of an event's step.
func (r *Record) Note(e *event.Event, f Form) string {
	if e.Note.Text == "" {
		return ""
	}
	r.prepare()
	w := &callWriter{masks: r.masks, event: e, form: f}
	return w.text(e.Note)
}

// callWriter writes one event.
type callWriter struct {
	bytes.Buffer
	masks *masks
	event *event.Event
	form  Form
	came  bool // what is written now came back: it is not an argument
	taken int  // bytes of it that have been written
}

func (w *callWriter) call() string {
	e := w.event
	if len(e.Args) == 1 {
		if line, ok := e.Args[0].(event.Bare); ok {
			return source.Visible(w.line(event.Marked(line)))
		}
	}
	w.WriteString(e.Call)
	w.WriteByte('(')
	for i, arg := range e.Args {
		if i > 0 {
			w.WriteString(", ")
		}
		w.part(arg)
	}
	w.WriteByte(')')
	w.result()
	return source.Visible(w.String())
}

func (w *callWriter) result() {
	e := w.event
	if e.ShowsErrno(w.form.Unmask) {
		before := " = "
		if done := e.Result(w.form.Unmask); len(done) > 0 { // before the errno came
			w.WriteString(" = ")
			w.part(done[0])
			before = ", then "
		}
		fmt.Fprintf(w, "%s-1 %s (%s)", before, sock.ErrnoName(e.Errno), sock.ErrnoMessage(e.Errno))
		return
	}
	w.came = true
	for i, part := range e.Result(w.form.Unmask) {
		switch {
		case i == 0:
			w.WriteString(" = ")
		default:
			w.WriteByte(' ')
		}
		w.part(part)
	}
}

func (w *callWriter) part(p any) {
	switch p := p.(type) {
	case event.Name:
		w.WriteString(string(p))
	case event.Const:
		w.WriteString(string(p))
	case event.Bare:
		w.WriteString(w.line(event.Marked(p)))
	case event.Plain:
		w.WriteString(w.text(event.Marked(p)))
	case event.Quoted:
		w.WriteString(strconv.Quote(w.text(event.Marked(p))))
	case event.Arg:
		w.arg(event.Marked(p))
	case event.Asked:
		w.asked(p)
	case event.Joined:
		for _, x := range p {
			w.part(x)
		}
	case event.Data:
		w.data(p)
	case event.Until:
		w.WriteString("until ")
		w.data(event.Data(p))
	case []any:
		w.WriteByte('[')
		for i, x := range p {
			if i > 0 {
				w.WriteString(", ")
			}
			if _, ok := x.(event.Arg); ok && i == argsShown && !w.form.Full {
				fmt.Fprintf(w, "... (%d in all)", len(p))
				break
			}
			w.part(x)
		}
		w.WriteByte(']')
	case sock.Addr:
		w.addr(p)
	case int:
		w.WriteString(strconv.Itoa(p))
	case event.Count:
		w.WriteString(w.count(int(p)))
	case event.Length:
		w.length(p)
	case event.Lasting:
		w.part(p.Part)
	case *event.SHA256:
		w.WriteString(p.String())
	default:
		w.WriteString("<unknown>") // nobody has decided what of it may be shown
	}
}

// argsShown is how many arguments of a program the transcript shows when it is
// not asked for all.
const argsShown = 32

// arg writes an argument of a program, cut as data is. It is masked first: so
// the cut falls into the same place on every run.
func (w *callWriter) arg(p event.Marked) {
	s := w.text(p)
	shown := s
	if len(s) > event.DataShown && !w.form.Full {
		shown = event.WholeRunes(s[:event.DataShown])
	}
	w.WriteString(strconv.Quote(shown))
	if len(shown) < len(s) {
		fmt.Fprintf(w, "... (%d bytes)", len(s))
	}
}

// asked writes an address that a step passes to the kernel: what the file
// spells out as it is. One that was given to the run is as good as any that the
// kernel returns: the next run may be given another.
func (w *callWriter) asked(a event.Asked) {
	if a.Outside() {
		w.addr(a.Addr)
		return
	}
	w.WriteString(w.text(event.Marked{Text: a.Addr.String(), Marks: a.Marks}))
}

func (w *callWriter) addr(a sock.Addr) {
	if w.form.Unmask {
		w.WriteString(a.String())
		return
	}
	w.WriteString(w.masks.addr(a, w.event))
}

// line is a line of the scenario's own. The bytes in it are in hexadecimal
// where they are not text for the most part.
func (w *callWriter) line(t event.Marked) string {
	var b strings.Builder
	at := 0
	for _, k := range t.Marks {
		if !k.Bytes || k.From < at || k.From == k.To || k.To > len(t.Text) {
			continue
		}
		b.WriteString(w.text(behind(t, at, k.From)))
		b.WriteString(w.value(behind(t, k.From, k.To)))
		at = k.To
	}
	return b.String() + w.text(behind(t, at, len(t.Text)))
}

// behind is a part of a text that is behind another: what is masked and empty
// between the two is the other's.
func behind(t event.Marked, from, to int) event.Marked {
	part := t.Part(from, to)
	if from > 0 {
		part.Marks = slices.DeleteFunc(part.Marks, func(k event.Mark) bool { return k.To == 0 })
	}
	return part
}

// value is bytes that an expression returned.
func (w *callWriter) value(t event.Marked) string {
	var spans []span
	if !w.form.Unmask {
		spans = w.masks.spans(t, w.event.End)
	}
	if event.IsText(unmasked(t.Text, spans), len(spans)) {
		return w.text(t)
	}
	return "hex:" + w.masked(t.Text, spans, func(s string) string { return hex.EncodeToString([]byte(s)) })
}

func (w *callWriter) text(t event.Marked) string {
	if w.form.Unmask {
		return t.Text
	}
	return w.masks.text(t, w.event.End)
}

// data writes bytes: quoted where they are text, or for the most part, else in
// hexadecimal; cut at 64 bytes unless all is asked for.
func (w *callWriter) data(d event.Data) {
	b := append(d.Bytes[:len(d.Bytes):len(d.Bytes)], d.Rest...)
	all := string(b)
	spans := w.spans(d, all)
	if !w.form.Unmask {
		spans = w.masks.withFolders(spans, all)
	}
	if !w.form.Full {
		all = all[:shownOf(spans, len(all))]
	}
	cut := len(all) < d.Len
	if text, ok := asText(all, cut, spans); ok {
		if cut && !w.form.Unmask {
			text = w.masks.tornFolder(text)
		}
		w.WriteString(event.Quote(w.masked(text, spans, func(s string) string { return s })))
	} else {
		w.WriteString("hex:" + w.masked(all, spans, func(s string) string { return hex.EncodeToString([]byte(s)) }))
	}
	if cut {
		fmt.Fprintf(w, "... (%s bytes)", w.count(d.Len))
	}
}

// shownOf is how many of n bytes are shown. What is masked and may be longer in
// another run does not count: so the cut falls into the same place on every
// run.
func shownOf(spans []span, n int) int {
	most := event.DataShown
	for _, s := range spans {
		if s.varies && s.from < most {
			most += s.to - s.from
		}
	}
	return min(n, most)
}

// count writes how long the data of the event is, or how much of it went.
func (w *callWriter) count(n int) string {
	if !w.form.Unmask && w.masks.lengthVaries(w.event) {
		return "<len>"
	}
	return strconv.Itoa(n)
}

// length writes how long a text is that was asked for.
func (w *callWriter) length(l event.Length) {
	if spans := w.masks.spans(event.Marked{Marks: l.Marks}, w.event.End); !w.form.Unmask && slices.ContainsFunc(spans, func(s span) bool { return s.varies }) {
		w.WriteString("<len>")
		return
	}
	w.WriteString(strconv.Itoa(l.N))
}

func (w *callWriter) masked(text string, spans []span, plain func(string) string) string {
	if w.form.Unmask {
		return plain(text)
	}
	return w.masks.masked(text, spans, plain)
}

// spans are the masked pieces of data: of what was sent by its marks, of what
// came by those of the sends.
func (w *callWriter) spans(d event.Data, shown string) []span {
	if w.form.Unmask {
		w.taken += d.Len
		return nil
	}
	if !w.came {
		return w.masks.spans(event.Marked{Text: shown, Marks: d.Marks}, w.event.End)
	}
	from := w.taken
	w.taken += d.Len
	return w.masks.cameIn(w.event, from, shown)
}

// asText reports whether bytes read as text, and returns them without a
// character that the cut has torn apart.
func asText(s string, cut bool, masked []span) (string, bool) {
	if cut {
		s = event.WholeRunes(s)
	}
	return s, event.IsText(unmasked(s, masked), len(masked))
}

// unmasked is what of a text is not masked. What is says nothing of the rest:
// the same number may be text in one run and not in the next.
func unmasked(s string, masked []span) string {
	if len(masked) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, m := range masked {
		if m.from >= at && m.from <= len(s) {
			b.WriteString(s[at:m.from])
			at = min(m.to, len(s))
		}
	}
	return b.String() + s[at:]
}
