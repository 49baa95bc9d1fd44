package steps

import (
	"github.com/sockscript/sockscript/steps/sock"
)

// Endpoint is what expressions see of a handle.
type Endpoint struct {
	Address string    `expr:"address"` // 127.0.0.1:8080
	Host    string    `expr:"host"`    // 127.0.0.1
	Port    int       `expr:"port"`    // 8080
	Peer    *Endpoint `expr:"peer"`    // the other end, as far as it is known

	name  string // of the handle; "" where it is only an address
	owner owner

	addr  sock.Addr
	typ   int    // of the socket that has the address; 0 where it is not known
	sock  uint64 // its description, likewise
	fixed bool   // the kernel did not choose the port
}

// endpointFields are the names of an endpoint's values.
var endpointFields = []string{"address", "host", "port", "peer"}

// An owner is the actor, or the replica of one, to which a handle belongs.
type owner struct {
	actor string
	index int
}

// String is the address, which is what a bare handle means in a text.
func (e *Endpoint) String() string {
	if e == nil {
		return ""
	}
	return e.Address
}

// EndpointOf is a snapshot of the handle's addresses. An unspecified address
// cannot be connected to on every system, so it becomes the loopback address
// of its family.
func EndpointOf(h *Handle) *Endpoint {
	d := h.Sock.Desc()
	e := endpointAt(d.Local().Loopback())
	e.name, e.typ, e.fixed = h.Name, h.Sock.Type(), !d.AutoPort()
	if !d.Accepted() { // the address of one that was is its listener's
		e.sock = d.ID
	}
	if peer := d.Remote(); !peer.IsZero() {
		e.Peer = endpointAt(peer)
		e.Peer.typ = e.typ
	}
	return e
}

func endpointAt(a sock.Addr) *Endpoint {
	e := &Endpoint{Address: a.String(), Port: int(a.Port), addr: a, fixed: !DynamicPort(a.Port)}
	if a.IP.IsValid() {
		e.Host = a.IP.String()
	}
	return e
}
