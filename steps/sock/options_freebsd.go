package sock

import "golang.org/x/sys/unix"

// optionLevels has the options of the first four levels that scripts use on
// FreeBSD (sys/socket.h, netinet/in.h, netinet6/in6.h, netinet/tcp.h).
var optionLevels = []optionLevel{
	{unix.SOL_SOCKET, "SOL_SOCKET", append(commonSocketOptions, []optionRow{
		{"SO_USELOOPBACK", unix.SO_USELOOPBACK, OptBool, both, "use the loopback when possible"},
		{"SO_DOMAIN", unix.SO_DOMAIN, OptInt, readOnly, "the address family; getsockopt(2)"},
		{"SO_PROTOCOL", unix.SO_PROTOCOL, OptInt, readOnly, "the protocol; getsockopt(2)"},
		{"SO_BINTIME", unix.SO_BINTIME, OptBool, both, "receive SCM_BINTIME; getsockopt(2)"},
		{"SO_ACCEPTFILTER", unix.SO_ACCEPTFILTER, OptBytes, both, "an accept filter: struct accept_filter_arg; getsockopt(2)"},
		{"SO_LISTENQLIMIT", unix.SO_LISTENQLIMIT, OptInt, readOnly, "the backlog; getsockopt(2)"},
		{"SO_LISTENQLEN", unix.SO_LISTENQLEN, OptInt, readOnly, "connections to be accepted; getsockopt(2)"},
		{"SO_LISTENINCQLEN", unix.SO_LISTENINCQLEN, OptInt, readOnly, "connections not complete yet; getsockopt(2)"},
		{"SO_MAX_PACING_RATE", unix.SO_MAX_PACING_RATE, OptInt, both, "bytes per second at most; getsockopt(2)"},
		{"SO_REUSEPORT_LB", unix.SO_REUSEPORT_LB, OptBool, both, "share a port and spread the load; getsockopt(2)"},
		{"SO_SETFIB", unix.SO_SETFIB, OptInt, writeOnly, "the routing table; getsockopt(2)"},
		{"SO_USER_COOKIE", unix.SO_USER_COOKIE, OptInt, writeOnly, "a number for filters; getsockopt(2)"},
		{"SO_TS_CLOCK", unix.SO_TS_CLOCK, OptInt, both, "the clock of SO_TIMESTAMP; getsockopt(2)"},
	}...)},
	{unix.IPPROTO_IP, "IPPROTO_IP", append(commonIPOptions, []optionRow{
		{"IP_BINDANY", unix.IP_BINDANY, OptBool, both, "bind to any address; ip(4)"},
		{"IP_DONTFRAG", unix.IP_DONTFRAG, OptBool, both, "do not fragment; ip(4)"},
		{"IP_MINTTL", unix.IP_MINTTL, OptInt, both, "drop packets with a lower time to live; ip(4)"},
		{"IP_ONESBCAST", unix.IP_ONESBCAST, OptBool, both, "broadcast to 255.255.255.255; ip(4)"},
		{"IP_RECVORIGDSTADDR", unix.IP_RECVORIGDSTADDR, OptBool, both, "receive the original destination; ip(4)"},
	}...)},
	{unix.IPPROTO_IPV6, "IPPROTO_IPV6", append(commonIPv6Options, []optionRow{
		{"IPV6_BINDANY", unix.IPV6_BINDANY, OptBool, both, "bind to any address; ip6(4)"},
		{"IPV6_RECVORIGDSTADDR", unix.IPV6_RECVORIGDSTADDR, OptBool, both, "receive the original destination"},
	}...)},
	{unix.IPPROTO_TCP, "IPPROTO_TCP", append(commonTCPOptions, []optionRow{
		{"TCP_KEEPIDLE", unix.TCP_KEEPIDLE, OptInt, both, "seconds without data until the first keep-alive; tcp(4)"},
		{"TCP_KEEPINIT", unix.TCP_KEEPINIT, OptInt, both, "seconds that a connect may take; tcp(4)"},
		{"TCP_INFO", unix.TCP_INFO, OptTCPInfo, readOnly, "state of the connection; tcp(4)"},
		{"TCP_CONGESTION", unix.TCP_CONGESTION, OptString, both, "the congestion control algorithm, by name; tcp(4)"},
		{"TCP_CCALGOOPT", unix.TCP_CCALGOOPT, OptBytes, both, "parameters of that algorithm; tcp(4)"},
		{"TCP_MD5SIG", unix.TCP_MD5SIG, OptBool, both, "sign segments; tcp(4)"},
	}...)},
}
