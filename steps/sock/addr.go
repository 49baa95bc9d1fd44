package sock

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Addr is a socket address of any family. It is comparable and may key a map.
// The zero Addr is "no address".
type Addr struct {
	// Family is the AF_ number. It is AF_UNSPEC (0) in the zero Addr and where
	// Any or Unspec is set.
	Family int
	// IP is the host of AF_INET and AF_INET6, with the zone of a link-local
	// address. An invalid IP is the family's wildcard.
	IP netip.Addr
	// Port is the port of AF_INET and AF_INET6, in host byte order.
	Port uint16
	// Path is the name of an AF_UNIX socket: a path; "@" and the further bytes,
	// raw, for an abstract name; "" for none (unix(7)).
	Path string
	// Interface is the name of an interface of AF_PACKET, "" for every one, and
	// Protocol an ETH_P_ number, 0 for none.
	Interface string
	Protocol  uint16
	// Other holds the hardware address of AF_PACKET; for any other family the
	// bytes of the sockaddr that follow the family.
	Other string

	// Any marks ":8080", the wildcard in whatever family the socket has that it
	// is used with.
	Any bool
	// NoPort marks "icmp:127.0.0.1", the address of a raw or ICMP socket. Port
	// is 0.
	NoPort bool
	// Raw marks an address that is given by its bytes, which no other form can
	// express. Family is AF_UNSPEC, and Other holds all bytes of the sockaddr,
	// the family among them.
	Raw bool
	// Unspec marks "unspec:", a sockaddr of nothing but AF_UNSPEC: connect(2)
	// to it dissolves a datagram socket's association.
	Unspec bool
}

// IsZero reports whether a is not an address at all.
func (a Addr) IsZero() bool { return a == Addr{} }

// Means reports whether a, as a scenario writes it, is the address that came:
// two ways of writing the same sockaddr are equal. The unnamed address of
// AF_UNIX comes as none at all.
func (a Addr) Means(came Addr) bool {
	if a.Family == unix.AF_UNIX && a.Path == "" && came.IsZero() {
		return true
	}
	if a.isPacket() {
		return a.meansPacket(came)
	}
	a.NoPort, came.NoPort = false, false
	return a == came
}

// isIP reports whether a has an IP and a port, both perhaps still open.
func (a Addr) isIP() bool {
	return a.Any || a.Family == unix.AF_INET || a.Family == unix.AF_INET6
}

// ip is the host of a, with the wildcard spelt out. It is invalid where the
// family is open.
func (a Addr) ip() netip.Addr {
	switch {
	case a.IP.IsValid():
		return a.IP
	case a.Family == unix.AF_INET:
		return netip.IPv4Unspecified()
	case a.Family == unix.AF_INET6:
		return netip.IPv6Unspecified()
	}
	return netip.Addr{}
}

// IsWildcard reports whether a stands for every address of the host: 0.0.0.0,
// [::] or ":PORT".
func (a Addr) IsWildcard() bool {
	return a.isIP() && (!a.IP.IsValid() || a.IP.IsUnspecified())
}

// IsHostOwn reports an address that means each host itself: a loopback address,
// an abstract name, a port of netlink and the like. A path is the same on all
// hosts.
func (a Addr) IsHostOwn() bool {
	if a.IP.IsValid() {
		return a.IP.Unmap().IsLoopback() || a.IP.IsUnspecified()
	}
	return a.Path == "" || strings.HasPrefix(a.Path, "@")
}

// Loopback is the address by which this host reaches a wildcard of a known
// family: 127.0.0.1 for 0.0.0.0, ::1 for [::]. Any other address is returned as
// it is.
func (a Addr) Loopback() Addr {
	if !a.IsWildcard() {
		return a
	}
	switch a.Family {
	case unix.AF_INET:
		a.IP = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case unix.AF_INET6:
		a.IP = netip.IPv6Loopback()
	}
	return a
}

// OfPackets is the address and port as packets have them.
func (a Addr) OfPackets() netip.AddrPort {
	a = a.Loopback()
	return netip.AddrPortFrom(a.IP.Unmap().WithZone(""), a.Port)
}

