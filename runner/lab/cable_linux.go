package lab

import (
	"fmt"
	"net/netip"

	"github.com/sockscript/sockscript/runner/lab/wire"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Cable joins a network with a host that only this process plays: what the
// kernel sends to that host is received, and what the host sends is made by
// hand.
type Cable struct {
	port      *wire.Port
	near, far [6]byte // link-layer addresses
}

// Cable makes a cable, and the route to its host. Segments leave the kernel as
// they cross a network, with their checksums. There is no ARP. The network must
// be one of the scenario's own.
func (n *Network) Cable(p CablePlan) (*Cable, error) {
	var c *Cable
	var name string
	err := n.change(func() (err error) {
		n.cables++
		name = fmt.Sprintf("peer%d", n.cables)
		c, err = makeCable(p, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("a cable from %s to %s: %w", p.Local, p.Remote, err)
	}
	for _, end := range []string{name, name + farSuffix} {
		if err := n.awaitReady(end); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// makeCable makes a cable in the network of the calling thread.
func makeCable(p CablePlan, name string) (*Cable, error) {
	a := netlink.NewLinkAttrs()
	a.Name, a.MTU = name, p.MTU
	pair := &netlink.Veth{LinkAttrs: a, PeerName: name + farSuffix, PeerMTU: largestMTU, PeerTxQLen: -1}
	if err := netlink.LinkAdd(pair); err != nil {
		return nil, err
	}
	near, err := linkByName(name)
	if err != nil {
		return nil, err
	}
	far, err := linkByName(pair.PeerName)
	if err != nil {
		return nil, err
	}
	// Neither end sends of its own accord.
	silent := []Sysctl{{"net/ipv6/conf/" + pair.PeerName + "/disable_ipv6", "1"}}
	if p.Local.Is4() {
		silent = append(silent, Sysctl{"net/ipv6/conf/" + name + "/disable_ipv6", "1"})
	}
	if err := setThoseThatExist(silent); err != nil {
		return nil, err
	}
	for _, link := range []netlink.Link{near, far} {
		if err := netlink.LinkSetARPOff(link); err != nil {
			return nil, err
		}
	}
	if err := offloadsOff(name); err != nil {
		return nil, err
	}
	port, err := wire.OpenPort(far.Attrs().Index)
	if err != nil {
		return nil, err
	}
	c := &Cable{port: port, near: [6]byte(near.Attrs().HardwareAddr), far: [6]byte(far.Attrs().HardwareAddr)}
	if err := c.join(near, far, p); err != nil {
		port.Close()
		return nil, err
	}
	return c, nil
}

// join brings both ends up and gives the near one its address and the route.
func (c *Cable) join(near, far netlink.Link, p CablePlan) error {
	for _, link := range []netlink.Link{near, far} {
		if err := netlink.LinkSetUp(link); err != nil {
			return err
		}
	}
	host := func(ip netip.Addr) netip.Prefix { return netip.PrefixFrom(ip, ip.BitLen()) }
	if err := unless(unix.EEXIST, addAddress(near, host(p.Local), false)); err != nil {
		return err
	}
	route := &netlink.Route{
		Dst: ipNet(host(p.Remote)), LinkIndex: near.Attrs().Index, Src: p.Local.AsSlice(),
		// The kernel heeds a bound that is locked only; see ip-route(8).
		RtoMin: int(p.RTOMin.Milliseconds()), RtoMinLock: p.RTOMin > 0,
	}
	if p.Local.Is4() {
		route.Scope = unix.RT_SCOPE_LINK
	}
	return netlink.RouteAdd(route)
}
