package sock

import "golang.org/x/sys/unix"

const (
	afNetlink = unix.AF_NETLINK
	afVsock   = unix.AF_VSOCK

	solNetlink           = unix.SOL_NETLINK
	netlinkAddMembership = unix.NETLINK_ADD_MEMBERSHIP
)

// FamilyPacket is AF_PACKET, the family of frames (packet(7)).
const FamilyPacket = unix.AF_PACKET

// The options that make an unbound AF_UNIX socket bind itself when it sends
// (unix(7)).
const (
	soPassCred  = unix.SO_PASSCRED
	soPassPidfd = 0x4c // SO_PASSPIDFD, since Linux 6.5
	soPeerPidfd = 0x4d // SO_PEERPIDFD, since Linux 6.5
)

// address_families(7), linux/socket.h
var families = constants{"AF_", []constant{
	{"AF_UNSPEC", 0},
	{"AF_UNIX", 1},
	{"AF_LOCAL", 1},
	{"AF_INET", 2},
	{"AF_AX25", 3},
	{"AF_IPX", 4},
	{"AF_APPLETALK", 5},
	{"AF_NETROM", 6},
	{"AF_BRIDGE", 7},
	{"AF_ATMPVC", 8},
	{"AF_X25", 9},
	{"AF_INET6", 10},
	{"AF_ROSE", 11},
	{"AF_NETBEUI", 13},
	{"AF_SECURITY", 14},
	{"AF_KEY", 15},
	{"AF_NETLINK", 16},
	{"AF_ROUTE", 16},
	{"AF_PACKET", 17},
	{"AF_ASH", 18},
	{"AF_ECONET", 19},
	{"AF_ATMSVC", 20},
	{"AF_RDS", 21},
	{"AF_SNA", 22},
	{"AF_IRDA", 23},
	{"AF_PPPOX", 24},
	{"AF_WANPIPE", 25},
	{"AF_LLC", 26},
	{"AF_IB", 27},
	{"AF_MPLS", 28},
	{"AF_CAN", 29},
	{"AF_TIPC", 30},
	{"AF_BLUETOOTH", 31},
	{"AF_IUCV", 32},
	{"AF_RXRPC", 33},
	{"AF_ISDN", 34},
	{"AF_PHONET", 35},
	{"AF_IEEE802154", 36},
	{"AF_CAIF", 37},
	{"AF_ALG", 38},
	{"AF_NFC", 39},
	{"AF_VSOCK", 40},
	{"AF_KCM", 41},
	{"AF_QIPCRTR", 42},
	{"AF_SMC", 43},
	{"AF_XDP", 44},
	{"AF_MCTP", 45},
}}

// socket(2), linux/net.h
var types = constants{"SOCK_", []constant{
	{"SOCK_STREAM", unix.SOCK_STREAM},
	{"SOCK_DGRAM", unix.SOCK_DGRAM},
	{"SOCK_RAW", unix.SOCK_RAW},
	{"SOCK_RDM", unix.SOCK_RDM},
	{"SOCK_SEQPACKET", unix.SOCK_SEQPACKET},
	{"SOCK_DCCP", unix.SOCK_DCCP},
	{"SOCK_PACKET", unix.SOCK_PACKET},
}}

