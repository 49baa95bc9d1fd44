package steps

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

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
