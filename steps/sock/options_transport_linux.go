package sock

import "golang.org/x/sys/unix"

var transportLevels = []optionLevel{
	{unix.IPPROTO_TCP, "IPPROTO_TCP", tcpOptions},
	{unix.IPPROTO_UDP, "IPPROTO_UDP", udpOptions},
	{unix.IPPROTO_UDPLITE, "IPPROTO_UDPLITE", []optionRow{
		{"UDPLITE_SEND_CSCOV", 10, OptInt, both, "bytes that the checksum covers when sending; udplite(7)"},
		{"UDPLITE_RECV_CSCOV", 11, OptInt, both, "bytes that the checksum must cover when receiving; udplite(7)"},
	}},
	{unix.IPPROTO_SCTP, "IPPROTO_SCTP", sctpOptions},
	{solMPTCP, "SOL_MPTCP", []optionRow{
		{"MPTCP_INFO", 1, OptBytes, readOnly, "state of the connection: struct mptcp_info"},
		{"MPTCP_TCPINFO", 2, OptBytes, readOnly, "struct tcp_info of each subflow"},
		{"MPTCP_SUBFLOW_ADDRS", 3, OptBytes, readOnly, "addresses of each subflow"},
		{"MPTCP_FULL_INFO", 4, OptBytes, readOnly, "all of these: struct mptcp_full_info"},
	}},
	{solTLS, "SOL_TLS", []optionRow{
		{"TLS_TX", 1, OptBytes, both, "keys for sending: struct tls_crypto_info and what follows it"},
		{"TLS_RX", 2, OptBytes, both, "keys for receiving: struct tls_crypto_info and what follows it"},
		{"TLS_TX_ZEROCOPY_RO", 3, OptBool, both, "the file of a sendfile does not change"},
		{"TLS_RX_EXPECT_NO_PAD", 4, OptBool, both, "the peer does not pad its records"},
		{"TLS_TX_MAX_PAYLOAD_LEN", 5, OptBytes, both, "bytes of a record at most: a uint16"},
	}},
}

// Levels that have no IPPROTO_ number, linux/socket.h
const (
	solTLS   = 282
	solMPTCP = 284
)

