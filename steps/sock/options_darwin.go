package sock

import "golang.org/x/sys/unix"

// optionLevels has the options of the first four levels that scripts use on
// darwin (sys/socket.h, netinet/in.h, netinet6/in6.h, netinet/tcp.h).
var optionLevels = []optionLevel{
	{unix.SOL_SOCKET, "SOL_SOCKET", append(commonSocketOptions, []optionRow{
		{"SO_USELOOPBACK", unix.SO_USELOOPBACK, OptBool, both, "use the loopback when possible"},
		{"SO_NREAD", unix.SO_NREAD, OptInt, readOnly, "bytes that can be received; getsockopt(2)"},
		{"SO_NWRITE", unix.SO_NWRITE, OptInt, readOnly, "bytes not sent yet; getsockopt(2)"},
		{"SO_LINGER_SEC", unix.SO_LINGER_SEC, OptLinger, both, "SO_LINGER in seconds; getsockopt(2)"},
		{"SO_TIMESTAMP_MONOTONIC", unix.SO_TIMESTAMP_MONOTONIC, OptBool, both, "receive monotonic timestamps"},
		{"SO_RANDOMPORT", unix.SO_RANDOMPORT, OptBool, both, "choose local ports at random"},
		{"SO_NET_SERVICE_TYPE", unix.SO_NET_SERVICE_TYPE, OptInt, both, "kind of traffic"},
	}...)},
	{unix.IPPROTO_IP, "IPPROTO_IP", append(commonIPOptions, []optionRow{
		{"IP_BOUND_IF", unix.IP_BOUND_IF, OptInt, both, "use one network interface only, by index"},
		{"IP_MULTICAST_IFINDEX", unix.IP_MULTICAST_IFINDEX, OptInt, both, "the interface for multicast, by index"},
		{"IP_PKTINFO", unix.IP_PKTINFO, OptBool, both, "receive destination and interface"},
		{"IP_STRIPHDR", unix.IP_STRIPHDR, OptBool, both, "take the IP header off raw packets"},
	}...)},
	{unix.IPPROTO_IPV6, "IPPROTO_IPV6", append(commonIPv6Options, []optionRow{
		{"IPV6_BOUND_IF", unix.IPV6_BOUND_IF, OptInt, both, "use one network interface only, by index"},
	}...)},
	{unix.IPPROTO_TCP, "IPPROTO_TCP", append(commonTCPOptions, []optionRow{
		{"TCP_KEEPALIVE", unix.TCP_KEEPALIVE, OptInt, both, "seconds without data until the first keep-alive; tcp(4)"},
		{"TCP_CONNECTIONTIMEOUT", unix.TCP_CONNECTIONTIMEOUT, OptInt, both, "seconds that a connect may take; tcp(4)"},
		{"TCP_CONNECTION_INFO", unix.TCP_CONNECTION_INFO, OptBytes, readOnly, "state of the connection: struct tcp_connection_info"},
		{"TCP_ENABLE_ECN", unix.TCP_ENABLE_ECN, OptBool, both, "explicit congestion notification"},
		{"TCP_NOTSENT_LOWAT", unix.TCP_NOTSENT_LOWAT, OptInt, both, "unsent bytes below which the socket is writable"},
		{"TCP_RXT_CONNDROPTIME", unix.TCP_RXT_CONNDROPTIME, OptInt, both, "seconds of retransmission until the connection is dropped; tcp(4)"},
		{"TCP_RXT_FINDROP", unix.TCP_RXT_FINDROP, OptBool, both, "drop a connection after three unanswered FINs"},
		{"TCP_SENDMOREACKS", unix.TCP_SENDMOREACKS, OptBool, both, "acknowledge every segment; tcp(4)"},
	}...)},
}
