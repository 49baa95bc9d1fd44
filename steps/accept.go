package steps

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var acceptKind = step.Kind{
	Name:    "accept",
	Summary: "take the next connection of a listening socket",
	Text: `Waits until a client has connected. from takes the connection of that client:
others that come before it are accepted and kept for later accept steps of the
same listening socket, which get them first. The accept of a kept connection is
in the transcript where a step gets it. For poll a kept connection is one that
can be accepted. See accept(2).`,
	Example: `actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - close: sock
`,
	Beneath: step.Beneath{
		Call:   "accept4(2)",
		Kernel: "takes the oldest connection out of the queue and makes a new descriptor for it. It waits while the queue is empty.",
		Wire:   "Nothing: the kernel has made the connection before.",
		Errors: []step.LikelyError{
			{Errno: "EAGAIN", Why: "the queue is empty, and the call does not wait"},
			{Errno: "EINVAL", Why: "the socket does not listen"},
			{Errno: "EMFILE", Why: "the process has as many descriptors as it may have"},
		},
	},
	New: func() step.Action { return &acceptAction{flags: value.Flags{Of: sock.SocketFlags}} },
}

type acceptAction struct {
	handle step.HandleRef
	nowait value.Bool
	peer   value.AddressMatch
	flags  value.Flags
	size   value.Signed
	from   value.AddressMatch
	length value.Compare
}

func (a *acceptAction) Params(p *step.Params) {
	p.Value(&a.handle, "the listening socket")
	p.NoWait(&a.nowait, "do not wait: EAGAIN when no connection is there")
	p.Key("from", &a.peer, "take the connection of this client: an address, a host, or {host, port}").Or("any client's")
	p.Key("flags", &a.flags, "SOCK_NONBLOCK, SOCK_CLOEXEC or both: the call is accept4, and they hold for the new socket")
	p.Key("size", &a.size, "the addrlen that is passed, any int: the size of the buffer for the client's address").Or("enough for any address")
	p.Result("addrlen", &a.length, "the addrlen that comes back: the length of the client's address, also where the buffer was smaller")
	p.Result("from", &a.from, "the client's address; without a port (127.0.0.1) only the host counts")
	p.Makes = "the connection"
}

func (a *acceptAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	wanted, err := a.peer.Matcher(t)
	if err != nil {
		return err
	}
	call, args := "accept", []any{h.Part()}
	asked := sock.Acceptance{From: wanted, Flags: a.flags.Bits}
	size, err := addrlen(t, &a.size)
	if err != nil {
		return err
	}
	if a.size.Given() {
		given := size
		args, asked.Size = append(args, event.Const(fmt.Sprintf("[%d]", size))), &given
	}
	if a.flags.Given() {
		call, args = "accept4", append(args, event.Const(sock.SocketFlags.Names(a.flags.Bits)))
	}
	t.Call(call, args...)
	w := t.Wait(h, &a.nowait, 0)
	s, from, err := h.Sock.AcceptAs(w, asked)
	t.Act(event.OpAccept, h)
	t.Event.NoWait, t.Event.Picks = w.NoWait, a.peer.Given()
	if err != nil {
		if n := h.Sock.Kept(); a.peer.Given() {
			t.Missing = fmt.Sprintf("the connection of that client has not come; %d of others wait to be accepted", n)
		}
		return err
	}
	conn, err := t.MakeHandle(0, s, "a connection")
	if err != nil {
		return err
	}
	t.Publish(conn)
	t.Event.Endpoints = conn.Endpoints()
	t.Event.Endpoints.Made = s.Desc().ID
	t.Return(conn.Part())
	if from.Path != "" || from.IP.IsValid() {
		t.Return(conn.Part(), event.Const("from"), from)
	}
	if a.size.Given() {
		t.Return(a.sized(conn.Name, from, size, *asked.Size)...)
	}
	if a.length.Given() {
		if err := a.length.Expect(t, int64(*asked.Size), "addrlen"); err != nil {
			return err
		}
	}
	if !a.from.Given() {
		return nil
	}
	return a.from.Expect(t, from, "from")
}

// sized is the result where the file chose the size of the buffer: the length
// of the address, and the address where all of it fits. A part of one may show
// a part of a port, which varies.
func (a *acceptAction) sized(conn string, from sock.Addr, size, length int) []any {
	ret := []any{event.Name(conn), event.Const(fmt.Sprintf("[%d]", length))}
	if size >= length && !from.IsZero() {
		ret = append(ret, event.Const("from"), from)
	}
	return ret
}

// addrlen is a size that is passed as addrlen, any int.
func addrlen(t *step.Task, size *value.Signed) (int, error) {
	n, err := size.Eval(t)
	if err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
		err = value.Mismatchf("%d does not fit into the int that the call takes", n)
	}
	return int(n), err
}

func (a *acceptAction) Check(c *check.Check) {
	if a.length.Given() && !a.size.Given() {
		c.Problem(a.length.Node, "addrlen is asked for with size").Hint = "add size: the addrlen that is passed"
	}
	sym := c.Handle(&a.handle)
	if sym == nil {
		c.MakeHandle(0, check.AnySocket())
		return
	}
	if sym.Sock.Listens == check.No && c.MustSucceed() && c.Certain() {
		c.Problem(a.handle.Node, "%s does not listen, so it cannot accept", sym.Name).Hint = "put a listen step before this one"
	}
	if to, fixed := a.peer.Fixed(); fixed && sym.Sock.Family != 0 && (to.Family == unix.AF_UNIX) != (sym.Sock.Family == unix.AF_UNIX) {
		c.Problem(a.peer.Node, "no client of %s has such an address", sym.Name).Hint = "give it " + value.FamilyForms[sym.Sock.Family]
	}
	made := check.NewSocket(sym.Sock.Family, sym.Sock.Typ, 0)
	made.Connected = check.Unknown
	c.MakeHandle(0, made)
}
