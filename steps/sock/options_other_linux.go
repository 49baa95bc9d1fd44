package sock

import "golang.org/x/sys/unix"

var otherLevels = []optionLevel{
	{unix.SOL_PACKET, "SOL_PACKET", packetOptions},
	{unix.SOL_NETLINK, "SOL_NETLINK", netlinkOptions},
	{unix.SOL_ALG, "SOL_ALG", algOptions},
	// The level of these options is the family itself (vsock(7)).
	{unix.AF_VSOCK, "AF_VSOCK", vsockOptions},
}

// linux/if_packet.h
var packetOptions = []optionRow{
	{"PACKET_ADD_MEMBERSHIP", 1, OptBytes, writeOnly, "promiscuous mode and the like: struct packet_mreq; packet(7)"},
	{"PACKET_DROP_MEMBERSHIP", 2, OptBytes, writeOnly, "the reverse: struct packet_mreq; packet(7)"},
	{"PACKET_RX_RING", 5, OptBytes, writeOnly, "a ring for receiving: struct tpacket_req; packet(7)"},
	{"PACKET_STATISTICS", 6, OptBytes, readOnly, "packets and drops: struct tpacket_stats; packet(7)"},
	{"PACKET_COPY_THRESH", 7, OptInt, both, "packets longer than this are queued besides the ring"},
	{"PACKET_AUXDATA", 8, OptBool, both, "receive struct tpacket_auxdata; packet(7)"},
	{"PACKET_ORIGDEV", 9, OptBool, both, "report the interface that a packet came in by"},
	{"PACKET_VERSION", 10, OptInt, both, "version of the ring: 0, 1, 2 for TPACKET_V1 to V3; packet(7)"},
	{"PACKET_HDRLEN", 11, OptInt, readOnly, "bytes of the header of a version of the ring, given in the value"},
	{"PACKET_RESERVE", 12, OptInt, both, "bytes to leave free before each packet"},
	{"PACKET_TX_RING", 13, OptBytes, writeOnly, "a ring for sending: struct tpacket_req; packet(7)"},
	{"PACKET_LOSS", 14, OptBool, both, "drop malformed packets of the ring; packet(7)"},
	{"PACKET_VNET_HDR", 15, OptBool, both, "each packet begins with struct virtio_net_hdr"},
	{"PACKET_TX_TIMESTAMP", 16, OptInt, writeOnly, "the control message of transmit timestamps"},
	{"PACKET_TIMESTAMP", 17, OptInt, both, "which timestamp the ring has; packet(7)"},
	{"PACKET_FANOUT", 18, OptInt, both, "share the traffic with other sockets: group in the lower 16 bits, mode in the upper; packet(7)"},
	{"PACKET_TX_HAS_OFF", 19, OptBool, both, "the sender sets offsets in the ring"},
	{"PACKET_QDISC_BYPASS", 20, OptBool, both, "send past the queueing; packet(7)"},
	{"PACKET_ROLLOVER_STATS", 21, OptBytes, readOnly, "struct tpacket_rollover_stats"},
	{"PACKET_FANOUT_DATA", 22, OptBytes, writeOnly, "the program that shares the traffic"},
	{"PACKET_IGNORE_OUTGOING", 23, OptBool, both, "do not receive what this host sends"},
	{"PACKET_VNET_HDR_SZ", 24, OptInt, both, "bytes of struct virtio_net_hdr"},
}

// linux/netlink.h
var netlinkOptions = []optionRow{
	{"NETLINK_ADD_MEMBERSHIP", 1, OptInt, writeOnly, "join a group; netlink(7)"},
	{"NETLINK_DROP_MEMBERSHIP", 2, OptInt, writeOnly, "leave a group; netlink(7)"},
	{"NETLINK_PKTINFO", 3, OptBool, both, "receive struct nl_pktinfo; netlink(7)"},
	{"NETLINK_BROADCAST_ERROR", 4, OptBool, both, "a broadcast that is not delivered is an error; netlink(7)"},
	{"NETLINK_NO_ENOBUFS", 5, OptBool, both, "no ENOBUFS when messages are lost; netlink(7)"},
	{"NETLINK_LISTEN_ALL_NSID", 8, OptBool, both, "hear all network namespaces that have an id here; netlink(7)"},
	{"NETLINK_LIST_MEMBERSHIPS", 9, OptBytes, readOnly, "the groups joined: an array of uint32; netlink(7)"},
	{"NETLINK_CAP_ACK", 10, OptBool, both, "acknowledgements do not repeat the message; netlink(7)"},
	{"NETLINK_EXT_ACK", 11, OptBool, both, "acknowledgements say what was wrong"},
	{"NETLINK_GET_STRICT_CHK", 12, OptBool, both, "strict checks of dump requests"},
}

// linux/if_alg.h
var algOptions = []optionRow{
	{"ALG_SET_KEY", 1, OptBytes, writeOnly, "the key"},
	{"ALG_SET_IV", 2, OptBytes, writeOnly, "the control message of the initialisation vector"},
	{"ALG_SET_OP", 3, OptInt, writeOnly, "the control message of the operation: 0 decrypt, 1 encrypt"},
	{"ALG_SET_AEAD_ASSOCLEN", 4, OptInt, writeOnly, "the control message of the length of associated data"},
	{"ALG_SET_AEAD_AUTHSIZE", 5, OptBytes, writeOnly, "length of the authentication tag, as the length of the value"},
	{"ALG_SET_DRBG_ENTROPY", 6, OptBytes, writeOnly, "entropy of a random number generator"},
	{"ALG_SET_KEY_BY_KEY_SERIAL", 7, OptInt, writeOnly, "the key, by its serial number in the keyring"},
}

// linux/vm_sockets.h
var vsockOptions = []optionRow{
	{"SO_VM_SOCKETS_BUFFER_SIZE", 0, OptUint64, both, "bytes of the buffer; vsock(7)"},
	{"SO_VM_SOCKETS_BUFFER_MIN_SIZE", 1, OptUint64, both, "bytes of the buffer at least; vsock(7)"},
	{"SO_VM_SOCKETS_BUFFER_MAX_SIZE", 2, OptUint64, both, "bytes of the buffer at most; vsock(7)"},
	{"SO_VM_SOCKETS_PEER_HOST_VM_ID", 3, OptInt, readOnly, "the peer's id on the host"},
	{"SO_VM_SOCKETS_TRUSTED", 5, OptBool, readOnly, "whether the peer is trusted"},
	{"SO_VM_SOCKETS_CONNECT_TIMEOUT", 6, OptTimeval, both, "how long a connect waits; vsock(7)"},
	{"SO_VM_SOCKETS_NONBLOCK_TXRX", 7, OptBool, both, "do not block, for callers in the kernel"},
	{"SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW", 8, OptBytes, both, "how long a connect waits, with 64-bit times"},
}