// String returns the form that [ParseAddr] reads, and "" for the zero Addr.
func (a Addr) String() string {
	switch {
	case a.Unspec:
		return "unspec:"
	case a.Any:
		return ":" + strconv.Itoa(int(a.Port))
	case a.IsZero():
		return ""
	case a.isIP() && a.NoPort:
		return "icmp:" + a.ip().String()
	case a.isIP():
		return netip.AddrPortFrom(a.ip(), a.Port).String()
	case a.Family == unix.AF_UNIX:
		return "unix:" + a.Path
	case a.isPacket():
		return a.packetText()
	case a.Raw:
		return rawText(a.Other)
	}
	if before, chosen, after, ok := a.words(); ok {
		return before + chosen + after
	}
	return familyWord(a.Family) + ":" + hex.EncodeToString([]byte(a.Other))
}

// Parts parts a.String() at what the kernel chooses where it is left open; see
// Chosen.
func (a Addr) Parts() (before, chosen, after string) {
	text, chosen := a.String(), a.Chosen()
	if before, port, after, ok := a.words(); ok && chosen != "" {
		return before, port, after
	}
	at := len(text) - len(chosen)
	return text[:at], chosen, text[at+len(chosen):]
}

// Chosen is the part of a.String() that the kernel chooses where it is left
// open: the port of AF_INET and AF_INET6, the abstract name of AF_UNIX, the
// port of AF_NETLINK, which is often a process id, and of AF_VSOCK (ip(7),
// unix(7), netlink(7), vsock(7)). It is "" where there is nothing of it.
func (a Addr) Chosen() string {
	switch {
	case a.HasPort():
		return strconv.Itoa(int(a.Port))
	case a.Family == unix.AF_UNIX && strings.HasPrefix(a.Path, "@"):
		return a.Path[1:]
	}
	if _, port, _, ok := a.words(); ok && !a.open() {
		return port
	}
	return ""
}

// LooksChosen reports whether what Chosen gives may be of the kernel's choice,
// by its form: an abstract name as autobind makes them, of five hexadecimal
// digits, a port of AF_NETLINK, or a port of AF_VSOCK that is not reserved.
// Which ports of IP the kernel chooses depends on the network.
func (a Addr) LooksChosen() bool {
	const digits, lastReserved = 5, 1023
	chosen := a.Chosen()
	switch {
	case chosen == "" || a.isIP():
		return false
	case a.Family == unix.AF_UNIX:
		return len(chosen) == digits && strings.Trim(chosen, "0123456789abcdef") == ""
	case a.Family == afVsock:
		port, err := strconv.ParseUint(chosen, 10, 32)
		return err == nil && port > lastReserved
	}
	return true
}

// IsNetlink reports an address of netlink(7).
func (a Addr) IsNetlink() bool { return a.Family == afNetlink }

// HasPort reports whether a is an IP address with a port.
func (a Addr) HasPort() bool { return a.isIP() && !a.NoPort && a.Port != 0 }

// open reports whether a leaves it to the kernel to choose.
func (a Addr) open() bool {
	switch {
	case a.Raw:
		return rawOpen(a.Other)
	case a.Family == afNetlink:
		_, port, _, ok := a.words()
		return !ok || port == "0"
	case a.Family == afVsock:
		_, port, _, ok := a.words()
		return !ok || port == anyNumber
	}
	return a.Port == 0 && a.Path == ""
}

// ipAddr is the Addr of an IP address in its own family.
func ipAddr(ip netip.Addr, port uint16) Addr {
	if ip.Is4() {
		return Addr{Family: unix.AF_INET, IP: ip, Port: port}
	}
	return Addr{Family: unix.AF_INET6, IP: ip, Port: port}
}

// inFamily settles the family of ":PORT" for a socket of the given one. What is
// no IP family takes it as AF_INET, which the kernel then refuses.
func (a Addr) inFamily(family int) Addr {
	if !a.Any {
		return a
	}
	if family != unix.AF_INET6 {
		family = unix.AF_INET
	}
	settled := Addr{Family: family, Port: a.Port}
	settled.IP = settled.ip()
	return settled
}

func itoa(n int) string { return strconv.Itoa(n) }
