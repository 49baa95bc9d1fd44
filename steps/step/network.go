package step

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/value"
)

// A Network is what a scenario's steps on the network act on: its hosts, the
// links between them and the faults of those. A network without hosts is one
// host, whose name is empty.
type Network interface {
	// Host is a host by its name.
	Host(name string) (Host, bool)
	// Link is a link by its name.
	Link(name string) (Link, bool)
	// Ends are the interfaces that a link joins, as HOST.INTERFACE; nil where
	// there is no such link.
	Ends(link string) []string
	// Address is the first address that the file gives an interface; "" where
	// it gives none.
	Address(host, iface string) string
	// Neighboring is the first address of a host on a link that another host is
	// on too, of IPv6 or else of IPv4.
	Neighboring(host, other string, six bool) (netip.Addr, bool)
}

// A Host is a network namespace, or the network of this process. Errors of its
// methods wrap the kernel's errno where there is one.
type Host interface {
	// Within calls f on a thread of the host's network, where f makes a socket.
	// f must be short.
	Within(f func())
	// Sysctl is the value of a kernel parameter of the network, as
	// net.ipv4.ip_forward.
	Sysctl(name string) (string, error)
	// SetSysctl sets one. In the network of this process it is put back when
	// the scenario ends.
	SetSysctl(name, value string) error
	// Interface is an interface by its name.
	Interface(name string) (*net.Interface, error)
	// SetInterface brings an interface up or down (IFF_UP). Coming up, it has
	// the IPv6 addresses and routes that it had before.
	SetInterface(name string, up bool) error
	// SetMTU sets the size of the largest packet of an interface.
	SetMTU(name string, mtu int) error
	// AddAddress gives an interface an address; with dad the kernel first looks
	// whether another host has it (RFC 4862).
	AddAddress(iface string, a netip.Prefix, dad bool) error
	// Duplicate reports whether the kernel still looks if another host has an
	// IPv6 address (it is tentative), and whether one has it (RFC 4862).
	Duplicate(iface string, ip netip.Addr) (tentative, duplicate bool, err error)
	// RemoveAddress takes an address from an interface.
	RemoveAddress(iface string, a netip.Prefix) error
	// Neighbor is the link-layer address that the host knows of a neighbor;
	// nil where it knows none.
	Neighbor(ip netip.Addr) (net.HardwareAddr, error)
	// Neighbors are all that it knows, by address.
	Neighbors() (map[netip.Addr]net.HardwareAddr, error)
	// SetNeighbor writes a permanent entry; a nil address removes it.
	SetNeighbor(ip netip.Addr, mac net.HardwareAddr) error
	// FlushNeighbors forgets a neighbor, or all of them where ip is not valid.
	FlushNeighbors(ip netip.Addr) error
	// Announce tells the neighbors on an interface that an address is here: for
	// IPv4 a gratuitous ARP request and reply (RFC 5227), for IPv6 an
	// unsolicited neighbor advertisement (RFC 4861).
	Announce(ip netip.Addr, iface string) error
	// AddRoute adds a route. The way is a gateway's address, an interface, or
	// one of the words unreachable, prohibit and blackhole.
	AddRoute(to netip.Prefix, way string) error
	// RemoveRoute removes the route to a network.
	RemoveRoute(to netip.Prefix) error
}

// A Link joins interfaces of hosts.
type Link interface {
	// Cut makes frames vanish silently, or lets them pass again. It is the
	// fault with the name cut.
	Cut(on bool) error
	// Carrier takes the carrier from all ends, or gives it back.
	Carrier(on bool) error
	// Impair changes what the link does to all frames; a nil field stays.
	Impair(c Impairment) error
	// Arm sets a fault on or off. It counts from there.
	Arm(fault string, on bool) error
	// Hits is how often a fault has acted, and a channel that is closed when
	// it acts again.
	Hits(fault string) (int, <-chan struct{}, error)
	// Hit is the nth frame that a fault has acted on, from 1, with its Ethernet
	// header, and the place of its first byte in a TCP stream, from 1, where it
	// is known. Only the first frames are kept, and none that a cut has
	// swallowed.
	Hit(fault string, n int) (frame []byte, first int64, ok bool)
}

// An Impairment is a change of what a link does to frames.
type Impairment struct {
	From   string // the end whose frames are meant, as alpha.eth0; "": all
	Delay  *time.Duration
	Jitter *time.Duration // up to so much is added to the delay of each frame
	Loss   *float64       // from 0 to 1
	Rate   *int64         // bits a second
	MTU    *int           // larger packets are lost without an answer
}

// A Peer is a flow of a far end that the script plays.
type Peer struct {
	Name  string
	Actor string
	Place *event.Place  // of its step
	ID    atomic.Uint64 // of its connection, in the record, where it is like a description
	Host  string        // on the kernel's side
	Plays string        // the host of the network that it stands for; "" for none
	Flow  *peer.Flow
	Exact bool // each segment by itself
}

func (p *Peer) value() *value.PeerValue {
	return &value.PeerValue{
		Name: p.Name, Local: p.Flow.Local().String(), Remote: p.Flow.Remote().String(), Address: p.Flow.Address().String(),
	}
}

// A PeerPlan says which far end a script plays, and to which host.
type PeerPlan struct {
	Host          string // "" in a network without hosts
	Plays         string // as of Peer
	Local, Remote netip.Addr
	MTU           int           // 0: that of Ethernet
	RTOMin        time.Duration // 0: that of the kernel
}
