package steps

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var sendmmsgKind = step.Kind{
	Name:    "sendmmsg",
	Summary: "send several datagrams in one call",
	Text: `Makes one system call. Each message has data, and to if the socket is not
connected. The result is the number of messages that went, and the length of
each (msg_len), which on a stream may be less than the message has. expect is the
number of messages that must have been sent, or {count, lengths}. An error after
the first message ends the call, and only the number shows it. See sendmmsg(2).`,
	Example: `requires: os:linux
actors:
  one:
    - socketpair: unixgram
      as: [a, b]
    - sendmmsg: a
      messages:
        - data: first
        - data: second
      expect: {count: 2, lengths: [5, 6]}
    - recvmmsg: b
      count: 2
      expect: [first, second]
    - close: [a, b]
`,
	Beneath: step.Beneath{
		Call:   "sendmmsg(2)",
		Kernel: "sends several messages in one call. The result is how many went; an error of a later one is only returned by the next call.",
		Wire:   "One datagram for each message.",
		Errors: []step.LikelyError{
			{Errno: "EMSGSIZE", Why: "the first datagram is too large"},
		},
	},
	New:  func() step.Action { return new(sendmmsgAction) },
	Hint: sendHint,
}

type sendmmsgAction struct {
	handle   step.HandleRef
	messages Messages
	flags    value.Flags
	nowait   value.Bool
	want     value.Compare
	lengths  lengthList
}

func (a *sendmmsgAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("messages", &a.messages, "a list of {data, to}").Need()
	p.Key("flags", &a.flags, "MSG_ flags of send(2): a name or a list")
	p.NoWait(&a.nowait, "do not wait: EAGAIN when nothing can be sent")
	p.Plain(&a.want, "how many messages must have gone")
	p.Result("count", &a.want, "how many messages must have gone")
	p.Result("lengths", &a.lengths, "how many bytes of each message must have gone: a list of numbers or conditions")
	p.Makes, p.Names = "the number of messages sent, and the list of their lengths", 2
}

func (a *sendmmsgAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	var list []*sock.Message
	var shown []any
	var marks [][]event.Mark
	for _, item := range a.messages.list {
		m, b, parts, err := item.make(t, h)
		if err != nil {
			return err
		}
		list, shown, marks = append(list, m), append(shown, single(parts)), append(marks, b.Marks)
	}
	args := []any{h.Part(), shown, len(list)}
	if a.flags.Bits != 0 {
		args = append(args, event.Const(sock.FlagNames(a.flags.Bits)))
	}
	t.Call("sendmmsg", args...)
	w := t.Wait(h, &a.nowait, a.flags.Bits)
	sizes, err := h.Sock.Sendmmsg(w, list, a.flags.Bits)
	t.Act(event.OpSend, h)
	spread := err != nil && h.Sock.Spread(target(h, list[0]), err)
	t.Event.Offset = h.Sock.Desc().TX.Load()
	if h.Messages() {
		t.Event.Endpoints = h.Endpoints()
	}
	if spread {
		a.trace(t, h, list[:1])
	}
	if err != nil {
		return err
	}
	if len(sizes) < len(list) {
		if err := t.CutShort(w); err != nil {
			t.Missing = fmt.Sprintf("%d of %d messages are sent", len(sizes), len(list))
			return err
		}
	}
	if gone := len(sizes); h.Messages() {
		// The errno of the message that stopped the call is that of the next
		// call. To a group of netlink it is the refusal at the port.
		if gone < len(list) && h.Sock.Spread(target(h, list[gone]), unix.ECONNREFUSED) {
			gone++
			t.Event.Offset = h.Sock.Desc().TX.Load()
		}
		a.trace(t, h, list[:gone])
	}
	t.Publish(h)
	return a.result(t, sizes, marks)
}

// result are the number of messages and their lengths.
func (a *sendmmsgAction) result(t *step.Task, sizes []int, marks [][]event.Mark) error {
	shown, values := make([]any, len(sizes)), make([]any, len(sizes))
	for i, n := range sizes {
		shown[i], values[i] = event.Length{N: n, Marks: marks[i]}, n
	}
	t.Return(len(sizes), shown)
	if err := t.SetAs(0, len(sizes)); err != nil {
		return err
	}
	if err := t.SetAs(1, values); err != nil {
		return err
	}
	if err := a.want.Expect(t, int64(len(sizes)), "messages sent"); err != nil {
		return err
	}
	return a.lengths.check(t, sizes)
}

