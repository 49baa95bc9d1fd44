package steps

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A transfer is what sendfile and splice have in common: one call that moves
// bytes from one handle to another inside the kernel.
type transfer struct {
	from   step.HandleRef
	to     step.HandleRef
	size   value.Size
	offset value.Size
	nowait value.Bool
	want   value.Compare
}

func (a *transfer) params(p *step.Params) {
	p.Value(&a.from, "the handle that the bytes come from")
	p.Key("to", &a.to, "the handle that they go to").Need()
	p.Key("size", &a.size, "how many bytes at most").Need()
	p.Key("offset", &a.offset, "where to begin to take bytes; the offset of the handle then stays as it is").Or("the offset of the handle")
	p.NoWait(&a.nowait, "do not wait: EAGAIN when nothing can be moved")
	a.want.Unit = value.ByteUnit
	p.Plain(&a.want, "how many bytes must have been moved")
	p.Result("size", &a.want, "how many bytes must have been moved")
	p.Makes = "the number of bytes moved"
}

// A transferCall is one transfer under way.
type transferCall struct {
	from, to *handle.Handle
	size     int
	offset   *int64
	at       any // the offset as the transcript shows it
}

// open finds what the call is made with.
func (a *transfer) open(t *step.Task) (*transferCall, error) {
	c := &transferCall{at: event.Const("NULL")}
	var err error
	if c.from, err = a.from.Open(t); err != nil {
		return nil, err
	}
	if c.to, err = a.to.Open(t); err != nil {
		return nil, err
	}
	size, err := a.size.Eval(t)
	if err != nil {
		return nil, err
	}
	c.size = int(size)
	if a.offset.Given() {
		offset, err := a.offset.Eval(t)
		if err != nil {
			return nil, err
		}
		c.offset, c.at = &offset, event.Const(fmt.Sprintf("[%d]", offset))
	}
	for _, h := range []*handle.Handle{c.from, c.to} {
		if h.Above() != nil {
			return nil, value.Mismatchf("%s speaks TLS, which the kernel cannot move bytes through; use relay", h.Name)
		}
	}
	return c, nil
}

// moved notes what the call has done, for the order of events: the bytes are
// received from the one side and sent on the other.
func (a *transfer) moved(t *step.Task, c *transferCall, n int, err error) error {
	from, to := c.from.Sock.Desc(), c.to.Sock.Desc()
	t.Event.NoWait = t.Wait(c.from, &a.nowait, 0).NoWait
	switch {
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET) && c.to.IsSocket():
		t.Act(event.OpSend, c.to)
		t.Event.Offset = to.TX.Load()
	case errors.Is(err, syscall.ECONNRESET):
		t.Act(event.OpRecv, c.from)
		t.Event.Offset = from.RX.Load()
	}
	if err != nil {
		return err
	}
	t.Act(event.OpRecv, c.from)
	t.Event.Offset, t.Event.Took, t.Event.Most = from.RX.Load(), int64(n), int64(c.size)
	if c.from.Messages() { // a call takes no more than one
		t.Event.Took, t.Event.Most = int64(min(n, 1)), 1
	}
	dropped(t, c.from)
	if n > 0 {
		// No hops: unlike a relay, the call is over before anybody can receive
		// the bytes, so that a receive comes after it.
		t.Event.Also = &event.Transfer{Sock: to.ID, Offset: to.TX.Load()}
	}
	t.Event.EOF = n == 0 && c.size > 0
	t.Return(n)
	if t.Event.EOF {
		t.Return(n, event.Const("(end of file)"))
	}
	if err := t.SetAs(0, n); err != nil {
		return err
	}
	return a.want.Expect(t, int64(n), "bytes moved")
}

// Check finds the handles.
func (a *transfer) Check(c *check.Check) {
	c.Handle(&a.from)
	c.Handle(&a.to)
	c.MakeValues()
}
