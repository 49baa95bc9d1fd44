package lab

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

func init() {
	// Errors then have what the kernel says of them beside the errno.
	nl.EnableErrorMessageReporting = true
}

// Interface is an interface by its name.
func (n *Network) Interface(name string) (i *net.Interface, err error) {
	err = n.try(func() error {
		found, err := linkByName(name)
		if err != nil {
			return err
		}
		a := found.Attrs()
		i = &net.Interface{Index: a.Index, MTU: a.MTU, Name: a.Name, HardwareAddr: a.HardwareAddr, Flags: a.Flags}
		return nil
	})
	return i, err
}

// nameOf is the name of an interface, by its index.
func (n *Network) nameOf(index int) string {
	var i *net.Interface
	if n.try(func() (err error) { i, err = net.InterfaceByIndex(index); return err }) != nil {
		return fmt.Sprintf("interface%d", index) // it is gone
	}
	return i.Name
}

// linkByName finds an interface in the network of the calling thread.
func linkByName(name string) (netlink.Link, error) {
	link, err := netlink.LinkByName(name)
	if _, missing := err.(netlink.LinkNotFoundError); missing || name == "" {
		return nil, fmt.Errorf("there is no interface %s: %w", name, unix.ENODEV)
	}
	return link, err
}

// onInterface calls f with an interface, to change it.
func (n *Network) onInterface(name string, f func(netlink.Link) error) error {
	return n.change(func() error {
		link, err := linkByName(name)
		if err != nil {
			return err
		}
		return f(link)
	})
}

// SetMTU sets the size of the largest packet of an interface.
func (n *Network) SetMTU(name string, mtu int) error {
	return n.onInterface(name, func(link netlink.Link) error { return netlink.LinkSetMTU(link, mtu) })
}

// SetInterface brings an interface up or down. The kernel forgets the IPv6
// addresses of an interface that goes down, and the routes that use it; they
// are there again when it is up.
func (n *Network) SetInterface(name string, up bool) error {
	err := n.onInterface(name, func(link netlink.Link) error {
		if up {
			return n.bringUp(link)
		}
		return n.takeDown(link)
	})
	if err != nil || !up {
		return err
	}
	return n.settle(name)
}

// A lost is what the kernel forgets of an interface.
type lost struct {
	addresses []netlink.Addr
	routes    []netlink.Route
}

func (n *Network) takeDown(link netlink.Link) error {
	a := link.Attrs()
	if a.Flags&net.FlagUp == 0 {
		return nil
	}
	var l lost
	err := dump(func() (err error) {
		l.addresses, err = netlink.AddrList(link, netlink.FAMILY_V6)
		return err
	})
	if err == nil {
		l.routes, err = routesOf(a.Index)
	}
	if err != nil {
		return err
	}
	l.addresses = slices.DeleteFunc(l.addresses, func(a netlink.Addr) bool {
		// Those come by themselves: of this link, and from a router.
		return a.IP.IsLinkLocalUnicast() || a.IP.IsLoopback() || a.Flags&unix.IFA_F_PERMANENT == 0
	})
	if n.lost == nil {
		n.lost = make(map[string]lost)
	}
	n.lost[a.Name] = l
	return netlink.LinkSetDown(link)
}

func (n *Network) bringUp(link netlink.Link) error {
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	l := n.lost[link.Attrs().Name]
	delete(n.lost, link.Attrs().Name)
	for _, a := range l.addresses {
		// What the kernel has not lost is there already (keep_addr_on_down).
		again := &netlink.Addr{IPNet: a.IPNet, Flags: a.Flags & unix.IFA_F_NODAD, Scope: a.Scope}
		if err := unless(unix.EEXIST, netlink.AddrAdd(link, again)); err != nil {
			return fmt.Errorf("the address %s is not back: %w", a.IPNet, err)
		}
	}
	for _, r := range l.routes {
		if err := unless(unix.EEXIST, netlink.RouteAdd(&r)); err != nil {
			return fmt.Errorf("the route to %s is not back: %w", r.Dst, err)
		}
	}
	return nil
}

// A farEnd is the other end of an interface: an interface of another network.
type farEnd struct {
	network *Network
	name    string
}

// settle waits until an interface that has come up, and its other end, send
// what they are given and take what is for their addresses.
func (n *Network) settle(name string) error {
	return n.bothEnds(name, (*Network).awaitReady)
}

// look asks for an interface and its other end. The kernel then looks at the
// carrier: by itself it does so up to a second later, and drops frames until
// then.
func (n *Network) look(name string) error {
	return n.bothEnds(name, func(n *Network, name string) error {
		return n.try(func() error {
			_, err := linkByName(name)
			return err
		})
	})
}

// bothEnds calls f for an interface and its other end.
func (n *Network) bothEnds(name string, f func(*Network, string) error) error {
	err := f(n, name)
	if far, ok := n.far[name]; ok && err == nil {
		err = f(far.network, far.name)
	}
	return err
}

// slow is when an interface is taken as it is. A scenario may ask for duplicate
// address detection at the beginning, which takes a second or two.
const slow = 5 * time.Second

// awaitReady waits until an interface is ready. The kernel works on that on a
// thread of its own, and does not say when it has done all.
func (n *Network) awaitReady(name string) error {
	begin, pause := time.Now(), 20*time.Microsecond
	for time.Since(begin) < slow {
		var ok bool
		err := n.try(func() (err error) {
			ok, err = ready(name)
			return err
		})
		if ok || err != nil {
			return err
		}
		time.Sleep(pause)
		pause = min(2*pause, time.Millisecond)
	}
	return nil
}

// ready reports whether an interface sends and receives. It looks at it, as
// look does. Each IPv6 address has a local route as the last thing that it
// needs.
func ready(name string) (bool, error) {
	link, err := linkByName(name)
	if err != nil || link.Attrs().RawFlags&unix.IFF_LOWER_UP == 0 {
		return true, err
	}
	var addresses []netlink.Addr
	err = dump(func() (err error) {
		addresses, err = netlink.AddrList(link, netlink.FAMILY_V6)
		return err
	})
	if err != nil || len(addresses) == 0 {
		return true, err
	}
	var routes []netlink.Route
	err = dump(func() (err error) {
		filter := &netlink.Route{Table: unix.RT_TABLE_LOCAL}
		routes, err = netlink.RouteListFiltered(netlink.FAMILY_V6, filter, netlink.RT_FILTER_TABLE)
		return err
	})
	return !slices.ContainsFunc(addresses, func(a netlink.Addr) bool {
		return a.Flags&unix.IFA_F_DADFAILED == 0 &&
			!slices.ContainsFunc(routes, func(r netlink.Route) bool { return r.Dst != nil && r.Dst.IP.Equal(a.IP) })
	}), err
}

// dump repeats a request for a list that has changed while it was read.
func dump(f func() error) error {
	for {
		if err := f(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return err
		}
	}
}

// unless is an error other than the given one.
func unless(errno unix.Errno, err error) error {
	if errors.Is(err, errno) {
		return nil
	}
	return err
}