// linux/tcp.h
var tcpOptions = []optionRow{
	{"TCP_NODELAY", 1, OptBool, both, "send at once, without Nagle's algorithm; tcp(7)"},
	{"TCP_MAXSEG", 2, OptInt, both, "maximum segment size in bytes; tcp(7)"},
	{"TCP_CORK", 3, OptBool, both, "send full segments only; tcp(7)"},
	{"TCP_KEEPIDLE", 4, OptInt, both, "seconds without data until the first keep-alive; tcp(7)"},
	{"TCP_KEEPINTVL", 5, OptInt, both, "seconds between keep-alives; tcp(7)"},
	{"TCP_KEEPCNT", 6, OptInt, both, "keep-alives without an answer until the connection is dropped; tcp(7)"},
	{"TCP_SYNCNT", 7, OptInt, both, "how often a SYN is repeated; tcp(7)"},
	{"TCP_LINGER2", 8, OptInt, both, "seconds in FIN_WAIT2 after a close; tcp(7)"},
	{"TCP_DEFER_ACCEPT", 9, OptInt, both, "accept only when data is there, for at most this many seconds; tcp(7)"},
	{"TCP_WINDOW_CLAMP", 10, OptInt, both, "bytes of the advertised window at most; tcp(7)"},
	{"TCP_INFO", 11, OptTCPInfo, readOnly, "state of the connection: struct tcp_info; tcp(7)"},
	{"TCP_QUICKACK", 12, OptBool, both, "acknowledge at once, for a while; tcp(7)"},
	{"TCP_CONGESTION", 13, OptString, both, "the congestion control algorithm, by name; tcp(7)"},
	{"TCP_MD5SIG", 14, OptBytes, writeOnly, "a key: struct tcp_md5sig; RFC 2385"},
	{"TCP_THIN_LINEAR_TIMEOUTS", 16, OptBool, both, "linear timeouts for streams with little data"},
	{"TCP_THIN_DUPACK", 17, OptBool, both, "without effect"},
	{"TCP_USER_TIMEOUT", 18, OptInt, both, "milliseconds that data may stay unacknowledged; tcp(7), RFC 5482"},
	{"TCP_REPAIR", 19, OptInt, both, "repair mode, for CAP_NET_ADMIN: 0 off, 1 on, -1 off without a probe"},
	{"TCP_REPAIR_QUEUE", 20, OptInt, both, "the queue to repair: 0 none, 1 receive, 2 send"},
	{"TCP_QUEUE_SEQ", 21, OptInt, both, "sequence number of that queue"},
	{"TCP_REPAIR_OPTIONS", 22, OptBytes, writeOnly, "options to repair: struct tcp_repair_opt"},
	{"TCP_FASTOPEN", 23, OptInt, both, "queue length of fast open on a listener; RFC 7413"},
	{"TCP_TIMESTAMP", 24, OptInt, both, "the timestamp clock"},
	{"TCP_NOTSENT_LOWAT", 25, OptInt, both, "unsent bytes below which the socket is writable; tcp(7)"},
	{"TCP_CC_INFO", 26, OptBytes, readOnly, "state of the congestion control"},
	{"TCP_SAVE_SYN", 27, OptInt, both, "keep the SYN of accepted connections: 1, or 2 with the link header"},
	{"TCP_SAVED_SYN", 28, OptBytes, readOnly, "the SYN that was kept"},
	{"TCP_REPAIR_WINDOW", 29, OptBytes, both, "window to repair: struct tcp_repair_window"},
	{"TCP_FASTOPEN_CONNECT", 30, OptBool, both, "connect leaves the SYN to the first send; tcp(7)"},
	{"TCP_ULP", 31, OptString, both, "a protocol on top, by name: tls"},
	{"TCP_MD5SIG_EXT", 32, OptBytes, writeOnly, "a key for a prefix: struct tcp_md5sig"},
	{"TCP_FASTOPEN_KEY", 33, OptBytes, both, "keys that make the cookies: 16 or 32 bytes"},
	{"TCP_FASTOPEN_NO_COOKIE", 34, OptBool, both, "fast open without cookie"},
	{"TCP_ZEROCOPY_RECEIVE", 35, OptBytes, readOnly, "map received data: struct tcp_zerocopy_receive"},
	{"TCP_INQ", 36, OptBool, both, "receive the number of bytes left in the queue"},
	{"TCP_TX_DELAY", 37, OptInt, both, "microseconds by which to delay what is sent"},
	{"TCP_AO_ADD_KEY", 38, OptBytes, writeOnly, "a key of RFC 5925: struct tcp_ao_add"},
	{"TCP_AO_DEL_KEY", 39, OptBytes, writeOnly, "take a key back: struct tcp_ao_del"},
	{"TCP_AO_INFO", 40, OptBytes, both, "state of RFC 5925: struct tcp_ao_info_opt"},
	{"TCP_AO_GET_KEYS", 41, OptBytes, readOnly, "the keys: struct tcp_ao_getsockopt"},
	{"TCP_AO_REPAIR", 42, OptBytes, both, "sequence numbers to repair: struct tcp_ao_repair"},
	{"TCP_IS_MPTCP", 43, OptBool, readOnly, "whether the connection is multipath TCP"},
	{"TCP_RTO_MAX_MS", 44, OptInt, both, "longest retransmission timeout in milliseconds"},
	{"TCP_RTO_MIN_US", 45, OptInt, both, "shortest retransmission timeout in microseconds"},
	{"TCP_DELACK_MAX_US", 46, OptInt, both, "longest delay of an acknowledgement in microseconds"},
}

// linux/udp.h
var udpOptions = []optionRow{
	{"UDP_CORK", 1, OptBool, both, "join what is sent into one datagram; udp(7)"},
	{"UDP_ENCAP", 100, OptInt, both, "encapsulation, UDP_ENCAP_ESPINUDP (2) and others"},
	{"UDP_NO_CHECK6_TX", 101, OptBool, both, "send without checksum over IPv6"},
	{"UDP_NO_CHECK6_RX", 102, OptBool, both, "receive without checksum over IPv6"},
	{"UDP_SEGMENT", 103, OptInt, both, "split what is sent into datagrams of this size; udp(7)"},
	{"UDP_GRO", 104, OptBool, both, "receive several datagrams at once; udp(7)"},
}

