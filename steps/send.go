package steps

import (
	"bytes"
	"cmp"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/option"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var sendKind = step.Kind{
	Name:    "send",
	Summary: "send bytes",
	Text: `Without once, everything is sent, with as many calls as needed, and the
transcript shows one call. With once, the step makes one call. If that call must
not wait, or SO_SNDTIMEO ends it, its result can be a short write; expect:
{size: …} says how many bytes must have been sent. If a send without once has to
end with EAGAIN, the transcript shows how many bytes went before it: = 4, then -1
EAGAIN. That number depends on the buffers of the kernel; mask: true hides it.
Where expect names the errno, as names it, and .count is that number.
call chooses the system call.
On a handle that is not a socket the call is write. If call, flags, to or
control ask for another call, that call fails with ENOTSOCK. See send(2),
write(2).
sendmsg takes ancillary data by its type: SCM_RIGHTS handles; SCM_CREDENTIALS
{pid, uid, gid}, IP_PKTINFO and IPV6_PKTINFO {interface, local}, where each
field may be left out; SO_TIMESTAMPING flags; a number for IP_TTL and similar
types. The bytes of any other type, written as LEVEL:TYPE in numbers, are a
payload. A payload is possible for the named types too. See cmsg(3).`,
	Example: socketpairKind.Example,
	Beneath: step.Beneath{
		Call:   "send(2), and write(2), sendto(2), sendmsg(2) or writev(2) where the step says so",
		Kernel: "copies the bytes into the socket's send buffer, and waits while that is full. A result says that the kernel has the bytes, not that the peer has them.",
		Wire:   "TCP: segments with data as far as the peer's window allows, and acknowledgements back. UDP: one datagram for each call.",
		Errors: []step.LikelyError{
			{Errno: "EPIPE", Why: "this side has been shut down, or the peer has reset the connection"},
			{Errno: "ECONNRESET", Why: "the peer has reset the connection"},
			{Errno: "EAGAIN", Why: "the buffer is full, and the call does not wait"},
			{Errno: "EMSGSIZE", Why: "the datagram is too large"},
			{Errno: "ECONNREFUSED", Why: "an earlier datagram found nobody"},
		},
	},
	New: func() step.Action {
		return &sendAction{call: value.Enum{Words: namesOf(sendCalls)}}
	},
	Hint: sendHint,
}

func sendHint(errno syscall.Errno, to sock.Addr) string {
	if errno == syscall.EACCES && to.IP.Is4() {
		return "a broadcast address needs SO_BROADCAST"
	}
	return ""
}

// The calls that send.
var (
	callWrite   = &ioCall{name: "write", file: true}
	callSend    = &ioCall{name: "send"}
	callSendto  = &ioCall{name: "sendto", address: true}
	callWritev  = &ioCall{name: "writev", file: true, vector: true}
	callSendmsg = &ioCall{name: "sendmsg", vector: true, address: true, control: true}

	sendCalls = []*ioCall{callWrite, callSend, callSendto, callWritev, callSendmsg}
)

type sendAction struct {
	handle  step.HandleRef
	data    payload.Payload
	to      value.Address
	flags   value.Flags
	call    value.Enum
	once    value.Bool
	nowait  value.Bool
	size    value.Compare
	control option.Control
}

// UsesAddress implements [step.AddressUser].
func (a *sendAction) UsesAddress() (*step.HandleRef, *value.Address, bool) {
	return &a.handle, &a.to, false
}

func (a *sendAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("data", &a.data, "what to send").Need()
	p.Key("to", &a.to, "the destination, for sockets that are not connected")
	p.Key("flags", &a.flags, "MSG_ flags of send(2): a name or a list")
	p.Key("call", &a.call, "the system call").Or("sendto with to, else send")
	p.Key("once", &a.once, "make one call; a short write is reported").Or("false")
	p.NoWait(&a.nowait, "do not wait: EAGAIN when nothing can be sent")
	p.Key("control", &a.control, "ancillary data, for sendmsg: {SCM_RIGHTS: [handles]}, {SCM_CREDENTIALS: {}}, {IP_TTL: 3}; or a payload, the whole buffer as it is: {hex: …}")
	a.size.Unit = value.ByteUnit
	p.Plain(&a.size, "how many bytes must have been sent")
	p.Result("size", &a.size, "how many bytes must have been sent")
	p.Makes = "the number of bytes sent"
}

