package steps

import (
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tlsconn"
	"github.com/sockscript/sockscript/steps/value"
)

var relayKind = step.Kind{
	Name:    "relay",
	Summary: "copy from one handle to another until the end of file",
	Text: `relay: conn, to: conn is an echo. With size, the step takes this number of bytes
and not one more. as names the number of bytes, and expect is a condition on it.
The step timeout starts again whenever bytes come.`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - socketpair: unix
      as: [c, d]
    - send: a
      data: hello
    - shutdown: a
      how: write
    - relay: b
      to: c
      expect: 5
    - recv: d
      expect: hello
`,
	Beneath: step.Beneath{
		Call:   "read(2) and write(2), again and again",
		Kernel: "copies from the receive buffer of one to the send buffer of the other until the end of file.",
		Wire:   "What a receive and a send of the same bytes bring about.",
	},
	New: func() step.Action { return new(relayAction) },
}

type relayAction struct {
	from, to  step.HandleRef
	bound     value.Size
	size      value.Compare
	truncated value.Bool
}

func (a *relayAction) Params(p *step.Params) {
	p.Value(&a.from, "where the bytes come from")
	p.Key("to", &a.to, "where they go").Need()
	p.Key("size", &a.bound, "copy this many bytes and leave the rest").Or("all up to the end of file")
	a.size.Unit = value.ByteUnit
	p.Plain(&a.size, "how many bytes must have been copied")
	p.Result("size", &a.size, "how many bytes must have been copied")
	p.Result("truncated", &a.truncated, "over TLS: the end of file must come without close_notify")
	p.Makes = "the number of bytes copied"
}

// relayChunk is how much is read before it is written again.
const relayChunk = 64 << 10

func (a *relayAction) Run(t *step.Task) error {
	from, err := a.from.Open(t)
	if err != nil {
		return err
	}
	to, err := a.to.Open(t)
	if err != nil {
		return err
	}
	if a.truncated.On && from.Above() == nil {
		return endWithoutTLS(from)
	}
	bound, shown, err := a.bound.Part(t)
	if err != nil {
		return err
	}
	args := []any{event.Name(from.Name), event.Name(to.Name)}
	if a.bound.Given() {
		args = append(args, shown)
	}
	t.Call("relay", args...)
	passed := &event.Transfer{Sock: to.Sock.Desc().ID}
	n, err := a.copy(t, from, to, bound, passed)
	whole := err == nil && a.bound.Given() && int64(n) == bound
	ended := event.Const("(end of file)")
	if e, ok := tlsconn.AsError(err); ok && e.Reason == tlsconn.EarlyEOF && a.truncated.On {
		err, ended = nil, "(end of file without close_notify)"
	} else if err == nil && a.truncated.On {
		err = value.Mismatchf("expected the end of file without close_notify, but close_notify came")
	}
	t.Act(event.OpRecv, from)
	t.Event.Offset, t.Event.EOF = from.Sock.Desc().RX.Load(), err == nil && !whole
	passed.Offset = to.Sock.Desc().TX.Load()
	t.Event.Also = passed
	dropped(t, from)
	if err != nil {
		return err
	}
	if t.Return(n, ended); whole {
		t.Return(countOf(n, shown))
	}
	if err := t.SetAs(0, n); err != nil {
		return err
	}
	return a.size.Expect(t, int64(n), "bytes relayed")
}

// countOf is as many bytes as were asked for, as a result.
func countOf(n int, asked any) any {
	if p, masked := asked.(event.Plain); masked {
		return event.Length{N: n, Marks: p.Marks}
	}
	return n
}

// copy copies up to the end of file, or the bound where there is one.
func (a *relayAction) copy(t *step.Task, from, to *handle.Handle, bound int64, passed *event.Transfer) (int, error) {
	defer t.GiveBack()
	total := 0
	in, out := &from.Sock.Desc().RX, &to.Sock.Desc().TX
	for !a.bound.Given() || int64(total) < bound {
		w := t.FreshWait()
		if err := from.Readable(w, 0); err != nil {
			return total, err
		}
		buf := t.Buffer(relayChunk)
		if a.bound.Given() {
			buf = buf[:min(int64(len(buf)), bound-int64(total))]
		}
		hop := event.Hop{InStart: in.Load(), OutStart: out.Load()}
		n, err := from.Take(w, buf)
		if err != nil || n == 0 {
			return total, err
		}
		for sent := 0; sent < n && err == nil; {
			var k int
			k, err = to.Put(t.FreshWait(), buf[sent:n])
			sent += k
		}
		hop.InEnd, hop.OutEnd = in.Load(), out.Load()
		passed.Pass(hop)
		if err != nil {
			return total, err
		}
		total += n
		t.GiveBack()
	}
	return total, nil
}

func (a *relayAction) Check(c *check.Check) {
	checkTruncated(c, &a.truncated, c.Handle(&a.from))
	c.Handle(&a.to)
	c.MakeValues()
}
