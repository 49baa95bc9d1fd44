package steps

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// returns says what came.
func (r *receiver) returns() {
	ret := make([]any, 0, 4)
	ret = append(ret, event.Count(max(r.count, len(r.data))))
	switch {
	case len(r.bufs) > 0:
		ret = append(ret, r.pieces())
	case len(r.data) > 0:
		ret = append(ret, r.shown())
	}
	if r.msgFlags != 0 {
		ret = append(ret, r.t.Lasting(event.Const(sock.FlagNames(r.msgFlags))))
	}
	if len(r.control) > 0 {
		ret = append(ret, r.t.Lasting(r.controlShown()))
	}
	switch {
	case r.failure != nil && r.eof:
		ret = append(ret, r.t.Lasting(event.Const("(end of file without close_notify)")))
	case r.failure != nil && len(r.data) == 0:
		ret = r.failed(nil)
	case r.failure != nil:
		ret = r.failed(ret)
	case r.eof:
		ret = append(ret, r.t.Lasting(event.Const("(end of file)")))
	}
	if r.message && !r.from.IsZero() && r.from.String() != "unix:" && r.call.address {
		ret = append(ret, r.t.Lasting(event.Const("from")), r.t.Lasting(r.from))
	}
	r.t.Return(ret...)
}

// failed adds the failure of TLS that ended the receive.
func (r *receiver) failed(ret []any) []any {
	for _, part := range r.failure.Shown() {
		ret = append(ret, r.t.Lasting(part))
	}
	return ret
}

// sender is the address that a datagram came from, as a value.
func (r *receiver) sender() *value.Endpoint {
	own := r.h.Sock.Desc()
	e := value.EndpointAt(own.Host(), r.from)
	e.Typ, e.Seen = r.h.Sock.Space(), own.ID
	return e
}

// shown is the data as a part of the event.
func (r *receiver) shown() any {
	if !r.action.toEOF.On {
		return r.t.Part(r.data, r.h.Plain())
	}
	d := r.t.Data(r.data)
	d.Len, d.Counted = r.count, r.h.Plain()
	return d
}

// pieces is the data of each buffer.
func (r *receiver) pieces() []any {
	var list []any
	for _, b := range r.split(r.data) {
		piece := r.t.Data(b)
		piece.Counted = r.h.Plain()
		list = append(list, piece)
	}
	return list
}

// trace notes what the order of events needs.
func (r *receiver) trace(err error) {
	e := &r.t.Event
	r.t.Act(event.OpRecv, r.h)
	e.EOF = r.eof
	e.Offset = r.h.Sock.Desc().RX.Load()
	peeks := r.action.peeks()
	e.Took = int64(len(r.data))
	if r.takesUnseen() {
		e.Took = int64(r.count)
	}
	e.Look = lookOf(r.action.flags.Bits)
	e.Urgent = r.action.flags.Bits&unix.MSG_OOB != 0
	if !peeks {
		dropped(r.t, r.h)
	}
	if peeks {
		// With SO_PEEK_OFF set the call has moved the offset behind what it
		// showed.
		e.Look.Skip = max(0, r.h.Sock.PeekOffset()-int64(len(r.data)))
	}
	if peeks && !r.message {
		e.Offset += e.Look.Skip + int64(len(r.data))
	}
	if r.message {
		e.Took = 0
		if err == nil && !peeks && !r.eof {
			e.Took = 1
		}
		e.Endpoints = r.h.Endpoints()
		e.Endpoints.Remote = r.from
		d := r.h.Datagram(r.data, r.from, true)
		d.Cut = r.filled
		e.Sums = []event.Datagram{d}
	}
}

// lookOf is what the flags say of how a receive takes what comes.
func lookOf(flags int) event.Look {
	return event.Look{Peek: flags&unix.MSG_PEEK != 0, Errqueue: flags&sock.MsgErrqueue != 0}
}

// whole checks that as many bytes came as were asked for.
func (r *receiver) whole() error {
	a := r.action
	switch {
	case r.failure != nil:
		return nil
	case r.want >= 0 && max(r.count, len(r.data)) < r.want && !a.eof.On && !a.match.Size.Given():
		return value.Mismatchf("expected %d bytes, got %d%s", r.want, len(r.data), r.ended())
	case a.until.Given() && r.eof && !a.eof.On:
		return value.Mismatchf("the end of file came before the delimiter; got %s", payload.DescribeData(r.data))
	}
	return nil
}

// came says, for a timeout and for an error on the way, how much there was.
func (r *receiver) came() string {
	switch {
	case len(r.data) == 0:
		return step.NothingCame
	case r.want >= 0:
		return fmt.Sprintf("%d of %d bytes have come: %s", len(r.data), r.want, payload.DescribeData(r.data))
	}
	if r.action.match.Searches() && len(r.data) > payload.LongShown && r.tail(0) < 0 {
		return fmt.Sprintf("only %s have come, which begin with %s", source.Count(len(r.data), "byte", "bytes"), payload.DescribeData(r.data))
	}
	if r.action.match.Searches() {
		return fmt.Sprintf("only %s has come", payload.DescribeLong(r.data))
	}
	return fmt.Sprintf("only %s has come", payload.DescribeData(r.data))
}

func (r *receiver) ended() string {
	if r.eof {
		return " and then the end of file"
	}
	return ""
}

// dropped notes the descriptions that ended with a receive, whatever its call:
// one without room for descriptors closes those that are in a message.
func dropped(t *step.Task, from *handle.Handle) {
	if from.Sock.Family() == unix.AF_UNIX {
		t.Lose(from.Sock.Desc())
	}
}
