package value

import (
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
)

// Endpoint is what expressions see of a handle.
type Endpoint struct {
	Address string    `expr:"address"` // 127.0.0.1:8080
	Host    string    `expr:"host"`    // 127.0.0.1
	Port    int       `expr:"port"`    // 8080
	Peer    *Endpoint `expr:"peer"`    // the other end, as far as it is known

	Name  string // of the handle; "" where it is only an address
	Owner Owner

	addr  sock.Addr
	Typ   int    // of the socket that has the address; 0 where it is not known
	Sock  uint64 // its description, likewise
	Fixed bool   // the kernel did not choose the port
}

// EndpointFields are the names of an endpoint's values.
var EndpointFields = []string{"address", "host", "port", "peer"}

// An Owner is the actor, or the replica of one, to which a handle belongs.
type Owner struct {
	Actor string
	Index int
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
func EndpointOf(h *handle.Handle) *Endpoint {
	d := h.Sock.Desc()
	e := EndpointAt(d.Local().Loopback())
	e.Name, e.Typ, e.Fixed = h.Name, h.Sock.Type(), !d.AutoPort()
	if !d.Accepted() { // the address of one that was is its listener's
		e.Sock = d.ID
	}
	if peer := d.Remote(); !peer.IsZero() {
		e.Peer = EndpointAt(peer)
		e.Peer.Typ = e.Typ
	}
	return e
}

// EndpointAt returns the endpoint of an address that belongs to no handle.
func EndpointAt(a sock.Addr) *Endpoint {
	e := &Endpoint{Address: a.String(), Port: int(a.Port), addr: a, Fixed: !event.DynamicPort(a.Port)}
	if a.IP.IsValid() {
		e.Host = a.IP.String()
	}
	return e
}
