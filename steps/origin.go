package steps

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/steps/sock"
)

// An Origin is where a part of a value comes from that the file does not spell
// out: the kernel or the run chose it, or it came from outside. It goes with the
// value wherever that goes, so that a transcript can show a name in its place; a
// text that the file spells out has none, and is never masked.
type Origin struct {
	Word string    // what stands in its place: pid, free_port
	Sock uint64    // the description whose own address it is; 0 where only Addr is known
	Addr sock.Addr // the address whose port or name it is
	Type int       // the type of the socket that has the address; 0 where it is not known
	Came *Came     // bytes that came; what is masked in them is known after the run
	// Outside says that whoever started sockscript gave it: in an address it is
	// masked as one that the kernel returned.
	Outside bool

	handle string // the name of the handle, to tell rounds apart
	fixed  bool   // the kernel did not choose it for this socket
}

// Came is a piece of the bytes that an event shows.
type Came struct {
	By   Cause // the event that received them
	From int   // where the piece begins in all that the event received
	Text string
}

// A Mark says of a part of a text, in bytes, where it comes from.
type Mark struct {
	From, To int
	Origins  []Origin
	// Copy says that the part is a piece of what came, byte for byte, and not
	// something that was computed from it.
	Copy bool
}

// A Marked is a text with the parts of it that the file does not spell out.
type Marked struct {
	Text  string
	Marks []Mark
}

// shifted are marks of a text that now stands behind others.
func shifted(marks []Mark, by int) []Mark {
	if by == 0 {
		return marks
	}
	moved := slices.Clone(marks)
	for i := range moved {
		moved[i].From, moved[i].To = moved[i].From+by, moved[i].To+by
	}
	return moved
}

// add appends another text.
func (m *Marked) add(o Marked) {
	m.Marks = append(m.Marks, shifted(o.Marks, len(m.Text))...)
	m.Text += o.Text
}

// lines are the lines of the text, without their ends.
func (m Marked) lines() []Marked {
	var list []Marked
	at := 0
	for _, line := range strings.Split(m.Text, "\n") {
		list = append(list, Marked{line, cutMarks(m.Marks, at, at+len(line))})
		at += len(line) + 1
	}
	return list
}

// cutMarks are the marks of a piece of a text.
func cutMarks(marks []Mark, from, to int) []Mark {
	var list []Mark
	for _, k := range marks {
		a, b := max(k.From, from), min(k.To, to)
		if a >= b {
			continue
		}
		if k.Copy {
			came := *k.Origins[0].Came
			came.From, came.Text = came.From+a-k.From, came.Text[a-k.From:b-k.From]
			k.Origins = []Origin{{Came: &came}}
		}
		k.From, k.To = a-from, b-from
		list = append(list, k)
	}
	return list
}

// key is the text with the names of origins in the place of what the kernel
// chose: two texts with one key print alike.
func (m Marked) key() string {
	if len(m.Marks) == 0 {
		return m.Text
	}
	var b strings.Builder
	at := 0
	for _, k := range m.Marks {
		if k.From < at || slices.ContainsFunc(k.Origins, func(o Origin) bool { return o.fixed || o.Came != nil }) {
			continue
		}
		b.WriteString(m.Text[at:k.From])
		for _, o := range k.Origins {
			b.WriteString("\x00" + o.Word + "\x00" + o.handle + "\x00")
		}
		at = k.To
	}
	b.WriteString(m.Text[at:])
	return b.String()
}

// A Trace says which parts of a value the file does not spell out. The nil Trace
// says that there are none.
type Trace struct {
	marks []Mark            // of the value as a text
	parts map[string]*Trace // of a mapping, by key, and of a list, by number
}

// traced is a value with its trace, as names hold it.
type traced struct {
	value any
	trace *Trace
}

// withTrace is a value that bears its trace; one without is the value itself.
func withTrace(v any, t *Trace) any {
	if t == nil {
		return v
	}
	return traced{v, t}
}

