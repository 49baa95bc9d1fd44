package steps

import (
	"fmt"
	"time"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/option"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var getsockoptKind = step.Kind{
	Name:    "getsockopt",
	Summary: "read a socket option",
	Text: `as names the value: a number, a duration as text, a text, or a mapping such as
{onoff, linger} for SO_LINGER, {pid, uid, gid} for SO_PEERCRED and the fields of
TCP_INFO (without tcpi_; state by name). For a number, expect takes a number, a
condition such as ">=4096", a range or a list. For a structure, expect takes one
of these for each field: expect: {state: ESTABLISHED, rtt: ">0"}. For
SO_TIMESTAMPING, expect takes the names of all flags that must be set, and no
other flag may be set. The value of SO_ERROR is the name of an errno, or 0.
SO_PEERPIDFD gives a handle, which is ready to be read once the peer's process
has ended: poll waits for that. Without as it is closed at once. See
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
	Beneath: step.Beneath{
		Call:   "getsockopt(2)",
		Kernel: "returns a setting or a state of the socket.",
		Errors: []step.LikelyError{
			{Errno: "ENOPROTOOPT", Why: "this kind of socket does not have the option"},
		},
	},
	New: func() step.Action { return &getsockoptAction{size: value.Size{Number: value.AtMost(&value.MaxBuffer)}} },
}

type getsockoptAction struct {
	handle step.HandleRef
	option value.OptionName
	size   value.Size
	want   option.Want
}

func (a *getsockoptAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("option", &a.option, "the option by its C name, such as SO_RCVBUF").Need()
	p.Key("size", &a.size, "the size of the buffer that the kernel fills").Or("the size of the option's type")
	a.want.Params(p)
	p.Makes = "the value"
}

func (a *getsockoptAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	o := a.option.Option
	form := option.FormOf(o)
	size := form.Size
	if a.size.Given() {
		n, err := a.size.Eval(t)
		if err != nil {
			return err
		}
		size = int(n)
	}
	t.Call("getsockopt", h.Part(), event.Const(o.LevelName), event.Const(o.ShortName()))
	if a.makesHandle() && t.Step.As.Given() {
		return a.descriptor(t, h)
	}
	b, err := h.Sock.GetBytes(o.Level, o.Number, size)
	if err != nil {
		return err
	}
	if o.Kind == sock.OptUcred {
		t.Actor.Run.Programs().Translate(b)
	}
	v, err := form.Decode(b)
	if err != nil && a.size.Given() {
		form, v, err = option.BytesForm, b, nil // the file asked for another size
	}
	if err != nil {
		return err
	}
	v = option.Named(v, h.Sock)
	shown, result := a.shown(form, b, v), a.result(v)
	if sock.GivesDescriptor(o.Level, o.Number) {
		result = value.Whole(result, event.Origin{Word: "pidfd"})
		shown = event.Joined{event.Const("["), event.Plain(value.FormatTraced(value.Untraced(result), value.TraceOf(result))), event.Const("]")}
	}
	t.Return(event.Const("0"), shown)
	if err := t.SetAs(0, result); err != nil {
		return err
	}
	return a.want.Check(t, o, v)
}

// makesHandle reports that the value is a descriptor. A script that asks for
// another size is interested in its bytes.
func (a *getsockoptAction) makesHandle() bool {
	o := a.option.Option
	return sock.GivesDescriptor(o.Level, o.Number) && !a.size.Given()
}

// descriptor makes a handle of the descriptor that is the value.
func (a *getsockoptAction) descriptor(t *step.Task, h *handle.Handle) error {
	o := a.option.Option
	fd, err := h.Sock.GetDescriptor(o.Level, o.Number)
	if err != nil {
		return err
	}
	s, err := t.Sockets().Adopt(fd)
	if err != nil {
		return err
	}
	t.Watches(s)
	d, err := t.MakeHandle(0, s, "a descriptor")
	if err != nil {
		return err
	}
	t.Publish(d)
	t.Return(event.Const("0"), event.Joined{event.Const("["), event.Name(d.Name), event.Const("]")})
	return a.want.Check(t, o, fd)
}

// shown is the value in brackets, as strace shows what a call fills in.
func (a *getsockoptAction) shown(form *option.Form, b []byte, v any) any {
	f, structured := v.(option.Fields)
	switch {
	case structured && form.Show == nil && len(a.want.Fields.Names) > 0:
		return a.want.Fields.Settled(f).Show(a.want.Fields.Names)
	case structured && form.Show == nil:
		return f.Show(nil)
	case structured:
		return form.Show(b)
	case form.Show != nil:
		return form.Show(b)
	}
	return event.Const(fmt.Sprintf("[%s]", value.Format(v)))
}

func (a *getsockoptAction) Check(c *check.Check) {
	c.Handle(&a.handle)
	if o := a.option.Option; o.Name != "" {
		a.want.Static(c, o)
		if o.WriteOnly && c.MustSucceed() {
			c.Problem(a.option.Node, "%s can only be set", o.Name).Hint = "use setsockopt"
		}
	}
	if a.makesHandle() {
		c.MakeHandle(0, check.AnySocket())
		return
	}
	c.MakeValues()
}

// result is the value as `as` names it. What varies from run to run in the
// transcript is masked wherever it goes.
func (a *getsockoptAction) result(v any) any {
	if f, structured := v.(option.Fields); structured {
		return a.want.Fields.Settled(f).Traced()
	}
	return optionResult(v)
}

// optionResult is what an expression sees of an option's value.
func optionResult(v any) any {
	switch v := v.(type) {
	case option.Fields:
		return v.Value()
	case time.Duration:
		return v.String()
	case option.Timestamps:
		return int(v)
	case []byte:
		return string(v)
	}
	return v
}
