package steps

import (
	"fmt"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var getsocknameKind = step.Kind{
	Name:    "getsockname",
	Summary: "ask for a socket's own address",
	Text:    `as names the address: it has .host, .port and .address. See getsockname(2).`,
	Example: `actors:
  one:
    - socket: udp
      as: sock
    - bind: sock
      to: 127.0.0.1:0
    - getsockname: sock
      as: own
    - assert: own.port > 0
    - close: sock
`,
	Beneath: step.Beneath{
		Call:   "getsockname(2)",
		Kernel: "returns the socket's own address: with it one learns the port that the kernel picked.",
	},
	New: func() step.Action {
		return &nameAction{call: "getsockname", own: true, ask: (*sock.Socket).Sockname, askIn: (*sock.Socket).SocknameIn}
	},
}

// nameAction asks for one of a socket's two addresses.
type nameAction struct {
	call   string
	own    bool // the socket's own address, not its peer's
	ask    func(*sock.Socket) (sock.Addr, error)
	askIn  func(s *sock.Socket, size int) (sock.Addr, int, error) // with a buffer of a size
	handle step.HandleRef
	size   value.Signed
	length value.Compare
	want   value.AddressMatch
	parts  value.AddressParts
	re     value.Regexp
}

func (a *nameAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("size", &a.size, "the addrlen that is passed, any int: the size of the buffer for the address").Or("enough for any address")
	p.Result("addrlen", &a.length, "the addrlen that comes back: the length of the address, also where the buffer was smaller")
	p.Plain(&a.want, "the address that must come; without a port (127.0.0.1) only the host counts")
	p.Result("address", &a.want, "the address that must come; without a port (127.0.0.1) only the host counts")
	p.Results(a.parts.Conditions())
	p.Result("matches", &a.re, "a regular expression (RE2) that the address matches, as it is written in a scenario; its named groups become variables")
	p.Makes = "the address, or with size its length"
}

func (a *nameAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	if a.size.Given() {
		return a.sized(t, h)
	}
	t.Call(a.call, h.Part())
	got, err := a.ask(h.Sock)
	if err != nil {
		return err
	}
	t.Event.Endpoints = h.Endpoints()
	e := value.EndpointAt(h.Sock.Desc().Host(), got)
	e.Typ = h.Sock.Space()
	if d := h.Sock.Desc(); a.own && !d.Accepted() { // the address of one that was is its listener's
		t.Event.Sock, e.Sock, e.Name, e.Fixed = d.ID, d.ID, h.Name, !d.AutoPort()
	}
	t.Return(got)
	if err := t.SetAs(0, e); err != nil {
		return err
	}
	if err := a.want.Expect(t, got, "the address"); err != nil {
		return err
	}
	if err := a.parts.Expect(t, got, "the address"); err != nil {
		return err
	}
	return a.matches(t, e)
}

// sized asks with a buffer whose size the file chose. The transcript shows the
// length: a part of an address may show a part of a port, which varies.
func (a *nameAction) sized(t *step.Task, h *handle.Handle) error {
	size, err := addrlen(t, &a.size)
	if err != nil {
		return err
	}
	t.Call(a.call, h.Part(), event.Const(fmt.Sprintf("[%d]", size)))
	got, length, err := a.askIn(h.Sock, size)
	if err != nil {
		return err
	}
	t.Return(event.Const("0"), event.Const(fmt.Sprintf("[%d]", length)))
	if err := t.SetAs(0, length); err != nil {
		return err
	}
	if a.length.Given() {
		if err := a.length.Expect(t, int64(length), "addrlen"); err != nil {
			return err
		}
	}
	return a.want.Expect(t, got, "the address")
}

// matches compares the address with the regular expression, and gives its named
// groups their values.
func (a *nameAction) matches(t *step.Task, e *value.Endpoint) error {
	if !a.re.Given() {
		return nil
	}
	re, err := a.re.Eval(t)
	if err != nil {
		return err
	}
	found := re.FindStringSubmatchIndex(e.Address)
	if found == nil {
		return value.Mismatchf("expected an address that matches %s, got %s", re, e.Address)
	}
	for i, name := range re.SubexpNames() {
		from, to := max(0, found[2*i]), max(0, found[2*i+1]) // -1: the group is not there
		t.Set(name, value.WithTrace(e.Address[from:to], e.Trace().Cut(from, to)))
	}
	return nil
}

func (a *nameAction) Check(c *check.Check) {
	if a.length.Given() && !a.size.Given() {
		c.Problem(a.length.Node, "addrlen is asked for with size").Hint = "add size: the addrlen that is passed"
	}
	c.Handle(&a.handle)
	for _, name := range a.re.Groups() {
		c.MakeValue(name, a.re.Node)
	}
	c.MakeValues()
}
