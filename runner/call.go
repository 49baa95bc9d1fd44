package runner

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

// Form says how calls are written.
type Form struct {
	Unmask bool // show ports, paths and process ids as they were
	Full   bool // show all data; the run must have kept it (Options.Full)
}

// Text is an event as the transcript shows it: recv(conn, 5) = 5 "hello".
func (r *Result) Text(e *steps.Event, f Form) string {
	r.prepare()
	w := &callWriter{masks: r.masks, event: e, form: f}
	return w.call()
}

// Parts are an event's arguments and results, each as the transcript shows it.
func (r *Result) Parts(e *steps.Event, f Form) (args, ret []string) {
	r.prepare()
	write := func(list []any) []string {
		texts := make([]string, len(list))
		for i, p := range list {
			w := &callWriter{masks: r.masks, event: e, form: f}
			if line, bare := p.(steps.Bare); bare {
				texts[i] = source.Visible(w.line(string(line)))
				continue
			}
			w.part(p)
			texts[i] = source.Visible(w.String())
		}
		return texts
	}
	return write(e.Args), write(e.Ret)
}

// callWriter writes one event.
type callWriter struct {
	strings.Builder
	masks *masks
	event *steps.Event
	form  Form
}

func (w *callWriter) call() string {
	e := w.event
	if len(e.Args) == 1 {
		if line, ok := e.Args[0].(steps.Bare); ok {
			return source.Visible(w.line(string(line)))
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
	if e.Errno != 0 {
		fmt.Fprintf(w, " = -1 %s (%s)", sock.ErrnoName(e.Errno), sock.ErrnoMessage(e.Errno))
		return
	}
	for i, part := range e.Ret {
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
	case steps.Name:
		w.WriteString(string(p))
	case steps.Const:
		w.WriteString(w.line(string(p)))
	case steps.Quoted:
		w.WriteString(strconv.Quote(w.path(string(p))))
	case steps.Arg:
		w.arg(string(p))
	case steps.Data:
		w.data(p)
	case steps.Until:
		w.WriteString("until ")
		w.data(steps.Data(p))
	case []any:
		w.WriteByte('[')
		for i, x := range p {
			if i > 0 {
				w.WriteString(", ")
			}
			if _, ok := x.(steps.Arg); ok && i == argsShown && !w.form.Full {
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
	default:
		fmt.Fprint(w, p)
	}
}

// argsShown is how many arguments of a program the transcript shows when it is
// not asked for all.
const argsShown = 32

// arg writes an argument of a program, cut as data is. It is masked first: so
// the cut falls into the same place on every run.
func (w *callWriter) arg(s string) {
	s = w.line(s)
	b := []byte(s)
	if len(b) > steps.DataShown && !w.form.Full {
		b = wholeRunes(b[:steps.DataShown])
	}
	w.WriteString(strconv.Quote(string(b)))
	if len(b) < len(s) {
		fmt.Fprintf(w, "... (%d bytes)", len(s))
	}
}

func (w *callWriter) addr(a sock.Addr) {
	if w.form.Unmask {
		w.WriteString(a.String())
		return
	}
	w.WriteString(w.masks.addr(a, w.event))
}

func (w *callWriter) line(s string) string {
	if w.form.Unmask {
		return s
	}
	return w.masks.line(s, w.event.End)
}

func (w *callWriter) path(s string) string {
	if w.form.Unmask {
		return s
	}
	return w.masks.folder(s)
}

// data writes bytes: quoted where they are text, else in hexadecimal; cut at
// 64 bytes unless all is asked for.
func (w *callWriter) data(d steps.Data) {
	b := d.Bytes
	if len(b) > steps.DataShown && !w.form.Full {
		b = b[:steps.DataShown]
	}
	cut := len(b) < d.Len
	if text, ok := asText(b, cut); ok {
		if !w.form.Unmask {
			if cut {
				text = w.masks.tornFolder(text)
			}
			text = w.masks.data(text, w.event.End)
		}
		w.WriteString(quote(text))
	} else {
		fmt.Fprintf(w, "hex:%x", b)
	}
	if cut {
		fmt.Fprintf(w, "... (%d bytes)", d.Len)
	}
}

// wholeRunes leaves out a character at the end that a cut has torn apart.
func wholeRunes(b []byte) []byte {
	whole := b
	for i := 0; i < utf8.UTFMax-1 && len(whole) > 0 && !utf8.Valid(whole); i++ {
		whole = whole[:len(whole)-1]
	}
	if !utf8.Valid(whole) {
		return b // it is no text at all
	}
	return whole
}

// asText tells whether bytes read as text: printable characters, white space
// and zero bytes, which C strings and padding bring.
func asText(b []byte, cut bool) (string, bool) {
	if cut {
		b = wholeRunes(b)
	}
	s := string(b)
	printable := 0
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			return "", false
		case unicode.IsPrint(r), r == '\n', r == '\r', r == '\t':
			printable++
		case r != 0:
			return "", false
		}
	}
	return s, printable > 0 || len(s) == 0
}

// quote writes a text in double quotes; \0 stands for a zero byte, as strace
// has it.
func quote(s string) string {
	if !strings.Contains(s, "\x00") {
		return strconv.Quote(s)
	}
	pieces := strings.Split(s, "\x00")
	for i, piece := range pieces {
		quoted := strconv.Quote(piece)
		pieces[i] = quoted[1 : len(quoted)-1]
	}
	return `"` + strings.Join(pieces, `\0`) + `"`
}
