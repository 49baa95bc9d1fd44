package value

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/sockscript/sockscript/steps/event"
)

// A Trace says which parts of a value the file does not spell out. The nil
// Trace says that there are none.
type Trace struct {
	Marks []event.Mark      // of the value as a text
	Parts map[string]*Trace // of a mapping, by key, and of a list, by number
}

// Traced is a value with its trace, as names hold it.
type Traced struct {
	Value any
	Trace *Trace
}

// WithTrace is a value that bears its trace; one without is the value itself.
func WithTrace(v any, t *Trace) any {
	if t == nil {
		return v
	}
	return Traced{Value: v, Trace: t}
}

// Whole is a value all of which comes from one place.
func Whole(v any, o event.Origin) any {
	return Traced{Value: v, Trace: &Trace{Marks: []event.Mark{{To: len(Format(v)), Origins: []event.Origin{o}}}}}
}

// Mapping is a mapping of values that may bear traces.
func Mapping(values map[string]any) any {
	m, parts := make(map[string]any, len(values)), make(map[string]*Trace)
	for name, v := range values {
		m[name] = Untraced(v)
		if t := TraceOf(v); t != nil {
			parts[name] = t
		}
	}
	if len(parts) == 0 {
		return m
	}
	return Traced{Value: m, Trace: &Trace{Parts: parts}}
}

// Named is a value that varies from run to run, in whose place a name is shown.
func Named(name string, v any) any {
	switch v.(type) {
	case nil, bool:
		return v
	}
	return Whole(v, event.Origin{Word: name, Masked: true})
}

// Outside is a value that whoever started the run gave.
func Outside(v any) any { return Whole(v, event.Origin{Outside: true, Fixed: true}) }

// Untraced is the value without its trace.
func Untraced(v any) any {
	if x, ok := v.(Traced); ok {
		return x.Value
	}
	return v
}

// TraceOf is the trace of a value; nil where there is none.
func TraceOf(v any) *Trace {
	switch v := v.(type) {
	case Traced:
		return v.Trace
	case *Endpoint:
		return v.Trace()
	case *InterfaceValue:
		return v.trace()
	case *ProgramValue:
		return &Trace{Parts: map[string]*Trace{"pid": TraceOf(Whole(v.Pid, event.Origin{Word: "pid"}))}}
	}
	return nil
}

// Part is the trace of what a path leads to. It is not exact where the path
// goes on into a value whose trace knows it as a whole only.
func (t *Trace) Part(path []string) (part *Trace, exact bool) {
	for _, step := range path {
		if t == nil {
			return nil, true
		}
		if t.Parts == nil {
			return t, false
		}
		t = t.Parts[step]
	}
	return t, true
}