// lengthList is what the lengths of several messages must be.
type lengthList struct {
	node *source.Node
	list []*value.Compare
}

// Decode reads a list of numbers or conditions.
func (v *lengthList) Decode(d *value.Decoder, n *source.Node) {
	v.node, v.list = n, eachMessage(d, n, "length", func() *value.Compare { return new(value.Compare) })
}

// Schema accepts a list of numbers or conditions.
func (v *lengthList) Schema() value.Schema {
	return value.Schema{"type": "array", "items": new(value.Compare).Schema()}
}

// Type names the type in the reference.
func (v *lengthList) Type() string { return "list of conditions" }

func (v *lengthList) check(t *step.Task, got []int) error {
	if v.node == nil {
		return nil
	}
	if len(got) != len(v.list) {
		return value.Mismatchf("expected the lengths of %d messages, got %d", len(v.list), len(got))
	}
	for i, c := range v.list {
		if err := c.Expect(t, int64(got[i]), fmt.Sprintf("bytes of message %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// trace notes the datagrams that went, for the order of events.
func (a *sendmmsgAction) trace(t *step.Task, h *handle.Handle, list []*sock.Message) {
	t.Event.Endpoints = h.Endpoints()
	for _, m := range list {
		if data, segment, goes := h.Sock.Emit(m.Buffers[0], a.flags.Bits); goes {
			t.Emits(h, data, segment, target(h, m))
		}
	}
}

// target is where a message goes.
func target(h *handle.Handle, m *sock.Message) sock.Addr {
	if m.HasAddr {
		return m.Addr
	}
	return h.Sock.Desc().Remote()
}

func (a *sendmmsgAction) Check(c *check.Check) {
	c.Handle(&a.handle)
	c.MakeValues()
}

// Messages are the datagrams of one sendmmsg.
type Messages struct{ list []*messageItem }

type messageItem struct {
	data payload.Payload
	to   value.Address
}

// Decode reads a list of {data, to}.
func (v *Messages) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.List {
		d.Problem(n, "messages is a list of {data, to}, not %s", n.Describe())
		return
	}
	d.NotEmpty(n)
	for _, item := range n.Items {
		if item.Kind != source.Map {
			d.Problem(item, "a message is {data, to}, not %s", item.Describe())
			continue
		}
		m := new(messageItem)
		d.Mapping(item, m.params(), "a message")
		v.list = append(v.list, m)
	}
}

func (m *messageItem) params() []*value.Param {
	return []*value.Param{
		{Key: "data", Value: &m.data, Required: true, Help: "what to send"},
		{Key: "to", Value: &m.to, Help: "the destination"},
	}
}

// Schema accepts a list of {data, to}.
func (v *Messages) Schema() value.Schema {
	m := new(messageItem)
	properties := value.Schema{}
	for _, p := range m.params() {
		properties[p.Key] = value.Described(p)
	}
	return value.Schema{"type": "array", "minItems": 1, "items": value.Object(properties, "data")}
}

// Type names the type in the reference.
func (v *Messages) Type() string { return "list of {data, to}" }

// make is the message for the kernel and for the transcript.
func (m *messageItem) make(t *step.Task, h *handle.Handle) (*sock.Message, payload.Blob, []any, error) {
	b, err := m.data.Blob(t)
	if err != nil {
		return nil, b, nil, err
	}
	msg := &sock.Message{Buffers: [][]byte{b.Bytes}}
	shown := []any{t.DataOf(h, b)}
	if m.to.Given() {
		to, err := m.to.Ask(t)
		if err != nil {
			return nil, b, nil, err
		}
		msg.Addr, msg.HasAddr = to.Addr, true
		shown = append(shown, to)
	}
	return msg, b, shown, nil
}

// single is the only part itself, or all parts as a list.
func single(parts []any) any {
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}
