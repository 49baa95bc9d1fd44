package steps

import (
	"hash/maphash"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

var sendKind = Kind{
	Name:    "send",
	Summary: "send bytes",
	Text: `Without once, everything is sent, over as many calls as it takes, and the
transcript shows one. With once one call is made and a short write is its
result; expect: {size: …} tells how much must have gone. call chooses among the
system calls that send; see send(2), write(2).`,
	Example: socketpairKind.Example,
	New: func() Action {
		return &sendAction{call: Enum{Words: []string{"write", "send", "sendto", "writev", "sendmsg"}}}
	},
}

type sendAction struct {
	handle HandleRef
	data   Payload
	to     Address
	flags  Flags
	call   Enum
	once   Bool
	nowait Bool
	size   Compare
}

func (a *sendAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Key("data", &a.data, "what to send").Need()
	p.Key("to", &a.to, "the destination, for sockets that are not connected")
	p.Key("flags", &a.flags, "MSG_ flags of send(2): a name or a list")
	p.Key("call", &a.call, "the system call").Or("sendto with to, else send")
	p.Key("once", &a.once, "make one call; a short write is reported").Or("false")
	p.Key("nowait", &a.nowait, "do not wait: EAGAIN when nothing can be sent").Or("false")
	a.size.unit = byteUnit
	p.Plain(&a.size, "how many bytes must have been sent")
	p.Result("size", &a.size, "how many bytes must have been sent")
	p.Makes = "the number of bytes sent"
}

// callName is the system call that the step makes.
func (a *sendAction) callName() string {
	switch {
	case a.call.Word != "":
		return a.call.Word
	case a.to.Given():
		return "sendto"
	}
	return "send"
}

func (a *sendAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	data, err := a.data.Bytes(t)
	if err != nil {
		return err
	}
	var to *sock.Addr
	if a.to.Given() {
		addr, err := a.to.Resolve(t)
		if err != nil {
			return err
		}
		to = &addr
	}
	a.describe(t, h, data, to)
	n, err := a.send(t, h, data, to)
	a.trace(t, h, data, to)
	if err != nil {
		return err
	}
	t.Return(n)
	if err := t.setAs(0, n); err != nil {
		return err
	}
	return a.size.expect(t, int64(n), "bytes sent")
}

func (a *sendAction) describe(t *Task, h *Handle, data []byte, to *sock.Addr) {
	args := make([]any, 0, 5)
	args = append(args, Name(h.Name), t.data(data), len(data))
	if a.flags.Bits != 0 {
		args = append(args, Const(sock.FlagNames(a.flags.Bits)))
	}
	if to != nil {
		args = append(args, *to)
	}
	t.Call(a.callName(), args...)
}

// send makes one call, or as many as it takes to send everything.
func (a *sendAction) send(t *Task, h *Handle, data []byte, to *sock.Addr) (int, error) {
	w := t.wait(&a.nowait)
	sent := 0
	for {
		n, err := a.once1(h.Sock, w, data[sent:], to)
		if err != nil {
			return sent, err
		}
		sent += n
		if sent >= len(data) || a.once.On || !streamLike(h.Sock.Type()) {
			return sent, nil
		}
	}
}

// once1 makes the system call.
func (a *sendAction) once1(s *sock.Socket, w sock.Wait, data []byte, to *sock.Addr) (int, error) {
	switch a.callName() {
	case "write":
		return s.Write(w, data)
	case "writev":
		return s.Writev(w, [][]byte{data})
	case "sendmsg":
		m := sock.Message{Buffers: [][]byte{data}}
		if to != nil {
			m.Addr, m.HasAddr = *to, true
		}
		return s.Sendmsg(w, &m, a.flags.Bits)
	}
	return s.Send(w, data, a.flags.Bits, to)
}

// trace notes what the order of events needs: how far this direction of the
// connection has come, or where the datagram went.
func (a *sendAction) trace(t *Task, h *Handle, data []byte, to *sock.Addr) {
	t.act(OpSend, h)
	t.Event.Offset = h.Sock.Desc().TX.Load()
	if h.Sock.Type() == unix.SOCK_STREAM {
		return
	}
	t.Event.Link = h.link()
	t.Event.Link.Sum = sum(data)
	if to != nil {
		t.Event.Link.Remote = *to
		t.publish(h.Name)
	}
}

var seed = maphash.MakeSeed()

// sum tells datagrams of different content apart.
func sum(b []byte) uint64 { return maphash.Bytes(seed, b) }

func (a *sendAction) Check(c *Check) {
	c.handle(&a.handle)
	if a.flags.Given() && (a.call.Word == "write" || a.call.Word == "writev") {
		c.problem(a.flags.node, "%s takes no flags", a.call.Word).Hint = "use call: send or sendmsg"
	}
	if a.to.Given() && a.call.Word != "" && a.call.Word != "sendto" && a.call.Word != "sendmsg" {
		c.problem(a.to.node, "%s takes no destination", a.call.Word).Hint = "use call: sendto or sendmsg"
	}
	if c.step.As.Given() && !c.step.Expect.Error.Given() {
		c.makeValues()
	}
}
