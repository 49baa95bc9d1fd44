package lab

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// known are the states of a neighbor whose link-layer address is known. Which
// of them it is, only time decides.
const known = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_PERMANENT

// Neighbor is the link-layer address that the host knows of a neighbor; nil
// where it knows none.
func (n *Network) Neighbor(ip netip.Addr) (net.HardwareAddr, error) {
	all, err := n.Neighbors()
	return all[ip.WithZone("")], err
}

// Neighbors are all that the host knows. Of two interfaces that know a neighbor
// the first one counts.
func (n *Network) Neighbors() (map[netip.Addr]net.HardwareAddr, error) {
	all := make(map[netip.Addr]net.HardwareAddr)
	err := n.try(func() error {
		list, err := neighbors()
		for _, one := range list {
			ip := addr(one.IP)
			if _, twice := all[ip]; !twice && one.State&known != 0 {
				all[ip] = one.HardwareAddr
			}
		}
		return err
	})
	return all, err
}

// SetNeighbor writes a permanent entry; a nil address removes it. The interface
// is the one that packets to the neighbor leave by.
func (n *Network) SetNeighbor(ip netip.Addr, mac net.HardwareAddr) error {
	return n.change(func() error {
		if mac == nil {
			return forget(ip, known|netlink.NUD_INCOMPLETE)
		}
		way, err := netlink.RouteGet(ip.AsSlice())
		if err != nil {
			return err
		}
		return netlink.NeighSet(&netlink.Neigh{LinkIndex: way[0].LinkIndex, State: netlink.NUD_PERMANENT, IP: ip.AsSlice(), HardwareAddr: mac})
	})
}

// FlushNeighbors forgets what the host has learned of a neighbor, or of all of
// them where ip is not valid. Permanent entries stay.
func (n *Network) FlushNeighbors(ip netip.Addr) error {
	return n.change(func() error {
		return forget(ip, known&^netlink.NUD_PERMANENT|netlink.NUD_INCOMPLETE|netlink.NUD_FAILED)
	})
}

// forget removes the entries of a neighbor, or of all, that are in one of some
// states.
func forget(ip netip.Addr, states int) error {
	list, err := neighbors()
	for _, one := range list {
		if err == nil && one.State&states != 0 && (!ip.IsValid() || addr(one.IP) == ip.WithZone("")) {
			// It may have gone in the meantime.
			err = unless(unix.ENOENT, netlink.NeighDel(&netlink.Neigh{LinkIndex: one.LinkIndex, IP: one.IP}))
		}
	}
	return err
}

// neighbors is the table in the network of the calling thread.
func neighbors() (list []netlink.Neigh, err error) {
	err = dump(func() (err error) {
		list, err = netlink.NeighList(0, netlink.FAMILY_ALL)
		return err
	})
	return list, err
}

func addr(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
