package steps

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var forKind = step.Kind{
	Name:    "for",
	Summary: "run steps for each item of a list or a mapping",
	Text: `each names the item. An item of a mapping is {key, value}. The items of a
mapping come in the order of the file; if an expression makes the mapping, they
come in the order of the keys. An item can itself be a list or a mapping.`,
	Example: `actors:
  one:
    - for: [1, 2, 3]
      each: n
      steps:
        - assert: n > 0
    - for: {http: 80, https: 443}
      each: service
      steps:
        - print: ${service.key} has port ${service.value}
`,
	New:   func() step.Action { return new(forAction) },
	Loops: true, OverTurns: true,
}

type forAction struct {
	items Items
	each  value.SingleName
	body  step.Block
}

func (a *forAction) Params(p *step.Params) {
	p.Value(&a.items, "the list or mapping, or an expression that returns one")
	p.Key("each", &a.each, "the name of the item").Need()
	p.Key("steps", &a.body, "the steps for one item").Need()
}

func (a *forAction) Unhurried() {}

func (a *forAction) named() []string { return a.each.Static() }

func (a *forAction) Run(t *step.Task) error {
	t.Announce()
	items, err := a.items.eval(t)
	if err != nil {
		return err
	}
	name, err := a.each.Eval(t, 0)
	if err != nil {
		return err
	}
	bound := t.Bound
	loop := t.World.Loop()
	for i, item := range items {
		if err := t.NextRound(bound, &a.body); err != nil {
			return err
		}
		t.Set(name, item)
		if err := t.Round(&a.body, func() string { return itemAt(i, item) }); err != nil {
			return err
		}
		loop.Round()
	}
	return nil
}

// itemAt describes an item for a failure: its number and its value, cut to a
// readable length.
func itemAt(i int, item any) string {
	const most = 60
	text := value.Format(value.Untraced(item))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Sprintf("item %d, %s,", i+1, text)
}

func (a *forAction) Check(c *check.Check) {
	for _, name := range a.each.Static() {
		c.MakeFreeValue(name, a.each.Node)
	}
	certain := len(a.items.list) > 0
	c.Loop(&a.body, certain, len(a.items.list) != 1)
}

// Items are what a loop goes through.
type Items struct {
	list []itemText
	expr *value.Expr
}

// itemText is one item as it is in the file.
type itemText struct {
	key   string // of a mapping's item
	pair  bool
	value *value.Datum
}

// Decode reads a list, a mapping or an expression.
func (v *Items) Decode(d *value.Decoder, n *source.Node) {
	switch n.Kind {
	case source.List:
		for _, item := range n.Items {
			v.add(d, "", false, item)
		}
	case source.Map:
		for _, e := range n.Entries {
			v.add(d, e.Key.Text, true, e.Value)
		}
	default:
		if _, err := strconv.ParseFloat(n.Text, 64); err == nil {
			d.Problem(n, "expected a list or a mapping, got the text %q", n.Text).Hint = "repeat runs steps a number of times"
		}
		v.expr = new(value.Expr)
		v.expr.Decode(d, n)
	}
}

func (v *Items) add(d *value.Decoder, key string, pair bool, n *source.Node) {
	x := new(value.Datum)
	x.Decode(d, n)
	v.list = append(v.list, itemText{key, pair, x})
}

// Schema accepts a list, a mapping or an expression.
func (v *Items) Schema() value.Schema {
	return value.Schema{"type": []string{"array", "object", "string"}}
}

// Type names the type in the reference.
func (v *Items) Type() string { return "list or mapping" }

func (v *Items) eval(t *step.Task) ([]any, error) {
	if v.expr == nil {
		return v.written(t)
	}
	x, trace, err := v.expr.Traced(t)
	if err != nil {
		return nil, err
	}
	switch x := x.(type) {
	case []any:
		items := make([]any, len(x))
		for i, item := range x {
			items[i] = itemOf(item, trace, strconv.Itoa(i))
		}
		return items, nil
	case map[string]any:
		return pairs(x, trace), nil
	}
	// Some of the language's functions give lists of one type: 1..3, split.
	if list := reflect.ValueOf(x); list.Kind() == reflect.Slice {
		items := make([]any, list.Len())
		for i := range items {
			items[i] = itemOf(list.Index(i).Interface(), trace, strconv.Itoa(i))
		}
		return items, nil
	}
	return nil, v.expr.Errorf("the value is %s, not a list or mapping", value.InMessage(x))
}

// written are the items that are in the file.
func (v *Items) written(t *step.Task) ([]any, error) {
	items := make([]any, 0, len(v.list))
	for _, it := range v.list {
		x, err := it.value.Typed(t)
		if err != nil {
			return nil, err
		}
		if it.pair {
			x = pair(it.key, value.Untraced(x), value.TraceOf(x))
		}
		items = append(items, x)
	}
	return items, nil
}

// itemOf is an item of a list or mapping, with its own trace.
func itemOf(x any, trace *value.Trace, key string) any {
	t, exact := trace.Part([]string{key})
	if !exact {
		t = value.Derived(x, t.Origins(nil))
	}
	return value.WithTrace(x, t)
}

// pair is the item that stands for an entry of a mapping.
func pair(key string, v any, trace *value.Trace) any {
	if trace != nil {
		trace = &value.Trace{Parts: map[string]*value.Trace{"value": trace}}
	}
	return value.WithTrace(map[string]any{"key": key, "value": v}, trace)
}

func pairs(m map[string]any, trace *value.Trace) []any {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	items := make([]any, 0, len(m))
	for _, k := range keys {
		item := itemOf(m[k], trace, k)
		items = append(items, pair(k, m[k], value.TraceOf(item)))
	}
	return items
}
