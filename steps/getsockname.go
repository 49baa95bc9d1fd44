package steps

import "github.com/sockscript/sockscript/steps/sock"

var getsocknameKind = Kind{
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
	New: func() Action { return &nameAction{call: "getsockname", own: true, ask: (*sock.Socket).Sockname} },
}

// nameAction asks for one of a socket's two addresses.
type nameAction struct {
	call   string
	own    bool // the socket's own address, not its peer's
	ask    func(*sock.Socket) (sock.Addr, error)
	handle HandleRef
	want   AddressMatch
}

func (a *nameAction) Params(p *Params) {
	p.Value(&a.handle, "the socket")
	p.Plain(&a.want, "the address that must come; without a port (127.0.0.1) only the host counts")
	p.Result("address", &a.want, "the address that must come; without a port (127.0.0.1) only the host counts")
	p.Makes = "the address"
}

func (a *nameAction) Run(t *Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	t.Call(a.call, Name(h.Name))
	got, err := a.ask(h.Sock)
	if err != nil {
		return err
	}
	t.Event.Link = h.link()
	e := endpointAt(got)
	e.typ = h.Sock.Type()
	if d := h.Sock.Desc(); a.own && !d.Accepted() { // the address of one that was is its listener's
		t.Event.Sock, e.sock, e.name, e.fixed = d.ID, d.ID, h.Name, !d.AutoPort()
	}
	t.Return(got)
	if err := t.setAs(0, e); err != nil || !a.want.Given() {
		return err
	}
	return a.want.expect(t, got, "the address")
}
