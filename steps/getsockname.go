package steps

import (
	"github.com/sockscript/sockscript/steps/event"
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
	New: func() step.Action { return &nameAction{call: "getsockname", own: true, ask: (*sock.Socket).Sockname} },
}

// nameAction asks for one of a socket's two addresses.
type nameAction struct {
	call   string
	own    bool // the socket's own address, not its peer's
	ask    func(*sock.Socket) (sock.Addr, error)
	handle step.HandleRef
	want   value.AddressMatch
}

func (a *nameAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Plain(&a.want, "the address that must come; without a port (127.0.0.1) only the host counts")
	p.Result("address", &a.want, "the address that must come; without a port (127.0.0.1) only the host counts")
	p.Makes = "the address"
}

func (a *nameAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	t.Call(a.call, event.Name(h.Name))
	got, err := a.ask(h.Sock)
	if err != nil {
		return err
	}
	t.Event.Endpoints = h.Endpoints()
	e := value.EndpointAt(got)
	e.Typ = h.Sock.Type()
	if d := h.Sock.Desc(); a.own && !d.Accepted() { // the address of one that was is its listener's
		t.Event.Sock, e.Sock, e.Name, e.Fixed = d.ID, d.ID, h.Name, !d.AutoPort()
	}
	t.Return(got)
	if err := t.SetAs(0, e); err != nil || !a.want.Given() {
		return err
	}
	return a.want.Expect(t, got, "the address")
}