// whole is a value all of which comes from one place.
func whole(v any, o Origin) any {
	return traced{v, &Trace{marks: []Mark{{To: len(FormatValue(v)), Origins: []Origin{o}}}}}
}

// Outside is a value that whoever started sockscript gave.
func Outside(v any) any { return whole(v, Origin{Outside: true, fixed: true}) }

// untraced is the value without its trace.
func untraced(v any) any {
	if x, ok := v.(traced); ok {
		return x.value
	}
	return v
}

// traceOf is the trace of a value; nil where there is none.
func traceOf(v any) *Trace {
	switch v := v.(type) {
	case traced:
		return v.trace
	case *Endpoint:
		return v.trace()
	}
	return nil
}

// part is the trace of what a path leads to. It is not exact where the path goes
// on into a value whose trace knows it as a whole only.
func (t *Trace) part(path []string) (part *Trace, exact bool) {
	for _, step := range path {
		if t == nil {
			return nil, true
		}
		if t.parts == nil {
			return t, false
		}
		t = t.parts[step]
	}
	return t, true
}

// origins are all that a value comes from.
func (t *Trace) origins(list []Origin) []Origin {
	if t == nil {
		return list
	}
	for _, k := range t.marks {
		for _, o := range k.Origins {
			if !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	for _, key := range sortedKeys(t.parts) {
		list = t.parts[key].origins(list)
	}
	return list
}

func sortedKeys(m map[string]*Trace) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// derived is the trace of a value that was computed from others: all of it comes
// from all of them. What is true or false says nothing of them.
func derived(v any, from []Origin) *Trace {
	switch v.(type) {
	case nil, bool:
		return nil
	case *Endpoint:
		return traceOf(v)
	}
	if len(from) == 0 {
		return nil
	}
	return &Trace{marks: []Mark{{To: len(FormatValue(v)), Origins: from}}}
}

// formatTraced is [FormatValue] with what the file does not spell out.
func formatTraced(v any, t *Trace) Marked {
	if t == nil || t.marks != nil {
		m := Marked{Text: FormatValue(v)}
		if t != nil {
			m.Marks = t.marks
		}
		return m
	}
	var items []Marked
	open, end := "[", "]"
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			items = append(items, formatTraced(x, t.parts[strconv.Itoa(i)]))
		}
	case map[string]any:
		open, end = "{", "}"
		for key, x := range v {
			item := Marked{Text: key + ": "}
			item.add(formatTraced(x, t.parts[key]))
			items = append(items, item)
		}
		slices.SortFunc(items, func(a, b Marked) int { return strings.Compare(a.Text, b.Text) })
	default:
		return Marked{Text: FormatValue(v)}
	}
	all := Marked{Text: open}
	for i, item := range items {
		if i > 0 {
			all.Text += ", "
		}
		all.add(item)
	}
	all.Text += end
	return all
}

// trace marks what the kernel may have chosen in an address.
func (e *Endpoint) trace() *Trace {
	if e == nil {
		return nil
	}
	t := new(Trace)
	if before, chosen, _ := e.addr.Parts(); chosen != "" {
		o := []Origin{{Sock: e.sock, Addr: e.addr, Type: e.typ, handle: e.name, fixed: e.fixed}}
		t.marks = []Mark{{From: len(before), To: len(before) + len(chosen), Origins: o}}
		t.parts = map[string]*Trace{
			"address": {marks: t.marks},
			"port":    {marks: []Mark{{To: len(chosen), Origins: o}}},
		}
	}
	if peer := e.Peer.trace(); peer != nil {
		if t.parts == nil {
			t.parts = make(map[string]*Trace)
		}
		t.parts["peer"] = peer
	}
	if t.marks == nil && t.parts == nil {
		return nil
	}
	return t
}

// Piece implements [Env].
func (t *Task) Piece(text string, from int) any {
	if text == "" {
		return text
	}
	c := &Came{From: from, Text: text}
	t.arrived = append(t.arrived, c)
	return traced{text, &Trace{marks: []Mark{{To: len(text), Origins: []Origin{{Came: c}}, Copy: true}}}}
}
