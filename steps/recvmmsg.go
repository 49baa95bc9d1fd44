package steps

import (
	"fmt"
	"strconv"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var recvmmsgKind = step.Kind{
	Name:    "recvmmsg",
	Summary: "receive several datagrams in one call",
	Text: `Makes one system call. It waits for all datagrams. With MSG_WAITFORONE it waits
only for the first one, and then takes those that are there. expect is the list
of the datagrams' data, in order. See recvmmsg(2).`,
	Example: sendmmsgKind.Example,
	Beneath: step.Beneath{
		Call:   "recvmmsg(2)",
		Kernel: "receives several messages in one call. The result is how many came.",
		Errors: []step.LikelyError{
			{Errno: "EAGAIN", Why: "nothing has come, and the call does not wait"},
		},
	},
	New: func() step.Action {
		return &recvmmsgAction{count: value.Int{Number: value.AtMost(&value.MaxMessages)}, max: value.Size{Number: value.AtMost(&value.MaxBuffer)}}
	},
}

type recvmmsgAction struct {
	handle step.HandleRef
	count  value.Int
	max    value.Size
	flags  value.Flags
	nowait value.Bool
	data   payloadList
	want   value.Compare
}

func (a *recvmmsgAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("count", &a.count, "how many messages").Need()
	p.Key("max", &a.max, "the buffer of each message").Or("2KiB")
	p.Key("flags", &a.flags, "MSG_ flags of recv(2): a name or a list")
	p.NoWait(&a.nowait, "take what is there: EAGAIN when there is nothing")
	p.Plain(&a.data, "the list of what the messages must hold")
	p.Result("data", &a.data, "the list of what the messages must hold")
	p.Result("count", &a.want, "how many messages must have come")
	p.Makes, p.Word = "the list of the received data", "data"
}

func (a *recvmmsgAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	count, shown, err := a.count.Part(t)
	if err != nil {
		return err
	}
	size := int64(2048)
	if a.max.Given() {
		if size, err = a.max.Eval(t); err != nil {
			return err
		}
	}
	if err := value.MaxBuffer.Check(value.Product(int64(count), size)); err != nil {
		return err
	}
	list := make([]*sock.Message, count)
	for i := range list {
		list[i] = &sock.Message{Buffers: [][]byte{make([]byte, size)}}
	}
	args := []any{h.Part(), shown}
	if a.flags.Bits != 0 {
		args = append(args, event.Const(sock.FlagNames(a.flags.Bits)))
	}
	t.Call("recvmmsg", args...)
	w := t.Wait(h, &a.nowait, a.flags.Bits)
	sizes, err := h.Sock.Recvmmsg(w, list, a.flags.Bits)
	t.Act(event.OpRecv, h)
	dropped(t, h)
	t.Event.NoWait = w.NoWait
	if err != nil {
		return err
	}
	one := a.flags.Has("MSG_WAITFORONE")
	if len(sizes) < int(count) && !one {
		if err := t.CutShort(w); err != nil {
			t.Missing = fmt.Sprintf("%d of %d messages have come", len(sizes), count)
			return err
		}
	}
	if one || w.NoWait {
		t.Event.Most = int64(count)
	}
	return a.took(t, h, list, sizes)
}

// took records what came and compares it with the expectation.
func (a *recvmmsgAction) took(t *step.Task, h *handle.Handle, list []*sock.Message, sizes []int) error {
	t.Event.Offset, t.Event.Took = h.Sock.Desc().RX.Load(), int64(len(sizes))
	if h.Messages() {
		t.Event.Endpoints = h.Endpoints()
	}
	t.Event.Look = lookOf(a.flags.Bits)
	var shown, values []any
	traces := make(map[string]*value.Trace)
	at := 0
	var got [][]byte
	for i, n := range sizes {
		b := list[i].Buffers[0]
		b = b[:min(n, len(b))] // MSG_TRUNC returns the whole length
		data := t.Data(b)
		data.Counted = h.Plain()
		parts := []any{data}
		if list[i].HasAddr && list[i].Addr.String() != "unix:" {
			parts = append(parts, event.Const("from"), list[i].Addr)
		}
		shown, values, got = append(shown, single(parts)), append(values, string(b)), append(got, b)
		traces[strconv.Itoa(i)] = value.TraceOf(t.Piece(string(b), at))
		at += n
		if h.Messages() {
			d := h.Datagram(b, list[i].Addr, true)
			d.Cut = len(b) == len(list[i].Buffers[0])
			t.Event.Sums = append(t.Event.Sums, d)
		}
	}
	t.Return(len(sizes), shown)
	if err := t.SetAs(0, value.WithTrace(values, &value.Trace{Parts: traces})); err != nil {
		return err
	}
	if err := a.want.Expect(t, int64(len(sizes)), "messages"); err != nil {
		return err
	}
	return a.data.check(t, got)
}

func (a *recvmmsgAction) Check(c *check.Check) {
	c.Handle(&a.handle)
	c.MakeValues()
}

// payloadList is the data of several messages.
type payloadList struct {
	node *source.Node
	list []*payload.Payload
}

// Decode reads a list of payloads.
func (v *payloadList) Decode(d *value.Decoder, n *source.Node) {
	v.node, v.list = n, eachMessage(d, n, "data", func() *payload.Payload { return new(payload.Payload) })
}

// eachMessage reads a list with a value for each of several messages.
func eachMessage[T value.Value](d *value.Decoder, n *source.Node, what string, fresh func() T) (list []T) {
	if n.Kind != source.List {
		d.Problem(n, "expected a list with the %s of each message, got %s", what, n.Describe())
		return nil
	}
	for _, item := range n.Items {
		v := fresh()
		v.Decode(d, item)
		list = append(list, v)
	}
	return list
}

// Schema accepts a list of payloads.
func (v *payloadList) Schema() value.Schema {
	return value.Schema{"type": "array", "items": new(payload.Payload).Schema()}
}

// Type names the type in the reference.
func (v *payloadList) Type() string { return "list of payloads" }

func (v *payloadList) check(t *step.Task, got [][]byte) error {
	if v.node == nil {
		return nil
	}
	if len(got) != len(v.list) {
		return value.Mismatchf("expected %d messages, got %d", len(v.list), len(got))
	}
	for i, p := range v.list {
		want, err := p.Bytes(t)
		if err != nil {
			return err
		}
		if string(want) != string(got[i]) {
			return &value.Mismatch{Msg: "the data of a message differs", Want: want, Got: append([]byte(nil), got[i]...), Data: true}
		}
	}
	return nil
}
