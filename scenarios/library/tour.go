package library

import "slices"

// A Chapter is a part of the tour through the shipped scenarios.
type Chapter struct {
	Title     string
	Text      string // what it is about, in a few sentences
	Scenarios []string
}

// Tour is the shipped scenarios in the order in which one learns from them.
// Those that no chapter names are in the last one.
func Tour() []Chapter {
	list := slices.Clone(chapters)
	rest := Chapter{Title: "More", Text: "What the other chapters have no room for."}
	for _, name := range Names() {
		if !slices.ContainsFunc(chapters, func(c Chapter) bool { return slices.Contains(c.Scenarios, name) }) {
			rest.Scenarios = append(rest.Scenarios, name)
		}
	}
	if len(rest.Scenarios) > 0 {
		list = append(list, rest)
	}
	return list
}

var chapters = []Chapter{
	{
		"The first connection",
		"A server waits, a client calls, both talk and both hang up. Everything else is built from these seven calls: socket, bind, listen, connect, accept, send, recv. Begin here, and read the transcript line by line.",
		[]string{"tcp-hello", "tcp-one-way", "tcp-one-shot", "tcp-echo", "tcp-end-of-file", "tcp-short-counts", "tcp-call-families"},
	},
	{
		"Servers",
		"One client after the other, or many at once; what the backlog holds, and what a client sees when nobody is there, or when the server refuses.",
		[]string{
			"tcp-iterative-server", "tcp-query", "tcp-many-clients", "tcp-full-duplex", "tcp-relay", "tcp-backlog", "tcp-backlog-overflow",
			"tcp-accept-after-close", "tcp-address-argument", "tcp-connection-refused", "connect-errors",
		},
	},
	{
		"Addresses, ports and families",
		"Which addresses reach a socket, who may have a port, and which families and types of sockets there are. Numbers travel in network byte order.",
		[]string{
			"loopback-network", "inaddr-any", "ipv6-dual-stack", "tcp-automatic-port", "port-numbers", "tcp-udp-same-port", "tcp-address-in-use",
			"reuse-matrix", "udp-reuse", "families", "byte-order", "key-socket", "sctp-sockets", "netlink-request",
		},
	},
	{
		"The end of a connection",
		"A connection is two streams, and each ends by itself. Half-close, four segments, TIME_WAIT, and the ends that are not orderly: reset, broken pipe, unread data.",
		[]string{
			"tcp-half-close", "tcp-close-states", "tcp-simultaneous-close", "tcp-shared-descriptor", "tcp-connection-reset", "tcp-reset-unread",
			"tcp-broken-pipe", "tcp-write-after-close", "tcp-self-connect",
		},
	},
	{
		"Waiting, and not waiting",
		"A blocking call waits for the kernel. Non-blocking sockets, poll, timeouts, and what the buffers between two programs hold.",
		[]string{
			"tcp-would-block", "tcp-nowait-connect", "tcp-nonblock-flag", "tcp-poll", "epoll-edge-starves", "tcp-blocking-timeouts",
			"tcp-big-stream", "tcp-peek", "tcp-urgent-data", "tcp-cork", "mptcp-hello",
		},
	},
	{
		"Datagrams",
		"UDP keeps the boundaries of messages and nothing else: no order, no acknowledgement, no connection. An error comes later, if at all.",
		[]string{
			"udp-one-datagram", "udp-echo", "udp-source-address", "udp-boundaries", "udp-truncation", "udp-zero-length", "udp-dontwait",
			"udp-connected-refused", "udp-error-queue", "udp-dissolve", "udp-batches", "udp-broadcast", "udp-multicast-loop",
		},
	},
	{
		"Local sockets",
		"Sockets between processes of one machine: named by a path, able to carry descriptors and credentials.",
		[]string{
			"unix-service", "unix-path-rules", "unix-datagram", "unix-seqpacket", "unix-large-datagram", "unix-huge-datagram", "unix-backlog",
			"unix-blocked-receive", "unix-abstract-autobind", "unix-descriptor-passing", "unix-descriptor-in-message", "unix-peer-credentials",
		},
	},
	{
		"Processes and signals",
		"A fork copies descriptors, not connections. What that means for the end of a connection, for signals that end a call or the whole process, and for the rights of users.",
		[]string{
			"process-full-duplex", "process-forking-server", "process-two-accepts", "process-last-close",
			"process-inherited-descriptors", "process-broken-pipe", "process-interrupted-call", "process-urgent-signal",
			"process-privileged-port", "process-reuseport-user", "process-credentials", "process-socket-permissions",
		},
	},
	{
		"Below TCP and UDP",
		"ICMP by raw and by ping sockets.",
		[]string{"icmp-echo", "icmp-ping-socket"},
	},
	{
		"Several hosts",
		"Hosts, each with a network of its own, and links between them. How a host finds its neighbors, by ARP and by routes, and what a router, a bridge and a load balancer do to a packet.",
		[]string{
			"ping-two-hosts", "arp-virtual-address", "arp-ignore", "arp-announce", "arp-no-answer", "arp-packet-socket", "gratuitous-arp",
			"duplicate-address", "loopback-second-host", "one-address-two-hosts", "router-two-segments", "icmp-errors-router", "path-mtu",
			"direct-server-return", "igmp-snooping", "wire-igmp",
		},
	},
	{
		"Bad links",
		"Frames are lost, doubled, late and out of order, exactly where the scenario says so. UDP shows it, TCP repairs it, and a network that is cut in two shows what no program can know.",
		[]string{
			"udp-impaired-link", "tcp-lost-syn", "tcp-lost-segment", "tcp-simultaneous-open", "tcp-partition",
			"tcp-keepalive-dead-peer", "tcp-user-timeout", "http-bad-link",
		},
	},
	{
		"Packet by packet",
		"Each segment of the kernel is seen and asserted, on the wire between two hosts, or with a far end that is played by hand, one packet at a time: how connections begin and end, and what TCP does when something is missing.",
		[]string{
			"wire-handshake", "wire-close",
			"packet-handshake", "packet-simultaneous-open", "packet-close", "packet-simultaneous-close", "packet-time-wait",
			"packet-resets", "packet-half-open", "packet-fast-retransmit", "packet-zero-window", "packet-silly-window", "packet-keepalive",
			"packet-syn-cookies", "packet-fast-open", "packet-urgent-data", "packet-openings", "packet-back-off",
			"packet-nagle", "packet-path-mtu", "packet-ecn", "packet-port-unreachable",
		},
	},
	{
		"Protocols by hand",
		"Messages are built and taken apart byte by byte: lengths, delimiters, framing; then with the procedure libraries that a scenario can include.",
		[]string{
			"length-prefixed", "http-page", "http-framing", "smtp-dialogue", "dns-messages", "dns-truncated", "dns-wrong-answers", "mqtt-packets",
			"mqtt-qos2", "proxy-headers", "syslog-messages", "tftp-files", "resp-values", "memcached-text", "memcached-binary", "ftp-passive",
			"include-sockets", "dns-library", "redis-commands", "smtp-mail", "netcat",
		},
	},
	{
		"TLS",
		"A TLS connection above a TCP connection, from the start or in the middle, and against real programs.",
		[]string{"tls-hello", "tls-starttls", "openssl-client", "openssl-server"},
	},
	{
		"Peers that misbehave",
		"What a client or a server must live with: peers that are silent, slow, half gone, or that send what no protocol allows.",
		[]string{
			"misbehave-silent-server", "misbehave-slow-loris", "misbehave-byte-by-byte", "misbehave-never-reads", "misbehave-half-close",
			"misbehave-reset-mid-reply", "misbehave-garbage", "misbehave-too-long-line", "misbehave-connection-flood",
		},
	},
	{
		"Real programs on the other side",
		"The same files talk to real clients and servers: this is how a daemon is tested.",
		[]string{
			"nc-client", "nc-server", "nc-udp-client", "socat-client", "socat-server", "socat-unix", "curl-http-server", "http-curl-nginx",
			"nginx-http", "redis-resp", "redis-protocol-errors", "dnsmasq-dns", "dnsmasq-layout", "haproxy-http", "haproxy-agent", "proxy-haproxy",
			"smtp-curl", "socks-curl", "tftp-curl", "tftp-dnsmasq", "syslog-logger", "vsftpd-passive",
		},
	},
}