// Origins are all that a value comes from.
func (t *Trace) Origins(list []event.Origin) []event.Origin {
	if t == nil {
		return list
	}
	for _, k := range t.Marks {
		for _, o := range k.Origins {
			if !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	for _, key := range sortedKeys(t.Parts) {
		list = t.Parts[key].Origins(list)
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

// Derived is the trace of a value that was computed from others: all of it
// comes from all of them. What is true or false says nothing of them.
func Derived(v any, from []event.Origin) *Trace {
	switch v.(type) {
	case nil, bool:
		return nil
	case *Endpoint:
		return TraceOf(v)
	}
	if len(from) == 0 {
		return nil
	}
	return &Trace{Marks: []event.Mark{{To: len(Format(v)), Origins: from, Computed: true}}}
}

// FormatTraced is [Format] with what the file does not spell out.
func FormatTraced(v any, t *Trace) event.Marked {
	if t == nil {
		return event.Marked{Text: Format(v)}
	}
	return formatTraced(v, t, func(m event.Marked) event.Marked { return m })
}

// FormatLine is FormatTraced for a line of a transcript, where bytes that are
// not text show as data does.
func FormatLine(v any, t *Trace) event.Marked { return formatTraced(v, t, event.Line) }

// formatTraced joins the items of lists and mappings. Each other value passes
// through one.
func formatTraced(v any, t *Trace, one func(event.Marked) event.Marked) event.Marked {
	if t == nil {
		t = new(Trace)
	}
	if t.Marks != nil {
		return one(event.Marked{Text: Format(v), Marks: t.Marks})
	}
	var items []event.Marked
	item := func(x any, key string) event.Marked {
		if x == nil {
			return event.Marked{Text: formatItem(nil)}
		}
		return formatTraced(x, t.Parts[key], one)
	}
	open, end := "[", "]"
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			items = append(items, item(x, strconv.Itoa(i)))
		}
	case map[string]any:
		open, end = "{", "}"
		for key, x := range v {
			entry := event.Marked{Text: key + ": "}
			entry.Add(item(x, key))
			items = append(items, entry)
		}
		slices.SortFunc(items, func(a, b event.Marked) int { return strings.Compare(a.Text, b.Text) })
	default:
		return one(event.Marked{Text: Format(v)})
	}
	var all event.Joiner
	all.Write(open)
	for i, item := range items {
		if i > 0 {
			all.Write(", ")
		}
		all.Add(item)
	}
	all.Write(end)
	return all.Marked()
}

// Trace marks what the kernel may have chosen in an address.
func (e *Endpoint) Trace() *Trace {
	if e == nil {
		return nil
	}
	all := new(struct { // in one piece of memory
		whole, address, port Trace
		marks                [2]event.Mark
		origins              [1]event.Origin
	})
	t := &all.whole
	if before, chosen, _ := e.addr.Parts(); chosen != "" {
		all.origins[0] = event.Origin{Sock: e.Sock, Seen: e.Seen, Addr: e.addr, Type: e.Typ, Host: e.on, Handle: e.Name, Fixed: e.Fixed}
		o := all.origins[:1:1]
		all.marks[0] = event.Mark{From: len(before), To: len(before) + len(chosen), Origins: o}
		all.marks[1] = event.Mark{To: len(chosen), Origins: o}
		t.Marks, all.address.Marks, all.port.Marks = all.marks[:1:1], all.marks[:1:1], all.marks[1:]
		t.Parts = map[string]*Trace{"address": &all.address, "port": &all.port}
	}
	if peer := e.Peer.Trace(); peer != nil {
		if t.Parts == nil {
			t.Parts = make(map[string]*Trace)
		}
		t.Parts["peer"] = peer
	}
	if t.Marks == nil && t.Parts == nil {
		return nil
	}
	return t
}

// Cut is the trace of a piece of the text.
func (t *Trace) Cut(from, to int) *Trace {
	if t == nil {
		return nil
	}
	return &Trace{Marks: event.CutMarks(t.Marks, from, to)}
}

// A path is what an expression reads of one name: [conn, peer, port].
type path []string

// pathOf is the path that a node stands for; nil where it computes something.
func pathOf(node ast.Node) path {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return path{n.Value}
	case *ast.ChainNode:
		return pathOf(n.Node)
	case *ast.MemberNode:
		base := pathOf(n.Node)
		if base == nil {
			return nil
		}
		switch key := n.Property.(type) {
		case *ast.StringNode:
			return append(base, key.Value)
		case *ast.IntegerNode:
			return append(base, strconv.Itoa(key.Value))
		}
	}
	return nil
}

// pathCollector finds what an expression reads: the longest paths in it.
type pathCollector struct {
	order []ast.Node
	paths map[ast.Node]path
}

// Visit implements ast.Visitor; children come before their parents.
func (c *pathCollector) Visit(node *ast.Node) {
	p := pathOf(*node)
	if p == nil {
		return
	}
	switch n := (*node).(type) {
	case *ast.MemberNode:
		delete(c.paths, n.Node)
	case *ast.ChainNode:
		delete(c.paths, n.Node)
	}
	c.order = append(c.order, *node)
	c.paths[*node] = p
}

// pathsOf lists what an expression reads.
func pathsOf(root ast.Node) (list []path) {
	c := &pathCollector{paths: make(map[ast.Node]path)}
	ast.Walk(&root, c)
	for _, node := range c.order {
		if p, ok := c.paths[node]; ok {
			list = append(list, p)
		}
	}
	return list
}

// trace is what is known of the value that the expression returned, from the
// traces of the names that it read.
func (e *Expr) trace(v any, names map[string]*Trace) *Trace {
	if len(names) == 0 && !e.env {
		return nil
	}
	if e.path != nil {
		if t, exact := names[e.path[0]].Part(e.path[1:]); exact {
			return t
		}
	}
	var from []event.Origin
	if e.env {
		from = append(from, event.Origin{Outside: true, Fixed: true})
	}
	for _, p := range e.reads {
		t, _ := names[p[0]].Part(p[1:])
		from = t.Origins(from)
	}
	t := Derived(v, from)
	if e.call && t != nil {
		t.Marks[0].Computed = false // it is what the function returned
	}
	return t
}

// isCall reports whether a node calls a function without arguments.
func isCall(node ast.Node) bool {
	call, ok := node.(*ast.CallNode)
	return ok && len(call.Arguments) == 0
}