// linux/in.h and linux/in6.h
var protocols = constants{"IPPROTO_", []constant{
	{"IPPROTO_IP", 0},
	{"IPPROTO_HOPOPTS", 0},
	{"IPPROTO_ICMP", 1},
	{"IPPROTO_IGMP", 2},
	{"IPPROTO_IPIP", 4},
	{"IPPROTO_TCP", 6},
	{"IPPROTO_EGP", 8},
	{"IPPROTO_PUP", 12},
	{"IPPROTO_UDP", 17},
	{"IPPROTO_IDP", 22},
	{"IPPROTO_TP", 29},
	{"IPPROTO_DCCP", 33},
	{"IPPROTO_IPV6", 41},
	{"IPPROTO_ROUTING", 43},
	{"IPPROTO_FRAGMENT", 44},
	{"IPPROTO_RSVP", 46},
	{"IPPROTO_GRE", 47},
	{"IPPROTO_ESP", 50},
	{"IPPROTO_AH", 51},
	{"IPPROTO_ICMPV6", 58},
	{"IPPROTO_NONE", 59},
	{"IPPROTO_DSTOPTS", 60},
	{"IPPROTO_MTP", 92},
	{"IPPROTO_BEETPH", 94},
	{"IPPROTO_ENCAP", 98},
	{"IPPROTO_PIM", 103},
	{"IPPROTO_COMP", 108},
	{"IPPROTO_L2TP", 115},
	{"IPPROTO_SCTP", 132},
	{"IPPROTO_MH", 135},
	{"IPPROTO_UDPLITE", 136},
	{"IPPROTO_MPLS", 137},
	{"IPPROTO_ETHERNET", 143},
	{"IPPROTO_AGGFRAG", 144},
	{"IPPROTO_RAW", 255},
	{"IPPROTO_SMC", 256},
	{"IPPROTO_MPTCP", 262},
}}

// linux/netlink.h
var netlinkProtocols = constants{"NETLINK_", []constant{
	{"NETLINK_ROUTE", 0},
	{"NETLINK_USERSOCK", 2},
	{"NETLINK_FIREWALL", 3},
	{"NETLINK_SOCK_DIAG", 4},
	{"NETLINK_INET_DIAG", 4},
	{"NETLINK_NFLOG", 5},
	{"NETLINK_XFRM", 6},
	{"NETLINK_SELINUX", 7},
	{"NETLINK_ISCSI", 8},
	{"NETLINK_AUDIT", 9},
	{"NETLINK_FIB_LOOKUP", 10},
	{"NETLINK_CONNECTOR", 11},
	{"NETLINK_NETFILTER", 12},
	{"NETLINK_IP6_FW", 13},
	{"NETLINK_DNRTMSG", 14},
	{"NETLINK_KOBJECT_UEVENT", 15},
	{"NETLINK_GENERIC", 16},
	{"NETLINK_SCSITRANSPORT", 18},
	{"NETLINK_ECRYPTFS", 19},
	{"NETLINK_RDMA", 20},
	{"NETLINK_CRYPTO", 21},
	{"NETLINK_SMC", 22},
}}

// send(2), recv(2), linux/socket.h
var flags = constants{"MSG_", []constant{
	{"MSG_OOB", 0x1},
	{"MSG_PEEK", 0x2},
	{"MSG_DONTROUTE", 0x4},
	{"MSG_TRYHARD", 0x4},
	{"MSG_CTRUNC", 0x8},
	{"MSG_PROBE", 0x10},
	{"MSG_PROXY", 0x10},
	{"MSG_TRUNC", 0x20},
	{"MSG_DONTWAIT", 0x40},
	{"MSG_EOR", 0x80},
	{"MSG_WAITALL", 0x100},
	{"MSG_FIN", 0x200},
	{"MSG_SYN", 0x400},
	{"MSG_CONFIRM", 0x800},
	{"MSG_RST", 0x1000},
	{"MSG_ERRQUEUE", 0x2000},
	{"MSG_NOSIGNAL", 0x4000},
	{"MSG_MORE", 0x8000},
	{"MSG_WAITFORONE", 0x10000},
	{"MSG_BATCH", 0x40000},
	{"MSG_SOCK_DEVMEM", 0x2000000},
	{"MSG_ZEROCOPY", 0x4000000},
	{"MSG_FASTOPEN", 0x20000000},
	{"MSG_CMSG_CLOEXEC", 0x40000000},
}}

// tcp(7), udp(7), unix(7), linux/sockios.h
var requests = constants{"", []constant{
	{"FIONREAD", unix.TIOCINQ},
	{"SIOCINQ", unix.SIOCINQ},
	{"SIOCOUTQ", unix.SIOCOUTQ},
	{"SIOCOUTQNSD", 0x894b},
	{"SIOCATMARK", unix.SIOCATMARK},
}}