// callOn is the system call that the step makes.
func (a *sendAction) callOn(h *handle.Handle) *ioCall {
	switch {
	case a.call.Given():
		return callNamed(sendCalls, a.call.Word)
	case h.Above() != nil, !h.IsSocket() && !a.flags.Given() && !a.control.Given() && !a.to.Given():
		return callWrite
	case a.control.Given():
		return callSendmsg
	case a.to.Given():
		return callSendto
	}
	return callSend
}

func (a *sendAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	if err := h.UnderTLS(a.call.Given()); err != nil {
		return err
	}
	if w := t.Wait(h, &a.nowait, 0); !a.to.Given() && !a.once.On && !w.NoWait && !h.Messages() {
		if c, large, err := a.data.Large(t); err != nil || large {
			if err != nil {
				return err
			}
			return a.sendLarge(t, h, c)
		}
	}
	data, err := a.buffers(t, h)
	if err != nil {
		return err
	}
	var to *sock.Addr
	var asked *event.Asked
	if a.to.Given() {
		addr, err := a.to.Ask(t)
		if err != nil {
			return err
		}
		to, asked = &addr.Addr, &addr
	}
	control, err := a.describe(t, h, data, asked)
	if err != nil {
		return err
	}
	bufs := t.Bufs[:0]
	for _, b := range data {
		bufs = append(bufs, b.Bytes)
	}
	t.Bufs = bufs
	n, err := a.send(t, h, bufs, to, control)
	a.trace(t, h, bufs, to, control, err)
	if err != nil {
		return a.partly(n, t.Step.Mask.On, err)
	}
	t.Return(event.Count(n))
	if err := t.SetAs(0, n); err != nil {
		return err
	}
	return a.size.Expect(t, int64(n), "bytes sent")
}

// describe opens the event, and makes the ancillary data.
func (a *sendAction) describe(t *step.Task, h *handle.Handle, data []payload.Blob, to *event.Asked) ([]byte, error) {
	args := make([]any, 0, 6)
	if len(data) == 1 {
		args = append(args, h.Part(), t.DataOf(h, data[0]), event.Count(len(data[0].Bytes)))
	} else {
		pieces := make([]any, len(data))
		for i, b := range data {
			pieces[i] = t.DataOf(h, b)
		}
		args = append(args, h.Part(), pieces, len(data))
	}
	var control []byte
	if a.control.Given() {
		encoded, shown, err := a.control.Encode(t, h.Sock)
		if err != nil {
			return nil, err
		}
		control, args = encoded, append(args, shown)
		t.Event.Gives = rightsOf(h.Sock, control)
	}
	if a.flags.Bits != 0 {
		args = append(args, event.Const(sock.FlagNames(a.flags.Bits)))
	}
	if to != nil {
		args = append(args, *to)
	}
	t.Call(a.callOn(h).name, args...)
	return control, nil
}

// rightsOf are the descriptors in ancillary data to send; nil where there are
// none.
func rightsOf(s *sock.Socket, control []byte) *event.Rights {
	r := &event.Rights{At: s.Desc().TX.Load()}
	for _, d := range s.PassedBy(control) {
		r.Descs = append(r.Descs, d.ID)
	}
	if len(r.Descs) == 0 {
		return nil
	}
	return r
}

// buffers are the bytes to send: one buffer, or for writev and sendmsg one for
// each item of a list.
func (a *sendAction) buffers(t *step.Task, h *handle.Handle) ([]payload.Blob, error) {
	bufs := t.Blobs[:0]
	defer func() { t.Blobs = bufs }()
	list, several := a.data.Piece.(payload.ListPiece)
	if !several || !a.callOn(h).vector {
		b, err := a.data.Blob(t)
		bufs = append(bufs, b)
		return bufs, err
	}
	for _, p := range list {
		b, err := p.Append(t, payload.Blob{})
		if err != nil {
			return nil, err
		}
		bufs = append(bufs, b)
	}
	return bufs, nil
}

