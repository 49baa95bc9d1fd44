package lab

import (
	"net"
	"net/netip"

	"github.com/sockscript/sockscript/runner/lab/wire"
)

// A Plan is a network of several hosts. Each host is a network namespace, each
// link joins interfaces of different hosts.
type Plan struct {
	Hosts []HostPlan
	Links []LinkPlan
	// Record, if it is not nil, is for the frames of all hosts. Interfaces of
	// links then send segments as they cross a cable, with their checksums.
	Record *Recording
}

// A HostPlan says how a host begins.
type HostPlan struct {
	Name       string
	Interfaces []InterfacePlan // lo is up, whether it is among them or not
	Routes     []Route
	Forward    bool // it is a router, for IPv4 and IPv6
	Sysctls    []Sysctl
}

// An InterfacePlan says how an interface begins.
type InterfacePlan struct {
	Name      string
	Addresses []netip.Prefix
	MAC       net.HardwareAddr // nil: 02:00:00:00:HH:II, by the numbers of host and interface from 1
	MTU       int              // 0: what the kernel takes
}

// A RouteKind is what becomes of packets to a network (ip-route(8)).
type RouteKind int

// The kinds of routes.
const (
	Unicast     RouteKind = iota
	Unreachable           // EHOSTUNREACH, and ICMP host unreachable
	Prohibit              // EACCES, and ICMP administratively prohibited
	Blackhole             // EINVAL, and nothing
)

// A Route says which way the packets to a network go. One of Via and Interface
// may be left out.
type Route struct {
	To        netip.Prefix // 0.0.0.0/0 and ::/0 are the default routes
	Kind      RouteKind
	Via       netip.Addr // the gateway
	Interface string
}

// An End is an interface of a host that a link joins.
type End struct{ Host, Interface string }

// String is the end as a scenario writes it: alpha.eth0.
func (e End) String() string { return e.Host + "." + e.Interface }

// A LinkPlan joins two interfaces, or more of them by a bridge.
type LinkPlan struct {
	Name     string
	Join     []End
	Snooping bool // the bridge sends multicast only to ports with members (RFC 4541)
	Querier  bool // the bridge asks for members
	// Wire says that each frame passes through this process, which can then do
	// to it what Impairments and Faults say, and cut the link. Without it the
	// link is the kernel's own.
	Wire        bool
	Impairments []wire.Impairment // of the ends, by their places in Join; nil: none
	Faults      []wire.Fault
}
