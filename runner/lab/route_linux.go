package lab

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// AddRoute adds a route. The way is a gateway's address, an interface, or one
// of the words unreachable, prohibit and blackhole.
func (n *Network) AddRoute(to netip.Prefix, way string) error {
	r := Route{To: to}
	switch way {
	case "unreachable":
		r.Kind = Unreachable
	case "prohibit":
		r.Kind = Prohibit
	case "blackhole":
		r.Kind = Blackhole
	default:
		var err error
		if r.Via, err = netip.ParseAddr(way); err != nil {
			r.Interface = way
		}
	}
	return n.change(func() error { return addRoute(r) })
}

// RemoveRoute removes the route to a network.
func (n *Network) RemoveRoute(to netip.Prefix) error {
	any := &netlink.Route{Dst: ipNet(to), Scope: unix.RT_SCOPE_NOWHERE}
	return n.change(func() error { return netlink.RouteDel(any) })
}

var routeTypes = map[RouteKind]int{
	Unicast: unix.RTN_UNICAST, Unreachable: unix.RTN_UNREACHABLE, Prohibit: unix.RTN_PROHIBIT, Blackhole: unix.RTN_BLACKHOLE,
}

// addRoute adds a route in the network of the calling thread.
func addRoute(r Route) error {
	route := &netlink.Route{Dst: ipNet(r.To), Type: routeTypes[r.Kind]}
	if r.Interface != "" {
		link, err := linkByName(r.Interface)
		if err != nil {
			return err
		}
		route.LinkIndex = link.Attrs().Index
		if r.To.Addr().Is4() && !r.Via.IsValid() {
			route.Scope = unix.RT_SCOPE_LINK
		}
	}
	switch {
	case r.Via.Is4() && r.To.Addr().Is6():
		return fmt.Errorf("the gateway %s is not an IPv6 address: %w", r.Via, unix.EINVAL)
	case r.Via.Is6() && r.To.Addr().Is4():
		route.Via = &netlink.Via{AddrFamily: unix.AF_INET6, Addr: r.Via.AsSlice()}
	case r.Via.IsValid():
		route.Gw = r.Via.AsSlice()
	}
	return netlink.RouteAdd(route)
}

// routesOf are the routes that leave by an interface and that somebody has
// added, those without a gateway first: the gateways are behind them.
func routesOf(index int) (list []netlink.Route, err error) {
	filter := &netlink.Route{LinkIndex: index, Table: unix.RT_TABLE_UNSPEC}
	err = dump(func() (err error) {
		list, err = netlink.RouteListFiltered(netlink.FAMILY_ALL, filter, netlink.RT_FILTER_OIF|netlink.RT_FILTER_TABLE)
		return err
	})
	list = slices.DeleteFunc(list, func(r netlink.Route) bool {
		return r.Protocol == unix.RTPROT_KERNEL || r.Protocol == unix.RTPROT_RA || r.Table == unix.RT_TABLE_LOCAL
	})
	for i := range list {
		list[i].Flags &^= unix.RTNH_F_DEAD | unix.RTNH_F_LINKDOWN // the kernel's words
	}
	slices.SortStableFunc(list, func(a, b netlink.Route) int { return rank(a) - rank(b) })
	return list, err
}

func rank(r netlink.Route) int {
	if net.IP(r.Gw) == nil && r.Via == nil {
		return 0
	}
	return 1
}
