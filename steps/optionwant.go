package steps

import (
	"slices"
	"strconv"
	"time"

	"github.com/sockscript/sockscript/steps/sock"
)

// check holds a value against the condition.
func (w *ValueWant) check(env Env, got any, what string) error {
	switch v := got.(type) {
	case int:
		if lit := w.text.lit; isTruth(lit) {
			// A kernel answers a boolean option with any number for true.
			if want := lit == "true"; want != (v != 0) {
				return mismatch("expected %s %t, got %d", what, want, v)
			}
			return nil
		}
		if w.number.node != nil {
			return w.number.expect(env, int64(v), "for "+what)
		}
	case time.Duration:
		if w.span.node != nil {
			return w.span.expect(env, int64(v), "for "+what)
		}
	}
	var wants []string
	for _, x := range w.texts {
		want, err := x.Eval(env)
		if err != nil || want == FormatValue(got) {
			return err
		}
		wants = append(wants, quoteShort(want))
	}
	return mismatch("expected %s %s, got %s", what, joinOr(wants), quoteShort(FormatValue(got)))
}

// isUnsigned tells a number that needs all of 64 bits.
func isUnsigned(s string) bool {
	_, err := strconv.ParseUint(s, 0, 64)
	return err == nil
}

func isTruth(s string) bool { return s == "true" || s == "false" }

// OptionWant is what getsockopt must give.
type OptionWant struct {
	plain  ValueWant // expect: VALUE, expect: {value: VALUE}
	bytes  Payload   // expect: {hex: …}
	fields FieldsWant
}

func (w *OptionWant) params(p *Params) {
	p.Plain(&w.plain, "the value, or a condition on it")
	p.Result("value", &w.plain, "the value, or a condition on it")
	p.Result("bytes", &w.bytes, "the value's bytes as a payload, for options without a type")
	p.Rest(&w.fields, "a condition on each named field of a structured value")
}

// static reports an expectation that does not fit the option.
func (w *OptionWant) static(c *Check, o sock.Option) {
	form := formOf(o)
	if len(w.fields.names) > 0 && form.fields == nil {
		c.problem(w.fields.node, "%s has no fields; it gives %s", o.Name, form.what)
		return
	}
	for i, name := range w.fields.names {
		if !slices.Contains(form.fields, name) {
			c.problem(w.fields.wants[i].node, "%s has no field %q; it has %s", o.Name, name, joinOr(form.fields))
		}
	}
	switch number := form.number; {
	case !w.plain.Given() || isTruth(w.plain.text.lit):
	case form == timestampingForm && w.plain.number.node == nil:
		if _, err := w.plain.flags(nil); err != nil {
			c.problem(w.plain.node, "%s: %s", o.Name, err).Hint = "it gives " + form.what
		}
	case form.unsigned && isUnsigned(w.plain.text.lit):
	case form.fields != nil:
		c.problem(w.plain.node, "%s gives %s, not one value", o.Name, form.what).Hint = "expect its fields by name"
	case number == plainUnit && form.isNumber && w.plain.number.node == nil,
		number == timeUnit && w.plain.span.node == nil:
		c.problem(w.plain.node, "%s gives %s; %s is no condition on that", o.Name, form.what, Shown(w.plain.node))
	}
}

func (w *OptionWant) check(env Env, o sock.Option, got any) error {
	if b, ok := got.([]byte); ok && w.bytes.Given() {
		want, err := w.bytes.Bytes(env)
		if err != nil || string(want) == string(b) {
			return err
		}
		return &Mismatch{Msg: "the value differs", Want: want, Got: b, Data: true}
	}
	if f, ok := got.(Fields); ok {
		return w.fields.check(env, f, o.Name)
	}
	if !w.plain.Given() {
		return nil
	}
	if flags, ok := got.(timestamps); ok {
		return w.plain.checkFlags(env, flags, o.Name)
	}
	return w.plain.check(env, got, o.Name)
}
