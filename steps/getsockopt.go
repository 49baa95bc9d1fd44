package steps

import (
	"fmt"
	"time"

	"github.com/sockscript/sockscript/steps/sock"
)

var getsockoptKind = Kind{
	Name:    "getsockopt",
	Summary: "read a socket option",
	Text: `as names the value: a number, a duration as text, a text, or a mapping such as
{onoff, linger} of SO_LINGER, {pid, uid, gid} of SO_PEERCRED and the fields of
TCP_INFO (without tcpi_; state by name). A number can be expected exactly, by a
condition such as ">=4096", by a range or by a list; of a structure each field
can: expect: {state: ESTABLISHED, rtt: ">0"}. Of SO_TIMESTAMPING the flags can,
by name: those, and no others. SO_ERROR gives an errno's name, or 0. See
getsockopt(2).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - getsockopt: a
      option: SO_TYPE
      expect: 1
    - getsockopt: a
      option: SO_ERROR
      expect: 0
    - getsockopt: a
      option: SO_RCVBUF
      expect: ">=2048"
      mask: true
    - close: [a, b]
`,
	New: func() Action { return &getsockoptAction{size: Size{atMost(&maxBuffer)}} },
}

type getsockoptAction struct {
	handle HandleRef
	option OptionName
	size   Size
	mask   Bool
	want   OptionWant
}

func (a *getsockoptAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("option", &a.option, "the option by its C name, as SO_RCVBUF").Need()
	p.Key("size", &a.size, "the size of the buffer that the kernel fills").Or("what the option's type takes")
	p.Key("mask", &a.mask, "the value varies from run to run; the transcript shows <value>").Or("false")
	a.want.params(p)
	p.Makes = "the value"
}

func (a *getsockoptAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	o := a.option.Option
	form := formOf(o)
	size := form.size
	if a.size.Given() {
		if size, err = a.size.Eval(t); err != nil {
			return err
		}
	}
	t.Call("getsockopt", Name(h.Name), Const(o.LevelName), Const(o.ShortName()))
	b, err := h.Sock.GetBytes(o.Level, o.Number, size)
	if err != nil {
		return err
	}
	if o.Kind == sock.OptUcred {
		t.Actor.Run.Programs.translate(b)
	}
	v, err := form.decode(b)
	if err != nil && a.size.Given() {
		form, v, err = bytesForm, b, nil // the file asked for another size
	}
	if err != nil {
		return err
	}
	t.returnMasked(&a.mask, Const("0"), a.shown(form, b, v))
	if err := t.setAs(0, a.result(v)); err != nil {
		return err
	}
	return a.want.check(t, o, v)
}

// shown is the value in brackets, as strace shows what a call fills in.
func (a *getsockoptAction) shown(form *optionForm, b []byte, v any) any {
	f, structured := v.(Fields)
	switch {
	case structured && form.show == nil && len(a.want.fields.names) > 0:
		return a.want.fields.settled(f).show(a.want.fields.names)
	case structured && form.show == nil:
		return f.show(nil)
	case structured:
		return form.show(b)
	case form.show != nil:
		return form.show(b)
	}
	return Const(fmt.Sprintf("[%s]", FormatValue(v)))
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

// result is the value as `as` names it. What varies from run to run in the
// transcript is masked wherever it goes.
func (a *getsockoptAction) result(v any) any {
	if f, structured := v.(Fields); structured {
		return a.want.fields.settled(f).traced()
	}
	return optionResult(v)
}

// optionResult is what an expression sees of an option's value.
func optionResult(v any) any {
	switch v := v.(type) {
	case Fields:
		return v.value()
	case time.Duration:
		return v.String()
	case timestamps:
		return int(v)
	case []byte:
		return string(v)
	}
	return v
}
