package steps

import (
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

var getsockoptKind = Kind{
	Name:    "getsockopt",
	Summary: "read a socket option",
	Text: `as names the value: a number, a duration in text form, or {onoff, linger}
with its fields. A number can be expected exactly, by a condition such as
">=4096", a range, or a list. See getsockopt(2).`,
	Example: setsockoptKind.Example,
	New:     func() Action { return new(getsockoptAction) },
}

type getsockoptAction struct {
	handle HandleRef
	option OptionName
	want   OptionWant
}

func (a *getsockoptAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("option", &a.option, "the option by its C name, as SO_RCVBUF").Need()
	p.Plain(&a.want, "the value, or a condition on it")
	p.Result("value", &a.want, "the value, or a condition on it")
	p.Makes = "the value"
}

func (a *getsockoptAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	o := a.option.Option
	form := formOf(o)
	t.Call("getsockopt", Name(h.Name), Const(o.LevelName), Const(o.Name))
	v, err := form.get(h.Sock, o)
	if err != nil {
		return err
	}
	t.Return(Const("0"), form.show(v))
	if err := t.setAs(0, optionResult(v)); err != nil {
		return err
	}
	return a.want.check(t, o, v)
}

func (a *getsockoptAction) Check(c *Check) {
	c.handle(&a.handle)
	if o := a.option.Option; o.Name != "" {
		a.want.static(c, o)
		if o.WriteOnly && c.mustSucceed() {
			c.problem(a.option.node, "%s can only be set", o.Name).Hint = "use setsockopt"
		}
	}
	c.makeValues()
}

// optionResult is what an expression sees of an option's value.
func optionResult(v any) any {
	switch v := v.(type) {
	case linger:
		return map[string]any{"onoff": v.onoff, "linger": v.linger}
	case time.Duration:
		return v.String()
	}
	return v
}

// OptionWant is an option's expected value: a condition for numbers and
// durations, else the value itself.
type OptionWant struct {
	node   *source.Node
	number Compare
	span   Compare
	value  OptionValue
}

// Decode keeps every reading of the value that is possible; the option tells
// which one counts.
func (w *OptionWant) Decode(d *Decoder, n *source.Node) {
	w.node = n
	if n.Kind != source.List {
		w.value.Decode(d, n)
	}
	w.span.unit = timeUnit
	for _, c := range []*Compare{&w.number, &w.span} {
		trial := &Decoder{actors: d.actors, own: d.own, step: d.step}
		if c.Decode(trial, n); len(trial.problems) > 0 {
			c.node = nil
		}
	}
}

// Schema accepts a value or a condition.
func (w *OptionWant) Schema() Schema {
	return Schema{"anyOf": []Schema{w.value.Schema(), w.number.Schema()}}
}

// Type names the type in the reference.
func (w *OptionWant) Type() string { return "value or condition" }

func (w *OptionWant) compare(o sock.Option) *Compare {
	switch {
	case o.Kind == sock.OptTimeval:
		return &w.span
	case formOf(o).what == intForm.what && !isTruth(w.value.text.lit):
		return &w.number
	}
	return nil
}

func isTruth(s string) bool { return s == "true" || s == "false" }

// static reports an expectation that does not fit the option.
func (w *OptionWant) static(c *Check, o sock.Option) {
	if w.node == nil {
		return
	}
	if cmp := w.compare(o); cmp != nil {
		if cmp.node == nil {
			c.problem(w.node, "%s gives %s; %s is no condition on that", o.Name, formOf(o).what, w.node.Describe())
		}
		return
	}
	w.value.check(c, o)
}

func (w *OptionWant) check(t *Task, o sock.Option, got any) error {
	if w.node == nil {
		return nil
	}
	switch cmp := w.compare(o); v := got.(type) {
	case int:
		if cmp != nil {
			return cmp.expect(t, int64(v), o.Name)
		}
		// A kernel answers a boolean option with any number for true.
		if want := w.value.text.lit == "true"; want != (v != 0) {
			return mismatch("expected %s %t, got %d", o.Name, want, v)
		}
		return nil
	case time.Duration:
		return cmp.expect(t, int64(v), o.Name)
	}
	want, err := formOf(o).encode(&w.value, t)
	if err == nil && want != got {
		err = mismatch("expected %s %v, got %v", o.Name, want, got)
	}
	return err
}
