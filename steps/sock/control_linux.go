package sock

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// controlTypes are the types of ancillary data of Linux: socket(7), unix(7),
// ip(7), ipv6(7), udp(7), tcp(7), and timestamping.rst of the kernel.
var controlTypes = []ControlType{
	{"SCM_RIGHTS", unix.SOL_SOCKET, unix.SCM_RIGHTS, CtlRights},
	{"SCM_CREDENTIALS", unix.SOL_SOCKET, unix.SCM_CREDENTIALS, CtlCredentials},
	{"SCM_SECURITY", unix.SOL_SOCKET, unix.SCM_SECURITY, CtlBytes},
	{"SCM_PIDFD", unix.SOL_SOCKET, unix.SCM_PIDFD, CtlRights},
	{"SO_TIMESTAMP", unix.SOL_SOCKET, unix.SO_TIMESTAMP, CtlTimeval},
	{"SO_TIMESTAMPNS", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, CtlTimespec},
	{"SO_TIMESTAMPING", unix.SOL_SOCKET, unix.SO_TIMESTAMPING, CtlTimestamping},
	{"SO_TIMESTAMP_NEW", unix.SOL_SOCKET, unix.SO_TIMESTAMP_NEW, CtlTimeval},
	{"SO_TIMESTAMPNS_NEW", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, CtlTimespec},
	{"SO_TIMESTAMPING_NEW", unix.SOL_SOCKET, unix.SO_TIMESTAMPING_NEW, CtlTimestamping},
	{"SCM_TS_OPT_ID", unix.SOL_SOCKET, unix.SCM_TS_OPT_ID, CtlInt},
	{"SCM_TXTIME", unix.SOL_SOCKET, unix.SCM_TXTIME, CtlUint64},
	{"SO_RXQ_OVFL", unix.SOL_SOCKET, unix.SO_RXQ_OVFL, CtlInt},
	{"SO_MARK", unix.SOL_SOCKET, unix.SO_MARK, CtlInt},
	{"SO_PRIORITY", unix.SOL_SOCKET, unix.SO_PRIORITY, CtlInt},
	{"SCM_INQ", unix.SOL_SOCKET, unix.SCM_INQ, CtlInt},
	{"IP_TOS", unix.IPPROTO_IP, unix.IP_TOS, CtlInt},
	{"IP_TTL", unix.IPPROTO_IP, unix.IP_TTL, CtlInt},
	{"IP_RECVOPTS", unix.IPPROTO_IP, unix.IP_RECVOPTS, CtlBytes},
	{"IP_RETOPTS", unix.IPPROTO_IP, unix.IP_RETOPTS, CtlBytes},
	{"IP_PKTINFO", unix.IPPROTO_IP, unix.IP_PKTINFO, CtlPktinfo},
	{"IP_RECVERR", unix.IPPROTO_IP, unix.IP_RECVERR, CtlRecverr},
	{"IP_ORIGDSTADDR", unix.IPPROTO_IP, unix.IP_ORIGDSTADDR, CtlAddr},
	{"IP_CHECKSUM", unix.IPPROTO_IP, unix.IP_CHECKSUM, CtlInt},
	{"IP_RECVFRAGSIZE", unix.IPPROTO_IP, unix.IP_RECVFRAGSIZE, CtlInt},
	{"IPV6_FLOWINFO", unix.IPPROTO_IPV6, 11, CtlBytes}, // linux/in6.h
	{"IPV6_PKTINFO", unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, CtlPktinfo6},
	{"IPV6_HOPLIMIT", unix.IPPROTO_IPV6, unix.IPV6_HOPLIMIT, CtlInt},
	{"IPV6_HOPOPTS", unix.IPPROTO_IPV6, unix.IPV6_HOPOPTS, CtlBytes},
	{"IPV6_RTHDR", unix.IPPROTO_IPV6, unix.IPV6_RTHDR, CtlBytes},
	{"IPV6_RTHDRDSTOPTS", unix.IPPROTO_IPV6, unix.IPV6_RTHDRDSTOPTS, CtlBytes},
	{"IPV6_DSTOPTS", unix.IPPROTO_IPV6, unix.IPV6_DSTOPTS, CtlBytes},
	{"IPV6_PATHMTU", unix.IPPROTO_IPV6, unix.IPV6_PATHMTU, CtlBytes},
	{"IPV6_DONTFRAG", unix.IPPROTO_IPV6, unix.IPV6_DONTFRAG, CtlInt},
	{"IPV6_TCLASS", unix.IPPROTO_IPV6, unix.IPV6_TCLASS, CtlInt},
	{"IPV6_RECVERR", unix.IPPROTO_IPV6, unix.IPV6_RECVERR, CtlRecverr},
	{"IPV6_ORIGDSTADDR", unix.IPPROTO_IPV6, unix.IPV6_ORIGDSTADDR, CtlAddr},
	{"IPV6_RECVFRAGSIZE", unix.IPPROTO_IPV6, unix.IPV6_RECVFRAGSIZE, CtlInt},
	{"UDP_SEGMENT", unix.IPPROTO_UDP, unix.UDP_SEGMENT, CtlUint16},
	{"UDP_GRO", unix.IPPROTO_UDP, unix.UDP_GRO, CtlInt},
	{"TCP_INQ", unix.IPPROTO_TCP, unix.TCP_INQ, CtlInt},
}

