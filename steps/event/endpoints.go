package event

import "github.com/sockscript/sockscript/steps/sock"

// Endpoints are the addresses and sockets by which an event belongs to others.
type Endpoints struct {
	Name     string    // the handle's name, which masks the port
	Host     string    // that the socket is on; "" in a network without hosts
	Type     int       // SOCK_STREAM, SOCK_DGRAM …
	TCP      bool      // a socket of TCP
	Netlink  int       // AF_NETLINK: the protocol, to which the port belongs
	Groups   uint32    // AF_NETLINK: those in which the socket has been, a bit for each
	Local    sock.Addr // the socket's own address
	Remote   sock.Addr // its peer's, or the datagram's destination or source
	AutoPort bool      // the kernel chose Local's port
	Peer     uint64    // the peer's description where it is known (socketpair)
	Inode    uint64    // AF_UNIX: the socket's own inode
	PeerNode uint64    // AF_UNIX: the inode of the peer that an accept took
	Made     uint64    // accept: the description it made
	Backlog  int       // listen
}

// A HostAddr is an address on a host: two hosts may have the same.
type HostAddr struct {
	Host string
	Addr sock.Addr
}

// Space is what tells apart the socket that has an address from others that
// have the same one: see [sock.Socket.Space].
func (l *Endpoints) Space(a sock.Addr) int {
	if a.IsNetlink() {
		return l.Netlink
	}
	return l.Type
}

// Networked reports whether the socket has addresses that frames have.
func (l *Endpoints) Networked() bool {
	return l.Local.IP.IsValid() || l.Remote.IP.IsValid() || l.Local.Any
}

// LocalAddr is where the socket of an event is, by its own address.
func (l *Endpoints) LocalAddr() HostAddr { return HostAddr{l.Host, l.Local} }

// RemoteAddr is where the socket of an event sends to, seen from its host.
func (l *Endpoints) RemoteAddr() HostAddr { return HostAddr{l.Host, l.Remote} }

// A ConnectionKey identifies a connection from both ends: by the client's
// address and the server's port, or by the client's inode for local sockets.
type ConnectionKey struct {
	Type   int
	Host   string // where the client's address is one that each host has
	Client sock.Addr
	Port   uint16
	Inode  uint64
}

// ConnectKey is the key of the connection that a connect has asked for; ok is
// false where the endpoints do not identify it.
func (l *Endpoints) ConnectKey() (key ConnectionKey, ok bool) {
	return l.connectionKey(l.Local, l.Remote.Port, l.Inode)
}

// AcceptKey is the key of the connection that an accept took. There is none for
// a local socket whose peer had closed before.
func (l *Endpoints) AcceptKey() (key ConnectionKey, ok bool) {
	return l.connectionKey(l.Remote, l.Local.Port, l.PeerNode)
}

func (l *Endpoints) connectionKey(client sock.Addr, port uint16, inode uint64) (ConnectionKey, bool) {
	if inode != 0 {
		return ConnectionKey{Inode: inode}, true
	}
	client.IP, client.Family = client.IP.Unmap(), 0 // ::ffff:127.0.0.1 is the same client
	key := ConnectionKey{Type: l.Type, Client: client, Port: port}
	if client.IsHostOwn() {
		key.Host = l.Host
	}
	return key, client.IP.IsValid() && client.Port != 0
}
