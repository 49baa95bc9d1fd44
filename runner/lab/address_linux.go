package lab

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// AddAddress gives an interface an address. With dad the kernel first looks
// whether another host has the IPv6 address (RFC 4862).
func (n *Network) AddAddress(iface string, a netip.Prefix, dad bool) error {
	err := n.onInterface(iface, func(link netlink.Link) error {
		if dad && a.Addr().Is6() {
			// Hosts begin without, so that their addresses are there at once.
			if err := setSysctl(Sysctl{"net/ipv6/conf/" + iface + "/accept_dad", "1"}); err != nil {
				return err
			}
		}
		return addAddress(link, a, dad)
	})
	if err != nil || dad {
		return err
	}
	return n.awaitReady(iface)
}

// RemoveAddress takes an address from an interface.
func (n *Network) RemoveAddress(iface string, a netip.Prefix) error {
	return n.onInterface(iface, func(link netlink.Link) error {
		return netlink.AddrDel(link, &netlink.Addr{IPNet: ipNet(a)})
	})
}

func addAddress(link netlink.Link, a netip.Prefix, dad bool) error {
	address := &netlink.Addr{IPNet: ipNet(a)}
	if !dad {
		address.Flags = unix.IFA_F_NODAD
	}
	if a.Addr().IsLoopback() {
		address.Scope = unix.RT_SCOPE_HOST
	}
	return netlink.AddrAdd(link, address)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// Duplicate reports whether the kernel still looks if another host has an IPv6
// address of an interface, which is tentative until then, and whether one has
// it.
func (n *Network) Duplicate(iface string, ip netip.Addr) (tentative, duplicate bool, err error) {
	err = n.onInterface(iface, func(link netlink.Link) error {
		list, err := netlink.AddrList(link, netlink.FAMILY_V6)
		if err != nil {
			return err
		}
		for _, a := range list {
			if addr(a.IP) == ip {
				tentative, duplicate = a.Flags&unix.IFA_F_TENTATIVE != 0, a.Flags&unix.IFA_F_DADFAILED != 0
				return nil
			}
		}
		return unix.EADDRNOTAVAIL
	})
	return tentative, duplicate, err
}
