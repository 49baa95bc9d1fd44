package value

import (
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
)

// Address is a socket address, or a handle whose address is meant.
type Address struct {
	Text
	lit sock.Addr
	ref *Expr // a bare handle reference
}

// AddressForms lists the forms of an address with their help.
func AddressForms() []DocRow {
	return []DocRow{
		{Key: "127.0.0.1:8080", Help: "AF_INET; port 0 lets the kernel choose"},
		{Key: "[::1]:8080", Help: "AF_INET6; a link-local address includes its interface: [fe80::1%lo]:80"},
		{Key: ":8080", Help: "every address of the host, in the family of the socket"},
		{Key: "unix:PATH", Help: "AF_UNIX; a relative path starts at the current folder"},
		{Key: "unix:@NAME", Help: "an abstract name (Linux, unix(7))"},
		{Key: "unix:", Help: "no name: bind lets the kernel choose an abstract one"},
		{Key: "icmp:127.0.0.1", Help: "an address without a port, for raw sockets and ICMP"},
		{Key: "packet:eth0/arp", Help: "AF_PACKET (Linux, packet(7)): an interface of the socket's host and a protocol of Ethernet: arp, ip, ipv6, all or a number; both may be left out. Then perhaps a hardware address, packet:eth0/arp/ff:ff:ff:ff:ff:ff. An expected address matches whatever it leaves out"},
		{Key: "unspec:", Help: "AF_UNSPEC: connect to it dissolves a datagram socket's association"},
		{Key: "netlink:PORT/GROUPS", Help: "AF_NETLINK (Linux, netlink(7)): port 0 lets the kernel choose; the groups are a set of bits and may be left out"},
		{Key: "vsock:CID:PORT", Help: "AF_VSOCK (Linux, vsock(7)): numbers, or any"},
		{Key: "AF_INET:1f90…", Help: "any family, by name or AF_47 by number: the bytes that follow the family in its sockaddr, in hexadecimal, as many as there are; blanks do not count. Where the bytes are those of a form above, the two are the same address"},
		{Key: "sockaddr:0200…", Help: "all bytes of the sockaddr, the family first in the order of the machine; their number is addrlen"},
	}
}

