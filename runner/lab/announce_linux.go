package lab

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Announce tells the neighbors on an interface that an address is here: for
// IPv4 with a gratuitous ARP request and reply (RFC 5227), for IPv6 with an
// unsolicited neighbor advertisement (RFC 4861).
func (n *Network) Announce(ip netip.Addr, iface string) error {
	return n.onInterface(iface, func(link netlink.Link) error {
		a := link.Attrs()
		if len(a.HardwareAddr) != 6 || a.Flags&net.FlagLoopback != 0 {
			return fmt.Errorf("the interface %s has no neighbors: %w", iface, unix.EOPNOTSUPP)
		}
		if ip.Is4() {
			return send(a.Index, gratuitousARP(arpRequest, a.HardwareAddr, ip), gratuitousARP(arpReply, a.HardwareAddr, ip))
		}
		return send(a.Index, unsolicitedAdvertisement(a.HardwareAddr, ip))
	})
}

// send sends frames by an interface of the network of the calling thread.
func send(index int, frames ...[]byte) error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	// The kernel closes packet sockets slowly.
	defer func() { go unix.Close(fd) }()
	for _, frame := range frames {
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: index}); err != nil {
			return err
		}
	}
	return nil
}

// The operations of ARP (RFC 826).
const (
	arpRequest = 1
	arpReply   = 2
)

func gratuitousARP(operation byte, mac net.HardwareAddr, ip netip.Addr) []byte {
	broadcast := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	target := make([]byte, 6)
	if operation == arpReply {
		target = broadcast
	}
	frame := ethernet(broadcast, mac, unix.ETH_P_ARP)
	frame = append(frame, 0, 1, 8, 0, 6, 4, 0, operation)
	frame = append(append(frame, mac...), ip.AsSlice()...)
	return append(append(frame, target...), ip.AsSlice()...)
}

func unsolicitedAdvertisement(mac net.HardwareAddr, ip netip.Addr) []byte {
	allNodes := netip.MustParseAddr("ff02::1").AsSlice()
	// Override the address that the neighbors have; it is in the option.
	message := append([]byte{136, 0, 0, 0, 0x20, 0, 0, 0}, ip.AsSlice()...)
	message = append(append(message, 2, 1), mac...)

	header := []byte{0x60, 0, 0, 0, 0, byte(len(message)), unix.IPPROTO_ICMPV6, 255}
	addresses := append(ip.AsSlice(), allNodes...)
	pseudo := append(addresses, 0, 0, 0, byte(len(message)), 0, 0, 0, unix.IPPROTO_ICMPV6)
	binary.BigEndian.PutUint16(message[2:], checksum(append(pseudo, message...)))

	frame := ethernet([]byte{0x33, 0x33, 0, 0, 0, 1}, mac, unix.ETH_P_IPV6)
	return append(append(append(frame, header...), pseudo[:32]...), message...)
}

func ethernet(to, from []byte, protocol uint16) []byte {
	frame := append(append(make([]byte, 0, 128), to...), from...)
	return binary.BigEndian.AppendUint16(frame, protocol)
}

// checksum is that of the Internet (RFC 1071), over an even number of bytes.
func checksum(data []byte) uint16 {
	var sum uint32
	for i := 0; i < len(data); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(data[i:]))
	}
	sum = sum>>16 + sum&0xffff
	return ^uint16(sum + sum>>16)
}
