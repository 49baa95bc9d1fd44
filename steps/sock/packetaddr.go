package sock

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// etherTypes are the protocols of AF_PACKET that have names here
// (linux/if_ether.h).
var etherTypes = constants{"ETH_P_", []constant{
	{"ETH_P_ALL", 0x0003},
	{"ETH_P_IP", 0x0800},
	{"ETH_P_ARP", 0x0806},
	{"ETH_P_IPV6", 0x86dd},
}}

// packetAddr reads what follows "packet:": the name of an interface, then, each
// after a slash and each perhaps left out, a protocol and a hardware address.
func packetAddr(s string) (Addr, error) {
	a := Addr{Family: FamilyPacket}
	iface, rest, more := strings.Cut(s, "/")
	if strings.ContainsAny(iface, ": \t") || len(iface) > maxInterface || iface == "." || iface == ".." {
		return Addr{}, fmt.Errorf("%q is not the name of an interface", iface)
	}
	a.Interface = iface
	if !more {
		return a, nil
	}
	proto, mac, hardware := strings.Cut(rest, "/")
	var err error
	if a.Protocol, err = etherType(proto); err != nil || !hardware {
		return a, err
	}
	if a.Interface == "" {
		return Addr{}, errors.New("a hardware address is reached through an interface: write packet:eth0/arp/02:00:00:00:00:01")
	}
	hw, err := net.ParseMAC(mac)
	if err != nil {
		return Addr{}, fmt.Errorf("%q is not a hardware address: write it as 02:00:00:00:00:01", mac)
	}
	a.Other = string(hw)
	return a, nil
}

// etherType reads a protocol of Ethernet.
func etherType(s string) (uint16, error) {
	if n, ok := etherTypes.byName(s); ok {
		return uint16(n), nil
	}
	n, err := strconv.ParseUint(s, 0, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is not a protocol of Ethernet: write arp, ip, ipv6, all or a number such as 0x88cc", s)
	}
	return uint16(n), nil
}

// maxInterface is how many bytes the name of an interface may have: IFNAMSIZ
// without the NUL (netdevice(7)).
const maxInterface = 15

// isPacket reports whether a is an address of AF_PACKET by the name of its
// interface. One by bytes, AF_PACKET:…, is of any other family.
func (a Addr) isPacket() bool {
	return a.Family == FamilyPacket && (a.Interface != "" || a.Protocol != 0 || a.Other == "")
}

// packetText is the form that packetAddr reads.
func (a Addr) packetText() string {
	text := "packet:" + a.Interface
	switch proto, named := etherTypes.name(int(a.Protocol)); {
	case named:
		text += "/" + strings.ToLower(strings.TrimPrefix(proto, etherTypes.prefix))
	case a.Protocol != 0 || a.Other != "":
		text += "/" + fmt.Sprintf("0x%04x", a.Protocol)
	}
	if a.Other != "" {
		text += "/" + net.HardwareAddr(a.Other).String()
	}
	return text
}

// meansPacket reports whether an address of AF_PACKET is the one that came.
// What it leaves out may be any.
func (a Addr) meansPacket(came Addr) bool {
	return came.Family == FamilyPacket &&
		(a.Interface == "" || a.Interface == came.Interface) &&
		(a.Protocol == 0 || a.Protocol == came.Protocol) &&
		(a.Other == "" || a.Other == came.Other)
}
