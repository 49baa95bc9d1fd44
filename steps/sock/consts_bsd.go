//go:build darwin || freebsd

package sock

import "golang.org/x/sys/unix"

// These are numbers that no family of this platform has.
const (
	afNetlink = -1
	afVsock   = -2

	solNetlink           = -1
	netlinkAddMembership = -1
)

// rawAddr is an address by all its bytes.
func rawAddr(all string) Addr { return Addr{Raw: true, Other: all} }

// FamilyPacket is AF_PACKET of Linux: here a number that no family has.
const FamilyPacket = -2

// Nor does any binding by itself come with passing credentials here.
const soPassCred, soPassPidfd, soPeerPidfd = -1, -1, -1

var netlinkProtocols = constants{prefix: "NETLINK_"}

// sys/socket.h
var families = constants{"AF_", []constant{
	{"AF_UNSPEC", unix.AF_UNSPEC},
	{"AF_UNIX", unix.AF_UNIX},
	{"AF_LOCAL", unix.AF_UNIX},
	{"AF_INET", unix.AF_INET},
	{"AF_INET6", unix.AF_INET6},
	{"AF_APPLETALK", unix.AF_APPLETALK},
	{"AF_ISDN", unix.AF_ISDN},
	{"AF_LINK", unix.AF_LINK},
	{"AF_ROUTE", unix.AF_ROUTE},
	{"AF_SNA", unix.AF_SNA},
}}

// socket(2), sys/socket.h
var types = constants{"SOCK_", []constant{
	{"SOCK_STREAM", unix.SOCK_STREAM},
	{"SOCK_DGRAM", unix.SOCK_DGRAM},
	{"SOCK_RAW", unix.SOCK_RAW},
	{"SOCK_RDM", unix.SOCK_RDM},
	{"SOCK_SEQPACKET", unix.SOCK_SEQPACKET},
}}

// netinet/in.h
var protocols = constants{"IPPROTO_", []constant{
	{"IPPROTO_IP", unix.IPPROTO_IP},
	{"IPPROTO_ICMP", unix.IPPROTO_ICMP},
	{"IPPROTO_IGMP", unix.IPPROTO_IGMP},
	{"IPPROTO_TCP", unix.IPPROTO_TCP},
	{"IPPROTO_EGP", unix.IPPROTO_EGP},
	{"IPPROTO_PUP", unix.IPPROTO_PUP},
	{"IPPROTO_UDP", unix.IPPROTO_UDP},
	{"IPPROTO_IDP", unix.IPPROTO_IDP},
	{"IPPROTO_TP", unix.IPPROTO_TP},
	{"IPPROTO_IPV6", unix.IPPROTO_IPV6},
	{"IPPROTO_ROUTING", unix.IPPROTO_ROUTING},
	{"IPPROTO_FRAGMENT", unix.IPPROTO_FRAGMENT},
	{"IPPROTO_RSVP", unix.IPPROTO_RSVP},
	{"IPPROTO_GRE", unix.IPPROTO_GRE},
	{"IPPROTO_ESP", unix.IPPROTO_ESP},
	{"IPPROTO_AH", unix.IPPROTO_AH},
	{"IPPROTO_ICMPV6", unix.IPPROTO_ICMPV6},
	{"IPPROTO_NONE", unix.IPPROTO_NONE},
	{"IPPROTO_DSTOPTS", unix.IPPROTO_DSTOPTS},
	{"IPPROTO_ENCAP", unix.IPPROTO_ENCAP},
	{"IPPROTO_PIM", unix.IPPROTO_PIM},
	{"IPPROTO_SCTP", unix.IPPROTO_SCTP},
	{"IPPROTO_RAW", unix.IPPROTO_RAW},
}}

// send(2), recv(2), sys/socket.h
var flags = constants{"MSG_", []constant{
	{"MSG_OOB", unix.MSG_OOB},
	{"MSG_PEEK", unix.MSG_PEEK},
	{"MSG_DONTROUTE", unix.MSG_DONTROUTE},
	{"MSG_EOR", unix.MSG_EOR},
	{"MSG_TRUNC", unix.MSG_TRUNC},
	{"MSG_CTRUNC", unix.MSG_CTRUNC},
	{"MSG_WAITALL", unix.MSG_WAITALL},
	{"MSG_DONTWAIT", unix.MSG_DONTWAIT},
	{"MSG_EOF", unix.MSG_EOF},
	{"MSG_NOSIGNAL", unix.MSG_NOSIGNAL},
}}

// sys/filio.h, sys/sockio.h
var requests = constants{"", []constant{
	{"FIONREAD", 0x4004667f},
	{"SIOCATMARK", unix.SIOCATMARK},
}}