// linux/sctp.h, RFC 6458
var sctpOptions = []optionRow{
	{"SCTP_RTOINFO", 0, OptBytes, both, "retransmission timeouts: struct sctp_rtoinfo; sctp(7)"},
	{"SCTP_ASSOCINFO", 1, OptBytes, both, "limits of the association: struct sctp_assocparams; sctp(7)"},
	{"SCTP_INITMSG", 2, OptBytes, both, "streams and attempts at setup: struct sctp_initmsg; sctp(7)"},
	{"SCTP_NODELAY", 3, OptBool, both, "send at once; sctp(7)"},
	{"SCTP_AUTOCLOSE", 4, OptInt, both, "seconds until an idle association is closed; sctp(7)"},
	{"SCTP_SET_PEER_PRIMARY_ADDR", 5, OptBytes, writeOnly, "ask the peer for a primary address: struct sctp_setpeerprim; sctp(7)"},
	{"SCTP_PRIMARY_ADDR", 6, OptBytes, both, "the primary address: struct sctp_prim; sctp(7)"},
	{"SCTP_ADAPTATION_LAYER", 7, OptInt, both, "adaptation layer indication; sctp(7)"},
	{"SCTP_DISABLE_FRAGMENTS", 8, OptBool, both, "do not fragment messages; sctp(7)"},
	{"SCTP_PEER_ADDR_PARAMS", 9, OptBytes, both, "heartbeats: struct sctp_paddrparams; sctp(7)"},
	{"SCTP_DEFAULT_SEND_PARAM", 10, OptBytes, both, "struct sctp_sndrcvinfo; sctp(7)"},
	{"SCTP_EVENTS", 11, OptBytes, both, "which notifications to receive: struct sctp_event_subscribe; sctp(7)"},
	{"SCTP_I_WANT_MAPPED_V4_ADDR", 12, OptBool, both, "IPv4 addresses come mapped; sctp(7)"},
	{"SCTP_MAXSEG", 13, OptInt, both, "bytes of a data chunk at most; sctp(7)"},
	{"SCTP_STATUS", 14, OptBytes, readOnly, "state of the association: struct sctp_status; sctp(7)"},
	{"SCTP_GET_PEER_ADDR_INFO", 15, OptBytes, readOnly, "struct sctp_paddrinfo; sctp(7)"},
	{"SCTP_DELAYED_SACK", 16, OptBytes, both, "delay of acknowledgements: struct sctp_sack_info"},
	{"SCTP_CONTEXT", 17, OptBytes, both, "default context: struct sctp_assoc_value"},
	{"SCTP_FRAGMENT_INTERLEAVE", 18, OptInt, both, "whether messages interleave, 0 to 2"},
	{"SCTP_PARTIAL_DELIVERY_POINT", 19, OptInt, both, "bytes from which a message is delivered in parts"},
	{"SCTP_MAX_BURST", 20, OptBytes, both, "packets of a burst at most: struct sctp_assoc_value"},
	{"SCTP_GET_ASSOC_NUMBER", 28, OptInt, readOnly, "number of associations"},
	{"SCTP_RECVRCVINFO", 32, OptBool, both, "receive struct sctp_rcvinfo"},
	{"SCTP_RECVNXTINFO", 33, OptBool, both, "receive struct sctp_nxtinfo"},
	{"SCTP_DEFAULT_SNDINFO", 34, OptBytes, both, "struct sctp_sndinfo"},
	{"SCTP_REUSE_PORT", 36, OptBool, both, "several one-to-one sockets share a port"},
	{"SCTP_SOCKOPT_BINDX_ADD", 100, OptBytes, writeOnly, "add local addresses: packed sockaddrs"},
	{"SCTP_SOCKOPT_BINDX_REM", 101, OptBytes, writeOnly, "remove local addresses: packed sockaddrs"},
	{"SCTP_SOCKOPT_PEELOFF", 102, OptBytes, readOnly, "a new descriptor for an association: sctp_peeloff_arg_t"},
	{"SCTP_GET_PEER_ADDRS", 108, OptBytes, readOnly, "struct sctp_getaddrs"},
	{"SCTP_GET_LOCAL_ADDRS", 109, OptBytes, readOnly, "struct sctp_getaddrs"},
	{"SCTP_SOCKOPT_CONNECTX", 110, OptBytes, writeOnly, "connect to one of several addresses: packed sockaddrs"},
	{"SCTP_GET_ASSOC_STATS", 112, OptBytes, readOnly, "struct sctp_assoc_stats"},
	{"SCTP_PR_SUPPORTED", 113, OptBytes, both, "partial reliability: struct sctp_assoc_value; RFC 3758"},
	{"SCTP_RECONFIG_SUPPORTED", 117, OptBytes, both, "stream reconfiguration: struct sctp_assoc_value; RFC 6525"},
	{"SCTP_STREAM_SCHEDULER", 123, OptBytes, both, "struct sctp_assoc_value; RFC 8260"},
	{"SCTP_INTERLEAVING_SUPPORTED", 125, OptBytes, both, "struct sctp_assoc_value; RFC 8260"},
	{"SCTP_EVENT", 127, OptBytes, both, "one notification on or off: struct sctp_event"},
	{"SCTP_ASCONF_SUPPORTED", 128, OptBytes, both, "struct sctp_assoc_value; RFC 5061"},
	{"SCTP_AUTH_SUPPORTED", 129, OptBytes, both, "struct sctp_assoc_value; RFC 4895"},
	{"SCTP_ECN_SUPPORTED", 130, OptBytes, both, "struct sctp_assoc_value"},
}
