//go:build darwin || freebsd

package sock

import "golang.org/x/sys/unix"

var commonSocketOptions = []optionRow{
	{"SO_DEBUG", unix.SO_DEBUG, OptBool, both, "socket debugging; getsockopt(2)"},
	{"SO_REUSEADDR", unix.SO_REUSEADDR, OptBool, both, "bind to a local address that is still in use; getsockopt(2)"},
	{"SO_REUSEPORT", unix.SO_REUSEPORT, OptBool, both, "several sockets share a local address; getsockopt(2)"},
	{"SO_TYPE", unix.SO_TYPE, OptInt, readOnly, "the type of the socket; getsockopt(2)"},
	{"SO_ERROR", unix.SO_ERROR, OptErrno, readOnly, "the pending error, which is then cleared; getsockopt(2)"},
	{"SO_DONTROUTE", unix.SO_DONTROUTE, OptBool, both, "send to directly connected hosts only; getsockopt(2)"},
	{"SO_BROADCAST", unix.SO_BROADCAST, OptBool, both, "allow datagrams to a broadcast address; getsockopt(2)"},
	{"SO_SNDBUF", unix.SO_SNDBUF, OptInt, both, "send buffer in bytes; getsockopt(2)"},
	{"SO_RCVBUF", unix.SO_RCVBUF, OptInt, both, "receive buffer in bytes; getsockopt(2)"},
	{"SO_SNDLOWAT", unix.SO_SNDLOWAT, OptInt, both, "free bytes that make the socket writable; getsockopt(2)"},
	{"SO_RCVLOWAT", unix.SO_RCVLOWAT, OptInt, both, "bytes that make the socket readable; getsockopt(2)"},
	{"SO_SNDTIMEO", unix.SO_SNDTIMEO, OptTimeval, both, "how long a blocking send waits; getsockopt(2)"},
	{"SO_RCVTIMEO", unix.SO_RCVTIMEO, OptTimeval, both, "how long a blocking receive waits; getsockopt(2)"},
	{"SO_KEEPALIVE", unix.SO_KEEPALIVE, OptBool, both, "send keep-alive messages; getsockopt(2)"},
	{"SO_OOBINLINE", unix.SO_OOBINLINE, OptBool, both, "keep urgent data in the stream; getsockopt(2)"},
	{"SO_LINGER", unix.SO_LINGER, OptLinger, both, "close waits for data to be sent; getsockopt(2)"},
	{"SO_NOSIGPIPE", unix.SO_NOSIGPIPE, OptBool, both, "no SIGPIPE; getsockopt(2)"},
	{"SO_ACCEPTCONN", unix.SO_ACCEPTCONN, OptBool, readOnly, "whether the socket listens; getsockopt(2)"},
	{"SO_TIMESTAMP", unix.SO_TIMESTAMP, OptBool, both, "receive SCM_TIMESTAMP; getsockopt(2)"},
}

var commonIPOptions = []optionRow{
	{"IP_TOS", unix.IP_TOS, OptInt, both, "type of service of what is sent; ip(4)"},
	{"IP_TTL", unix.IP_TTL, OptInt, both, "time to live of what is sent; ip(4)"},
	{"IP_HDRINCL", unix.IP_HDRINCL, OptBool, both, "the sender writes the IP header itself; ip(4)"},
	{"IP_OPTIONS", unix.IP_OPTIONS, OptBytes, both, "IP options of what is sent; ip(4)"},
	{"IP_RECVDSTADDR", unix.IP_RECVDSTADDR, OptBool, both, "receive the destination; ip(4)"},
	{"IP_RECVIF", unix.IP_RECVIF, OptBool, both, "receive the interface; ip(4)"},
	{"IP_RECVTTL", unix.IP_RECVTTL, OptBool, both, "receive the time to live; ip(4)"},
	{"IP_RECVTOS", unix.IP_RECVTOS, OptBool, both, "receive the type of service; ip(4)"},
	{"IP_MULTICAST_IF", unix.IP_MULTICAST_IF, OptAddr, both, "the interface for multicast, by its address; ip(4)"},
	{"IP_MULTICAST_TTL", unix.IP_MULTICAST_TTL, OptUint8, both, "time to live of multicast; ip(4)"},
	{"IP_MULTICAST_LOOP", unix.IP_MULTICAST_LOOP, OptUint8, both, "multicast comes back to this host; ip(4)"},
	{"IP_ADD_MEMBERSHIP", unix.IP_ADD_MEMBERSHIP, OptMembership, writeOnly, "join a multicast group; ip(4)"},
	{"IP_DROP_MEMBERSHIP", unix.IP_DROP_MEMBERSHIP, OptMembership, writeOnly, "leave a multicast group; ip(4)"},
	{"IP_ADD_SOURCE_MEMBERSHIP", unix.IP_ADD_SOURCE_MEMBERSHIP, OptSourceMembership, writeOnly, "join a group for one source; ip(4)"},
	{"IP_DROP_SOURCE_MEMBERSHIP", unix.IP_DROP_SOURCE_MEMBERSHIP, OptSourceMembership, writeOnly, "leave a group for one source; ip(4)"},
	{"IP_BLOCK_SOURCE", unix.IP_BLOCK_SOURCE, OptSourceMembership, writeOnly, "stop hearing a source of a group; ip(4)"},
	{"IP_UNBLOCK_SOURCE", unix.IP_UNBLOCK_SOURCE, OptSourceMembership, writeOnly, "hear a source of a group again; ip(4)"},
	{"IP_PORTRANGE", unix.IP_PORTRANGE, OptInt, both, "range of automatic ports; ip(4)"},
}

