package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/sockscript/sockscript/runner/lab/wire"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Lab is a network of several hosts.
type Lab struct {
	hosts map[string]*Network
	links map[string]*Link
	// Networks that no host sees have the other ends of the hosts' interfaces:
	// bridges of those that a bridge joins, or nothing, wires of those whose
	// frames this process carries. nil where there are none.
	bridges, wires *Network
	wire           *wire.Wire
}

// Build makes the network that a plan describes. Errors are a [RefusedError]
// where no network can be made, and a [PlanError].
func Build(p Plan) (*Lab, error) {
	l := &Lab{hosts: make(map[string]*Network), links: make(map[string]*Link)}
	err := (&builder{Plan: p, Lab: l}).build()
	if err != nil {
		if p.Record != nil {
			p.Record.Stop()
		}
		l.Close()
		return nil, err
	}
	return l, nil
}

// Host is a host by its name.
func (l *Lab) Host(name string) (*Network, bool) {
	n, ok := l.hosts[name]
	return n, ok
}

// Link is a link by its name.
func (l *Lab) Link(name string) (*Link, bool) {
	link, ok := l.links[name]
	return link, ok
}

// Failed is closed when a link has lost a frame that it should have carried.
// Err says why. Without a link over the wire it is nil.
func (l *Lab) Failed() <-chan struct{} {
	if l.wire == nil {
		return nil
	}
	return l.wire.Failed()
}

// Err is why a link has lost a frame that it should have carried, or nil.
func (l *Lab) Err() error {
	if l.wire == nil {
		return nil
	}
	return l.wire.Err()
}

// Close lets go of the hosts and links. The kernel removes what nobody uses any
// more, each network with its interfaces at once. The error may be that of Err.
func (l *Lab) Close() error {
	var errs []error
	if l.wire != nil {
		errs = append(errs, l.wire.Close())
	}
	for _, n := range l.hosts {
		errs = append(errs, n.Close())
	}
	for _, n := range []*Network{l.wires, l.bridges} {
		if n != nil {
			errs = append(errs, n.Close())
		}
	}
	return errors.Join(errs...)
}

// A builder makes a lab.
type builder struct {
	Plan
	*Lab
	made map[End]bool // interfaces that exist
	ends int          // other ends that have been made
	// settled is when all bridges forward as they will later.
	settled time.Time
}

func (b *builder) build() error {
	b.made = make(map[End]bool)
	steps := []func() error{b.makeHosts, b.makeLinks, b.makeLoose}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if err := b.startWire(); err != nil {
		return err
	}
	for _, phase := range []func(*Network, HostPlan) error{setUp, atInterfaces((*Network).look), giveAddresses, atInterfaces((*Network).settle), addRoutes} {
		for _, h := range b.Hosts {
			if err := phase(b.hosts[h.Name], h); err != nil {
				return err
			}
		}
	}
	time.Sleep(time.Until(b.settled))
	if b.Record == nil {
		return nil
	}
	return b.Record.recordHosts(b.Lab, &b.Plan)
}

// ofHosts are the kernel parameters with which hosts begin.
var ofHosts = []Sysctl{
	// A closed connection whose peer does not answer keeps the network for a
	// second, and not for two minutes.
	{"net.ipv4.tcp_orphan_retries", "1"},
	// ICMP errors are not limited in their rate, which is a matter of time.
	{"net.ipv4.icmp_ratemask", "0"},
	{"net.ipv6.icmp.ratemask", ""},
	// Addresses are there at once, and nobody looks for a router.
	{"net.ipv6.conf.default.accept_dad", "0"},
	{"net.ipv6.conf.default.router_solicitations", "0"},
}

func (b *builder) makeHosts() error {
	for _, h := range b.Hosts {
		n, err := Private(Settings{})
		if err != nil {
			return err
		}
		n.far = make(map[string]farEnd)
		b.hosts[h.Name] = n
		if err := n.try(func() error { return setThoseThatExist(ofHosts) }); err != nil {
			return &PlanError{Host: h.Name, Err: err}
		}
	}
	return nil
}

// hiddenNetwork is a network for the other ends. They are silent: IPv6 would
// send of its own accord.
func hiddenNetwork(n **Network) (*Network, error) {
	if *n != nil {
		return *n, nil
	}
	made, err := Private(Settings{LoDown: true})
	if err != nil {
		return nil, err
	}
	*n = made
	return made, made.try(func() error {
		return setThoseThatExist([]Sysctl{{"net.ipv6.conf.default.disable_ipv6", "1"}})
	})
}

