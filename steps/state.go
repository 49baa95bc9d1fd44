package steps

import (
	"cmp"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var stateKind = step.Kind{
	Name:    "state",
	Summary: "wait until a TCP socket is in a state",
	Text: `The states have Linux's names: SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT1,
FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING, TIME_WAIT, LISTEN, CLOSE. While the
descriptor is open, the state comes from TCP_INFO. After close it comes from the
kernel's socket diagnostics, and only they know TIME_WAIT. Without expect the
step only reads the state.

{local: ADDRESS, remote: ADDRESS} asks them for a connection of the actor's
network that has no handle, as one in SYN_RECV. Its state is none where the kernel
has no such connection. See tcp(7), sock_diag(7), RFC 9293 section 3.3.2.`,
	Example: `requires: os:linux
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - state: listener
      expect: LISTEN
    - accept: listener
      as: conn
    - close: conn
    - state: conn
      expect: FIN_WAIT2
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - state: sock
      expect: CLOSE_WAIT
`,
	Beneath: step.Beneath{
		Call:   "getsockopt(2) with TCP_INFO, and sock_diag(7) for sockets without a descriptor",
		Kernel: "returns the state of the connection, as the state machine of RFC 9293, section 3.3.2, has it.",
	},
	New: func() step.Action {
		return &stateAction{want: value.Enum{Words: append(sock.TCPStates(), noConnection)}}
	},
}

// noConnection is the state of a connection that the kernel does not have.
const noConnection = "none"

type stateAction struct {
	of   connection
	want value.Enum
}

func (a *stateAction) Params(p *step.Params) {
	p.Value(&a.of, "the TCP socket, open or closed; or both addresses of a connection")
	p.Plain(&a.want, "the state to wait for")
	p.Result("state", &a.want, "the state to wait for")
	p.Makes = "the state's name"
}

func (a *stateAction) Run(t *step.Task) error {
	of := &a.of
	if of.handle.Given() {
		h, err := of.handle.Open(t)
		if err != nil {
			return err
		}
		t.Call("state", h.Part())
		got, err := a.wait(t, h.Sock.TCPState)
		if err != nil {
			return err
		}
		t.Act(event.OpNone, h)
		return a.is(t, got)
	}
	local, err := of.ask(t, &of.local)
	if err != nil {
		return err
	}
	remote, err := of.ask(t, &of.remote)
	if err != nil {
		return err
	}
	if local.Addr.Family != remote.Addr.Family {
		return value.Mismatchf("%s and %s are not of one family, so they are not those of a connection", local.Addr, remote.Addr)
	}
	t.Call("state", local, remote)
	sockets := t.Sockets().On(t.Actor.Host)
	got, err := a.wait(t, func() (string, error) {
		state, err := sockets.TCPStateOf(local.Addr, remote.Addr)
		return cmp.Or(state, noConnection), err
	})
	if err != nil {
		return err
	}
	t.Event.Between = &event.Endpoints{Host: t.Actor.Host, TCP: true, Local: local.Addr, Remote: remote.Addr}
	return a.is(t, got)
}

// is returns the state, and notes it: some of them the peer's FIN has brought
// about.
func (a *stateAction) is(t *step.Task, got string) error {
	switch t.Event.State = got; got {
	case "CLOSE_WAIT", "LAST_ACK", "CLOSING", "TIME_WAIT":
		t.Event.Op = event.OpState
	}
	t.Return(event.Const(got))
	return t.SetAs(0, got)
}

// wait asks again and again: the kernel does not notify anybody when a TCP
// state changes, least of all that of a socket without a descriptor.
func (a *stateAction) wait(t *step.Task, state func() (string, error)) (string, error) {
	for delay := 50 * time.Microsecond; ; delay = min(2*delay, 5*time.Millisecond) {
		got, err := state()
		if err != nil || got == a.want.Word || a.want.Word == "" {
			return got, err
		}
		t.Missing = "expected the state " + a.want.Word + ", it is " + got
		if err := t.Pause(delay); err != nil {
			return got, err
		}
	}
}

func (a *stateAction) Check(c *check.Check) {
	if a.of.handle.Given() {
		sym := c.AnyHandle(&a.of.handle)
		if sym != nil && sym.Sock.Datagrams() && c.MustSucceed() {
			c.Problem(a.of.handle.Node, "%s is not a TCP socket; it has no TCP state", sym.Name)
		}
		if _, static := a.of.handle.Static(); static && a.want.Word == noConnection {
			c.Problem(c.Step.Node, "the state of a handle is never none").Hint = "write CLOSE, which it also is where the kernel has no connection of it"
		}
	}
	c.MakeValues()
}

// A connection is what has a TCP state: a handle, or two addresses.
type connection struct {
	handle        step.HandleRef
	local, remote value.Address
}

// Decode reads the name of a handle, or both addresses.
func (v *connection) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		v.handle.Decode(d, n)
		return
	}
	d.Mapping(n, []*value.Param{
		{Key: "local", Value: &v.local, Required: true, Help: "the address of the end whose state it is"},
		{Key: "remote", Value: &v.remote, Required: true, Help: "the address of the other end"},
	}, "state")
	for _, a := range []*value.Address{&v.local, &v.remote} {
		if addr, fixed := a.Fixed(); fixed && !isInet(addr) {
			d.Problem(a.Node, "%s is not an address of TCP", addr).Hint = "write it as 127.0.0.1:8080 or [::1]:8080"
		}
	}
}

// Schema accepts a name, or both addresses.
func (v *connection) Schema() value.Schema {
	address := v.local.Schema()
	return value.Schema{"anyOf": []value.Schema{
		v.handle.Schema(), value.Object(value.Schema{"local": address, "remote": address}, "local", "remote"),
	}}
}

// Type names the type in the reference.
func (v *connection) Type() string { return "handle, or {local, remote}" }

// ask is one of the addresses.
func (v *connection) ask(t *step.Task, a *value.Address) (event.Asked, error) {
	asked, err := a.Ask(t)
	if err == nil && !isInet(asked.Addr) {
		err = value.Mismatchf("%s is not an address of TCP; write it as 127.0.0.1:8080 or [::1]:8080", asked.Addr)
	}
	return asked, err
}

func isInet(a sock.Addr) bool { return a.Family == unix.AF_INET || a.Family == unix.AF_INET6 }