var bareReference = source.Pattern(`^[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// Decode reads an address; one without expressions must parse.
func (a *Address) Decode(d *Decoder, n *source.Node) {
	if n.Kind == source.Scalar && n.Text == "localhost" && !d.knows(n.Text) {
		d.Problem(n, "address %q: host names are not looked up: write the address, 127.0.0.1:PORT", n.Text)
		return
	}
	if n.Kind == source.Scalar && bareReference().MatchString(n.Text) {
		a.given, a.Node, a.ref = true, n, new(Expr)
		d.compile(a.ref, n, n.Text, 0)
		d.needAddress(a)
		return
	}
	a.Text.Decode(d, n)
	s, static := a.Static()
	if a.given && !static {
		d.needAddress(a)
	}
	if !a.given || !static {
		return
	}
	addr, err := sock.ParseAddr(s)
	if err != nil {
		d.Problem(n, "%s", err)
		return
	}
	a.lit = addr
	d.needAddress(a)
}

// Schema accepts a text.
func (a *Address) Schema() Schema { return Schema{"type": "string"} }

// Type names the type in the reference.
func (a *Address) Type() string { return "address" }

// Fixed is the address where it holds no expression.
func (a *Address) Fixed() (sock.Addr, bool) { return a.lit, a.given && !a.lit.IsZero() }

// Resolve is the address; a handle stands for its own.
func (a *Address) Resolve(env Env) (sock.Addr, error) {
	asked, err := a.Ask(env)
	return asked.Addr, err
}

// Ask is Resolve, with what of the address the file does not spell out.
func (a *Address) Ask(env Env) (event.Asked, error) {
	if a.ref == nil {
		if _, static := a.Static(); static {
			return event.Asked{Addr: a.lit}, nil
		}
	}
	s, err := a.eval(env)
	if err != nil {
		return event.Asked{}, err
	}
	if s.Text == "" {
		return event.Asked{}, fmt.Errorf("%s %s", Quote(a.Node.Text), a.lacks(env))
	}
	addr, err := sock.ParseAddr(s.Text)
	if err != nil {
		return event.Asked{}, fmt.Errorf("%s: %w", Quote(a.Node.Text), err)
	}
	return event.Asked{Addr: addr, Marks: chosenMarks(addr, s)}, nil
}

// lacks says why what stands for an address gives none.
func (a *Address) lacks(env Env) string {
	ref := a.ref
	if ref == nil && len(a.Parts) == 1 {
		ref = a.Parts[0].Expr
	}
	if ref != nil {
		v, _, _ := ref.Traced(env)
		if e, ok := v.(*Endpoint); ok && e != nil && e.wild {
			return "has all addresses of the host " + e.on + ", and none of them is on a link that this host is on too"
		}
	}
	return "has no address yet"
}

// FamilyForms are the forms of addresses by family.
var FamilyForms = map[int]string{
	unix.AF_INET:  "an address such as 127.0.0.1:8080",
	unix.AF_INET6: "an address such as [::1]:8080",
	unix.AF_UNIX:  "an address such as unix:PATH or unix:@NAME",
}

func (a *Address) eval(env Env) (event.Marked, error) {
	if a.ref == nil {
		return a.Marked(env)
	}
	v, trace, err := a.ref.Traced(env)
	return FormatTraced(v, trace), err
}

// chosenMarks are the marks of an address in the form of its String, on what
// the kernel may choose of it.
func chosenMarks(a sock.Addr, written event.Marked) []event.Mark {
	if len(written.Marks) == 0 {
		return written.Marks
	}
	before, chosen, after := a.Parts()
	from, to := len(before), len(before)+len(chosen)
	t := &Trace{Marks: written.Marks}
	all := t.Origins(nil)
	masked := slices.ContainsFunc(all, func(o event.Origin) bool { return o.Masked })
	switch same := before+chosen+after == written.Text; {
	case chosen == "", masked && same:
		return written.Marks
	case masked:
		return []event.Mark{{To: to + len(after), Origins: all}}
	case !same:
		return []event.Mark{{From: from, To: to, Origins: all}}
	}
	return event.Shifted(event.CutMarks(written.Marks, from, to), from)
}

// Endpoint is what expressions see of a handle.
type Endpoint struct {
	Address string    `expr:"address"` // 127.0.0.1:8080
	Host    string    `expr:"host"`    // 127.0.0.1
	Port    int       `expr:"port"`    // 8080
	Peer    *Endpoint `expr:"peer"`    // the other end, as far as it is known

	Name  string // of the handle; "" where it is only an address
	Owner Owner

	addr  sock.Addr
	Typ   int    // the space of the socket that has the address; 0 where it is not known
	Sock  uint64 // its description, likewise
	Seen  uint64 // the description that received a datagram from there; 0 where that is not known
	Fixed bool   // the kernel did not choose the port
	on    string // the host that the socket is on, or whose socket sees the address; "" in a network without hosts
	wild  bool   // it stands for all addresses of the host
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
	e := EndpointAt(d.Host(), d.Local().Loopback())
	e.wild = d.Local().IsWildcard()
	e.Name, e.Typ, e.Fixed = h.Name, h.Sock.Space(), !d.AutoPort()
	if !d.Accepted() { // the address of one that was is its listener's
		e.Sock = d.ID
	}
	if peer := d.Remote(); !peer.IsZero() {
		e.Peer = EndpointAt(d.Host(), peer)
		e.Peer.Typ = e.Typ
	}
	return e
}

// From is the endpoint as another host sees it. One that stands for all
// addresses of its host becomes an address of that host on a link that both are
// on, which neighboring finds; where there is none, only its port is known.
func (e *Endpoint) From(host string, neighboring func(host, other string, six bool) (netip.Addr, bool)) *Endpoint {
	if e == nil || !e.wild || e.on == host {
		return e
	}
	seen := *e
	seen.Address, seen.Host = "", ""
	if ip, ok := neighboring(e.on, host, e.addr.Family == unix.AF_INET6); ok {
		seen.addr.IP = ip
		seen.Address, seen.Host = seen.addr.String(), ip.String()
	}
	return &seen
}

// ReadsAddress reports whether the expression needs the address of what a
// reference stands for, and not only its port.
func (e *Expr) ReadsAddress(r *Reference) bool {
	return e.Whole[r.Slot] || slices.ContainsFunc(e.reads, func(p path) bool {
		return len(p) > 1 && p[0] == r.Slot && (p[1] == "address" || p[1] == "host")
	})
}

// EndpointAt returns the endpoint of an address that belongs to no handle, as a
// host sees it: another one may have the same loopback address.
func EndpointAt(host string, a sock.Addr) *Endpoint {
	e := &Endpoint{Address: a.String(), Port: int(a.Port), addr: a, on: host, Fixed: !event.DynamicPort(a.Port) && !a.LooksChosen()}
	if a.IP.IsValid() {
		e.Host = a.IP.String()
	}
	return e
}
