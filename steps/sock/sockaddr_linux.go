package sock

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// sockname is a sockaddr as the kernel reads and writes it.
type sockname struct {
	buf [unix.SizeofSockaddrAny + 16]byte // struct sockaddr_storage: 128 bytes
	len uint32
}

// The sizes and offsets of sockaddr_in, sockaddr_in6 and sockaddr_un (ip(7),
// ipv6(7), unix(7)).
const (
	sizeFamily  = 2
	sizeInet4   = 16
	sizeInet6   = 28
	sizeUnixMax = unix.SizeofSockaddrUnix
	sizePath    = sizeUnixMax - sizeFamily
)

// encode writes a for a socket of the given family. What does not fit a
// sockaddr is EINVAL, as from the kernel; a zone that names no interface of the
// socket's network is ENODEV.
func (n *sockname) encode(c caller, fd, family int, a Addr) syscall.Errno {
	if a.Raw {
		if len(a.Other) > len(n.buf) {
			return syscall.EINVAL
		}
		n.len = uint32(copy(n.buf[:], a.Other))
		return 0
	}
	a = a.inFamily(family)
	binary.NativeEndian.PutUint16(n.buf[:], uint16(a.Family))
	switch {
	case a.Unspec:
		n.len = sizeFamily
		return 0
	case a.Family == unix.AF_INET || a.Family == unix.AF_INET6:
		return n.encodeIP(c, fd, a)
	case a.Family == unix.AF_UNIX:
		return n.encodeUnix(a.Path)
	case a.isPacket():
		return n.encodePacket(c, fd, a)
	}
	if len(a.Other) > len(n.buf)-sizeFamily {
		return syscall.EINVAL
	}
	n.len = uint32(sizeFamily + copy(n.buf[sizeFamily:], a.Other))
	return 0
}

func (n *sockname) encodeIP(c caller, fd int, a Addr) syscall.Errno {
	ip := a.ip()
	binary.BigEndian.PutUint16(n.buf[2:], a.Port)
	if a.Family == unix.AF_INET {
		if !ip.Is4() {
			return syscall.EINVAL
		}
		b := ip.As4()
		copy(n.buf[4:], b[:])
		clear(n.buf[8:sizeInet4])
		n.len = sizeInet4
		return 0
	}
	b := ip.As16()
	clear(n.buf[4:8]) // sin6_flowinfo
	copy(n.buf[8:], b[:])
	scope, errno := interfaceIndex(c, fd, ip.Zone())
	binary.NativeEndian.PutUint32(n.buf[24:], scope)
	n.len = sizeInet6
	return errno
}

// encodeUnix writes a path with its NUL where there is room for one, and an
// abstract name without.
func (n *sockname) encodeUnix(path string) syscall.Errno {
	if len(path) > sizePath {
		return syscall.EINVAL
	}
	size := copy(n.buf[sizeFamily:], path)
	switch {
	case path == "":
	case path[0] == '@':
		n.buf[sizeFamily] = 0
	case size < sizePath:
		n.buf[sizeFamily+size] = 0
		size++
	}
	n.len = uint32(sizeFamily + size)
	return 0
}

// wholeName is the size of the buffer for an address that any address fits
// into.
const wholeName = len(sockname{}.buf)

// cut leaves of an address what fits into a buffer of a size, and returns the
// length that the kernel gave.
func (n *sockname) cut(size int) int {
	length := int(n.len)
	n.len = uint32(max(0, min(length, size)))
	return length
}

