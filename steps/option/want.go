package option

import (
	"strconv"
	"time"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// check compares a value with the condition.
func (w *ValueWant) check(env value.Env, got any, what string) error {
	if _, static := w.text.Static(); !static {
		x, err := w.text.Value(env)
		if err != nil {
			return err
		}
		given := new(ValueWant)
		if err := value.DecodeGiven(given, x, w.node); err != nil {
			return err
		}
		return given.check(env, got, what)
	}
	switch v := got.(type) {
	case int:
		if lit := w.text.Lit; isTruth(lit) {
			// A kernel answers a boolean option with any number for true.
			if want := lit == "true"; want != (v != 0) {
				return value.Mismatchf("expected %s %t, got %d", what, want, v)
			}
			return nil
		}
		if w.number.Node != nil {
			return w.number.Expect(env, int64(v), "for "+what)
		}
	case int64:
		if w.number.Node != nil {
			return w.number.Expect(env, v, "for "+what)
		}
	case time.Duration:
		if w.span.Node != nil {
			return w.span.Expect(env, int64(v), "for "+what)
		}
	}
	var wants []string
	for _, x := range w.texts {
		want, err := x.Eval(env)
		if err != nil || want == value.Format(got) {
			return err
		}
		wants = append(wants, value.Quote(want))
	}
	return value.Mismatchf("expected %s %s, got %s", what, value.JoinOr(wants), value.Quote(value.Format(got)))
}

// checkAddress compares an address with the condition.
func (w *ValueWant) checkAddress(env value.Env, got sock.Addr, what string) error {
	if err := w.check(env, got.String(), what); err != nil {
		return err
	}
	for _, x := range w.texts {
		if want, err := x.Marked(env); err == nil && want.Text == got.String() {
			env.KnownAddress(event.Asked{Addr: got, Marks: want.Marks})
			break
		}
	}
	return nil
}

// isUnsigned reports a number that needs all of 64 bits.
func isUnsigned(s string) bool {
	_, err := strconv.ParseUint(s, 0, 64)
	return err == nil
}

func isTruth(s string) bool { return s == "true" || s == "false" }

// Want is what getsockopt must give.
type Want struct {
	plain  ValueWant       // expect: VALUE, expect: {value: VALUE}
	bytes  payload.Payload // expect: {hex: …}
	Fields FieldsWant
}

// Params binds the keys that say what must come.
func (w *Want) Params(p *step.Params) {
	p.Plain(&w.plain, "the value, or a condition on it")
	p.Result("value", &w.plain, "the value, or a condition on it")
	p.Result("bytes", &w.bytes, "the value's bytes as a payload, for options without a type")
	p.Rest(&w.Fields, "a condition on each named field of a structured value")
}

// Static reports an expectation that does not fit the option.
func (w *Want) Static(c *check.Check, o sock.Option) {
	form := FormOf(o)
	if len(w.Fields.Names) > 0 && form.fields == nil {
		c.Problem(w.Fields.node, "%s has no fields; its value is %s", o.Name, form.What)
		return
	}
	if len(w.Fields.Names) > 0 {
		form.checkFields(c, o.Name, &w.Fields)
	}
	switch number := form.number; {
	case !w.plain.Given() || isTruth(w.plain.text.Lit):
	case form == timestampingForm && w.plain.number.Node == nil:
		if _, err := w.plain.flags(nil); err != nil {
			c.Problem(w.plain.node, "%s: %s", o.Name, err).Hint = "its value is " + form.What
		}
	case form.unsigned && isUnsigned(w.plain.text.Lit):
	case form.fields != nil:
		c.Problem(w.plain.node, "the value of %s is %s, not a single value", o.Name, form.What).Hint = "expect its fields by name"
	case number == value.PlainUnit && form.isNumber && w.plain.number.Node == nil,
		number == value.TimeUnit && w.plain.span.Node == nil:
		c.Problem(w.plain.node, "the value of %s is %s; %s is not a condition for it", o.Name, form.What, value.Shown(w.plain.node))
	}
}

// Check compares the value that came with the expectation.
func (w *Want) Check(env value.Env, o sock.Option, got any) error {
	if b, ok := got.([]byte); ok && w.bytes.Given() {
		want, err := w.bytes.Bytes(env)
		if err != nil || string(want) == string(b) {
			return err
		}
		return &value.Mismatch{Msg: "the value differs", Want: want, Got: b, Data: true}
	}
	if f, ok := got.(Fields); ok {
		return w.Fields.check(env, f, o.Name)
	}
	if !w.plain.Given() {
		return nil
	}
	if flags, ok := got.(Timestamps); ok {
		return w.plain.checkFlags(env, flags, o.Name)
	}
	return w.plain.check(env, got, o.Name)
}