var commonIPv6Options = []optionRow{
	{"IPV6_V6ONLY", unix.IPV6_V6ONLY, OptBool, both, "no IPv4 by mapped addresses; ip6(4)"},
	{"IPV6_UNICAST_HOPS", unix.IPV6_UNICAST_HOPS, OptInt, both, "hop limit of unicast; ip6(4)"},
	{"IPV6_MULTICAST_IF", unix.IPV6_MULTICAST_IF, OptInt, both, "the interface for multicast, by index; ip6(4)"},
	{"IPV6_MULTICAST_HOPS", unix.IPV6_MULTICAST_HOPS, OptInt, both, "hop limit of multicast; ip6(4)"},
	{"IPV6_MULTICAST_LOOP", unix.IPV6_MULTICAST_LOOP, OptInt, both, "multicast comes back to this host; ip6(4)"},
	{"IPV6_JOIN_GROUP", unix.IPV6_JOIN_GROUP, OptMembership6, writeOnly, "join a multicast group; ip6(4)"},
	{"IPV6_LEAVE_GROUP", unix.IPV6_LEAVE_GROUP, OptMembership6, writeOnly, "leave a multicast group; ip6(4)"},
	{"IPV6_CHECKSUM", unix.IPV6_CHECKSUM, OptInt, both, "offset of the checksum in a raw packet; ip6(4)"},
	{"IPV6_RECVPKTINFO", unix.IPV6_RECVPKTINFO, OptBool, both, "receive destination and interface; ip6(4)"},
	{"IPV6_RECVHOPLIMIT", unix.IPV6_RECVHOPLIMIT, OptBool, both, "receive the hop limit; ip6(4)"},
	{"IPV6_RECVTCLASS", unix.IPV6_RECVTCLASS, OptBool, both, "receive the traffic class; ip6(4)"},
	{"IPV6_TCLASS", unix.IPV6_TCLASS, OptInt, both, "traffic class of what is sent; ip6(4)"},
	{"IPV6_DONTFRAG", unix.IPV6_DONTFRAG, OptBool, both, "do not fragment; ip6(4)"},
	{"IPV6_PORTRANGE", unix.IPV6_PORTRANGE, OptInt, both, "range of automatic ports; ip6(4)"},
}

var commonTCPOptions = []optionRow{
	{"TCP_NODELAY", unix.TCP_NODELAY, OptBool, both, "send at once, without Nagle's algorithm; tcp(4)"},
	{"TCP_MAXSEG", unix.TCP_MAXSEG, OptInt, both, "maximum segment size in bytes; tcp(4)"},
	{"TCP_NOPUSH", unix.TCP_NOPUSH, OptBool, both, "send full segments only; tcp(4)"},
	{"TCP_NOOPT", unix.TCP_NOOPT, OptBool, both, "use no TCP options; tcp(4)"},
	{"TCP_KEEPINTVL", unix.TCP_KEEPINTVL, OptInt, both, "seconds between keep-alives; tcp(4)"},
	{"TCP_KEEPCNT", unix.TCP_KEEPCNT, OptInt, both, "keep-alives without an answer until the connection is dropped; tcp(4)"},
	{"TCP_FASTOPEN", unix.TCP_FASTOPEN, OptInt, both, "fast open; RFC 7413"},
}