// send makes one call, or as many as it takes to send everything.
func (a *sendAction) send(t *step.Task, h *handle.Handle, bufs [][]byte, to *sock.Addr, control []byte) (int, error) {
	w := t.Wait(h, &a.nowait, a.flags.Bits)
	w.Whole = a.once.On
	total := length(bufs)
	for sent := 0; ; {
		n, err := a.oneCall(h, w, bufs, to, control)
		if err != nil {
			if sent > 0 {
				t.Missing = fmt.Sprintf("%d of %d bytes are sent", sent, total)
			}
			return sent, err
		}
		sent += n
		if sent >= total || h.Messages() {
			return sent, nil
		}
		if a.once.On {
			err := t.CutShort(w)
			if err != nil {
				t.Missing = fmt.Sprintf("%d of %d bytes are sent", sent, total)
			}
			return sent, err
		}
		bufs, control = skip(bufs, n), nil
	}
}

// partly is an error with the number of bytes that went before it. Where that
// varies from run to run it may be 0 on some.
func (a *sendAction) partly(n int, masked bool, err error) error {
	if n == 0 && (a.once.On || !masked) {
		return err
	}
	return &step.Partly{Err: err, Count: n, Shown: event.Count(n)}
}

func length(bufs [][]byte) int {
	n := 0
	for _, b := range bufs {
		n += len(b)
	}
	return n
}

// skip is bufs without the first n bytes.
func skip(bufs [][]byte, n int) [][]byte {
	for len(bufs) > 1 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	rest := append([][]byte(nil), bufs...)
	rest[0] = rest[0][n:]
	return rest
}

// oneCall makes the system call.
func (a *sendAction) oneCall(h *handle.Handle, w sock.Wait, bufs [][]byte, to *sock.Addr, control []byte) (int, error) {
	s := h.Sock
	switch call := a.callOn(h); {
	case h.Above() != nil:
		return h.Write(w, bufs[0])
	case call == callWrite:
		return s.Write(w, bufs[0])
	case call == callWritev:
		return s.Writev(w, bufs)
	case call == callSendmsg:
		m := sock.Message{Buffers: bufs, Control: control}
		if to != nil {
			m.Addr, m.HasAddr = *to, true
		}
		return s.Sendmsg(w, &m, a.flags.Bits)
	}
	return s.Send(w, bufs[0], a.flags.Bits, to)
}

// trace notes what the order of events needs: how far this direction of the
// connection has come, or where the datagram went.
func (a *sendAction) trace(t *step.Task, h *handle.Handle, data [][]byte, to *sock.Addr, control []byte, err error) {
	t.Act(event.OpSend, h)
	e := &t.Event
	e.NoWait = a.once.On || t.Wait(h, &a.nowait, a.flags.Bits).NoWait
	target := h.Sock.Desc().Remote()
	if to != nil {
		target = *to
	}
	spread := h.Sock.Spread(target, err)
	e.Offset = h.Sock.Desc().TX.Load()
	e.Urgent = a.flags.Bits&unix.MSG_OOB != 0
	e.Opens = to != nil && a.flags.Bits&sock.MsgFastopen != 0 && !h.Messages()
	if !h.Messages() && !e.Opens {
		return
	}
	e.Endpoints = h.Endpoints()
	if to != nil {
		e.Endpoints.Remote = *to
		t.Publish(h)
	}
	switch {
	case e.Opens:
	case err != nil && !spread:
		h.Sock.Unglue()
	default:
		whole := data[0]
		if len(data) > 1 {
			whole = bytes.Join(data, nil)
		}
		if glued, segment, goes := h.Sock.Emit(whole, a.flags.Bits); goes {
			t.Emits(h, glued, cmp.Or(sock.SegmentSize(control), segment), e.Endpoints.Remote)
		}
	}
}

func (a *sendAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	a.control.Check(c)
	call := callNamed(sendCalls, a.call.Word)
	if a.control.Given() && call != nil && !call.control {
		c.Problem(a.control.Node, "%s takes no ancillary data", call.name).Hint = "use call: sendmsg"
	}
	if a.flags.Given() && call != nil && call.file {
		c.Problem(a.flags.Node, "%s takes no flags", call.name).Hint = "use call: send or sendmsg"
	}
	switch {
	case call == nil || call.address:
		c.Fits(sym, &a.to, check.FitSend)
		if sym != nil && a.to.Given() {
			c.Connect(sym.Sock)
		}
	case a.to.Given():
		c.Problem(a.to.Node, "%s takes no destination", call.name).Hint = "use call: sendto or sendmsg"
	}
	if c.Step.As.Given() && !c.Step.Expect.Error.Given() {
		c.MakeValues()
	}
}