// EncodeUcred makes the data of SCM_CREDENTIALS (unix(7)).
func EncodeUcred(c Ucred) []byte {
	b, _ := binary.Append(nil, binary.NativeEndian, c)
	return b
}

// A Pktinfo is struct in_pktinfo or in6_pktinfo (ip(7), ipv6(7)). Local is the
// address that the packet came to, or from which an answer is to go; Dst, IPv4
// only, is the destination in the header.
type Pktinfo struct {
	Interface  int
	Local, Dst netip.Addr
}

// EncodePktinfo makes the data of IP_PKTINFO or, for an IPv6 address, of
// IPV6_PKTINFO.
func EncodePktinfo(p Pktinfo, v6 bool) []byte {
	e := binary.NativeEndian
	if v6 {
		b := make([]byte, 16, 20)
		copy(b, p.Local.AsSlice())
		return e.AppendUint32(b, uint32(p.Interface))
	}
	b := e.AppendUint32(nil, uint32(p.Interface))
	return append(append(b, bytes4(p.Local)...), bytes4(p.Dst)...)
}

// DecodePktinfo reads struct in_pktinfo or in6_pktinfo, told apart by their
// sizes.
func DecodePktinfo(b []byte) (Pktinfo, bool) {
	e := binary.NativeEndian
	switch len(b) {
	case 12:
		return Pktinfo{int(e.Uint32(b)), netip.AddrFrom4([4]byte(b[4:8])), netip.AddrFrom4([4]byte(b[8:12]))}, true
	case 20:
		return Pktinfo{Interface: int(e.Uint32(b[16:])), Local: netip.AddrFrom16([16]byte(b[:16]))}, true
	}
	return Pktinfo{}, false
}

// An ExtendedError is struct sock_extended_err with the address of the node
// that reported it (ip(7)).
type ExtendedError struct {
	Errno      syscall.Errno
	Origin     string // NONE, LOCAL, ICMP, ICMP6, TIMESTAMPING, ZEROCOPY, TXTIME
	Type, Code int
	Info, Data int
	Offender   netip.Addr
}

var errorOrigins = []string{"NONE", "LOCAL", "ICMP", "ICMP6", "TIMESTAMPING", "ZEROCOPY", "TXTIME"}

// ErrorOrigins lists what the Origin of an ExtendedError can be.
func ErrorOrigins() []string { return slices.Clone(errorOrigins) }

// DecodeExtendedError reads the data of IP_RECVERR and IPV6_RECVERR.
func DecodeExtendedError(b []byte) (ExtendedError, bool) {
	if len(b) < 16 {
		return ExtendedError{}, false
	}
	e := binary.NativeEndian
	x := ExtendedError{
		Errno: syscall.Errno(e.Uint32(b)), Type: int(b[5]), Code: int(b[6]), Info: int(e.Uint32(b[8:])), Data: int(e.Uint32(b[12:])),
	}
	if int(b[4]) < len(errorOrigins) {
		x.Origin = errorOrigins[b[4]]
	}
	x.Offender = DecodeSockaddr(b[16:]).IP.WithZone("")
	return x, true
}