// decode reads the address that the kernel left for a socket of kind k. No
// bytes mean no address.
func (n *sockname) decode(c caller, fd int, k kind) Addr {
	b := n.buf[:min(int(n.len), len(n.buf))]
	if len(b) < sizeFamily {
		return Addr{}
	}
	family := int(binary.NativeEndian.Uint16(b))
	switch {
	case family == unix.AF_INET && len(b) >= sizeInet4:
		ip := netip.AddrFrom4([4]byte(b[4:8]))
		return withoutPort(Addr{Family: family, IP: ip, Port: binary.BigEndian.Uint16(b[2:])}, k)
	case family == unix.AF_INET6 && len(b) >= sizeInet6:
		ip := netip.AddrFrom16([16]byte(b[8:24]))
		if scope := binary.NativeEndian.Uint32(b[24:]); scope != 0 {
			ip = ip.WithZone(interfaceName(c, fd, scope))
		}
		return withoutPort(Addr{Family: family, IP: ip, Port: binary.BigEndian.Uint16(b[2:])}, k)
	case family == unix.AF_UNIX:
		return Addr{Family: family, Path: decodePath(b[sizeFamily:])}
	case family == FamilyPacket && len(b) >= packetHead:
		return decodePacket(c, fd, b)
	case family == unix.AF_INET || family == unix.AF_INET6:
		return Addr{Raw: true, Other: string(b)} // cut short
	}
	return Addr{Family: family, Other: string(b[sizeFamily:])}
}

// rawAddr is an address by all its bytes, in the form that has it in words
// where there is one.
func rawAddr(all string) Addr {
	var n, again sockname
	raw := Addr{Raw: true, Other: all}
	if len(all) < sizeFamily || len(all) > len(n.buf) {
		return raw
	}
	n.len = uint32(copy(n.buf[:], all))
	if family := binary.NativeEndian.Uint16(n.buf[:]); family == FamilyPacket && len(all) > sizeFamily {
		return Addr{Family: FamilyPacket, Other: all[sizeFamily:]}
	}
	a := n.decode(caller{}, -1, kind{})
	if a == (Addr{}) {
		return Addr{Unspec: true}
	}
	if a.Raw || a.Family == unix.AF_UNSPEC || again.encode(caller{}, -1, a.Family, a) != 0 || again.buf != n.buf || again.len != n.len {
		return raw
	}
	return a
}

// DecodeSockaddr reads a sockaddr that came as data, as in IP_ORIGDSTADDR. A
// zone is a number.
func DecodeSockaddr(b []byte) Addr {
	var n sockname
	n.len = uint32(copy(n.buf[:], b))
	return n.decode(caller{}, -1, kind{})
}

// withoutPort marks the address of a raw or ICMP socket, unless it has a port
// (an ICMP identifier) after all.
func withoutPort(a Addr, k kind) Addr {
	a.NoPort = a.Port == 0 && k.rawOrICMP()
	return a
}

func decodePath(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if b[0] == 0 {
		return "@" + string(b[1:])
	}
	path, _, _ := bytes.Cut(b, []byte{0})
	if path[0] == '@' { // a file of that name, which "@" alone would make an abstract one
		return "./" + string(path)
	}
	return string(path)
}

// interfaceIndex finds the interface of a zone in the network of the socket: by
// name (netdevice(7)) or by number.
func interfaceIndex(c caller, fd int, zone string) (uint32, syscall.Errno) {
	if zone == "" {
		return 0, 0
	}
	if ifr, err := unix.NewIfreq(zone); err == nil {
		if sysIoctlIfreq(c, fd, unix.SIOCGIFINDEX, ifr) == 0 {
			return ifr.Uint32(), 0
		}
	}
	index, err := strconv.ParseUint(zone, 10, 32)
	if err != nil {
		return 0, syscall.ENODEV
	}
	return uint32(index), 0
}

// interfaceName is the reverse of interfaceIndex. An interface that is gone
// keeps its number.
func interfaceName(c caller, fd int, index uint32) string {
	if ifr, err := unix.NewIfreq(""); err == nil {
		ifr.SetUint32(index)
		if sysIoctlIfreq(c, fd, unix.SIOCGIFNAME, ifr) == 0 {
			return ifr.Name()
		}
	}
	return strconv.FormatUint(uint64(index), 10)
}