// makeLoose makes the interfaces that no link joins. Their other ends are up,
// and nobody listens there.
func (b *builder) makeLoose() error {
	for _, h := range b.Hosts {
		for _, i := range h.Interfaces {
			end := End{h.Name, i.Name}
			if i.Name == "lo" || b.made[end] {
				continue
			}
			if _, err := b.makeEnd(end, &b.bridges); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeEnd makes an interface of a host and its other end, which it returns, in
// a hidden network.
func (b *builder) makeEnd(end End, hidden **Network) (*net.Interface, error) {
	to, err := hiddenNetwork(hidden)
	if err != nil {
		return nil, err
	}
	b.ends++
	name := fmt.Sprintf("end%d", b.ends)
	if err := b.makePair(end, to, &netlink.Veth{PeerName: name, PeerMTU: largestMTU}); err != nil {
		return nil, err
	}
	b.hosts[end.Host].far[end.Interface] = farEnd{to, name}
	var far *net.Interface
	err = to.try(func() (err error) {
		if far, err = net.InterfaceByName(name); err != nil {
			return err
		}
		return netlink.LinkSetUp(byIndex(far.Index))
	})
	if err != nil {
		return nil, &PlanError{Host: end.Host, Interface: end.Interface, Err: err}
	}
	return far, nil
}

// largestMTU is that of other ends, so that only the hosts' own ones count.
const largestMTU = 65535

// makePair makes an interface of a host as the plan says, with the other end in
// another network; veth says what the other end is like.
func (b *builder) makePair(end End, to *Network, veth *netlink.Veth) error {
	host, i, err := b.find(end)
	if err != nil {
		return err
	}
	veth.LinkAttrs = attributes(i)
	veth.PeerTxQLen = -1
	err = to.withNamespace(func(fd int) error {
		veth.PeerNamespace = netlink.NsFd(fd)
		return host.try(func() error { return netlink.LinkAdd(veth) })
	})
	if err != nil {
		return &PlanError{Host: end.Host, Interface: end.Interface, Err: fmt.Errorf("cannot be made: %w", err)}
	}
	b.made[end] = true
	return nil
}

func attributes(i InterfacePlan) netlink.LinkAttrs {
	a := netlink.NewLinkAttrs()
	a.Name, a.MTU, a.HardwareAddr = i.Name, i.MTU, i.MAC
	a.NumTxQueues, a.NumRxQueues = 1, 1
	return a
}

// find is an interface of the plan, with its MAC.
func (b *builder) find(end End) (*Network, InterfacePlan, error) {
	for h, host := range b.Hosts {
		if host.Name != end.Host {
			continue
		}
		number := 0
		for _, i := range host.Interfaces {
			if i.Name != "lo" {
				number++
			}
			if i.Name != end.Interface {
				continue
			}
			if i.MAC == nil {
				i.MAC = hardwareAddr(h+1, number)
			}
			return b.hosts[host.Name], i, nil
		}
	}
	return nil, InterfacePlan{}, &PlanError{Host: end.Host, Interface: end.Interface, Err: errors.New("the plan has no such interface")}
}

// hardwareAddr is the MAC of an interface, by the numbers of host and interface
// from 1. The first byte says that it is not a manufacturer's (IEEE 802).
func hardwareAddr(host, number int) net.HardwareAddr {
	return net.HardwareAddr{2, 0, byte(number >> 8), byte(host >> 8), byte(host), byte(number)}
}

// setUp sets the kernel parameters of a host and brings its interfaces up.
func setUp(n *Network, h HostPlan) error {
	forward := "0"
	if h.Forward {
		forward = "1"
	}
	err := n.try(func() error {
		return setThoseThatExist([]Sysctl{{"net.ipv4.ip_forward", forward}, {"net.ipv6.conf.all.forwarding", forward}})
	})
	for _, s := range h.Sysctls {
		if err == nil {
			err = n.SetSysctl(s.Name, s.Value)
		}
	}
	if err != nil {
		return &PlanError{Host: h.Name, Err: err}
	}
	return eachInterface(n, h, func(i InterfacePlan, link netlink.Link) error {
		if i.Name == "lo" && i.MTU != 0 {
			if err := netlink.LinkSetMTU(link, i.MTU); err != nil {
				return fmt.Errorf("cannot have the MTU %d: %w", i.MTU, err)
			}
		}
		return netlink.LinkSetUp(link)
	})
}

// giveAddresses gives the interfaces of a host their addresses.
func giveAddresses(n *Network, h HostPlan) error {
	var at netip.Prefix
	err := eachInterface(n, h, func(i InterfacePlan, link netlink.Link) error {
		for _, at = range i.Addresses {
			if err := addAddress(link, at, false); err != nil {
				return fmt.Errorf("cannot be added: %w", err)
			}
		}
		at = netip.Prefix{}
		return nil
	})
	var where *PlanError
	if errors.As(err, &where) {
		where.Address = at
	}
	return err
}

// eachInterface calls f for each interface of a host, on the host's thread.
func eachInterface(n *Network, h HostPlan, f func(InterfacePlan, netlink.Link) error) error {
	return n.try(func() error {
		for _, i := range h.Interfaces {
			link, err := linkByName(i.Name)
			if err == nil {
				err = f(i, link)
			}
			if err != nil {
				return &PlanError{Host: h.Name, Interface: i.Name, Err: err}
			}
		}
		return nil
	})
}

// atInterfaces is a function for a host that calls f for each interface.
func atInterfaces(f func(*Network, string) error) func(*Network, HostPlan) error {
	return func(n *Network, h HostPlan) error {
		for _, i := range h.Interfaces {
			if err := f(n, i.Name); err != nil {
				return &PlanError{Host: h.Name, Interface: i.Name, Err: err}
			}
		}
		return nil
	}
}

func addRoutes(n *Network, h HostPlan) error {
	return n.try(func() error {
		for _, r := range h.Routes {
			if err := addRoute(r); err != nil {
				return &PlanError{Host: h.Name, Route: r.To, Err: fmt.Errorf("cannot be added: %w", err)}
			}
		}
		return nil
	})
}

// withNamespace calls f with a descriptor of the network's namespace.
func (n *Network) withNamespace(f func(fd int) error) error {
	var fd int
	err := n.try(func() (err error) {
		fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return f(fd)
}
