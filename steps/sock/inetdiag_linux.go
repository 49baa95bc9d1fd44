package sock

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// tcpStates are the names of the states, by the numbers of net/tcp_states.h;
// RFC 9293 calls SYN_RECV SYN-RECEIVED.
var tcpStates = []string{
	"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
	"CLOSING",
}

// TCPStates lists the names of all TCP states.
func TCPStates() []string { return tcpStates[1:] }

// TCPStateName is the name of a state by its number.
func TCPStateName(state uint8) string {
	if int(state) < len(tcpStates) {
		return tcpStates[state]
	}
	return hexadecimal(int(state))
}

// TCPState is the state of a TCP socket: by TCP_INFO (tcp(7)) while the
// descriptor is open, by sock_diag(7) once it is closed. An open descriptor
// never shows TIME_WAIT: the kernel keeps that state apart from the socket,
// which then reads CLOSE. A closed connection that the kernel no longer knows
// is CLOSE.
func (s *Socket) TCPState() (string, error) {
	if s.enter() != nil {
		return s.closedState()
	}
	defer s.leave()
	state := []byte{0} // the first field of struct tcp_info
	if _, errno := sysGetsockopt(s.caller(), s.fd, unix.IPPROTO_TCP, unix.TCP_INFO, state); errno != 0 {
		return "", failed("getsockopt", asError(errno))
	}
	return TCPStateName(state[0]), nil
}

// Sizes of linux/inet_diag.h: struct inet_diag_req_v2 and the part of
// inet_diag_msg that holds the state and the queues.
const (
	sizeInetRequest = unix.SizeofNlMsghdr + 56
	minInetReply    = unix.SizeofNlMsghdr + 72
)

// inetReply is what sock_diag says of a connection: an inet_diag_msg.
type inetReply []byte

func (r inetReply) state() string { return TCPStateName(r[1]) }

// unacknowledged is how many bytes, a FIN among them, the peer has not yet said
// that it has.
func (r inetReply) unacknowledged() uint32 { return binary.NativeEndian.Uint32(r[60:]) }

// inode is that of the connection's descriptors; 0 where it has none any more.
func (r inetReply) inode() uint32 { return binary.NativeEndian.Uint32(r[68:]) }

// tcpGone reports that no descriptor of a TCP connection is left anywhere.
func (n *network) tcpGone(local, remote Addr) bool {
	reply, err := n.inetDiag(local.Family, local, remote)
	return err == nil && (reply == nil || reply.inode() == 0)
}

// closedState asks sock_diag for the connection that the socket had.
func (s *Socket) closedState() (string, error) {
	state, err := s.desc.network.tcpState(s.family, s.desc.Local(), s.desc.Remote())
	if err == nil && state == "" {
		state = "CLOSE"
	}
	return state, err
}

// TCPStateOf is the state of a TCP connection of the group's network by its
// addresses, whether it has a descriptor or not; "" where the kernel has no
// such connection.
func (g *Group) TCPStateOf(local, remote Addr) (string, error) {
	return g.network.tcpState(local.Family, local, remote)
}

// tcpState asks sock_diag for a state; "" where there is no such connection.
func (n *network) tcpState(family int, local, remote Addr) (string, error) {
	reply, err := n.inetDiag(family, local, remote)
	if err != nil || reply == nil {
		return "", err
	}
	state := reply.state()
	if state == "LISTEN" && !remote.IsZero() {
		return "", nil // where there is no such connection, the kernel gives the listener of its port
	}
	return state, nil
}

// peerSends reports whether the other end of a TCP connection is on this system
// and has bytes, or a FIN, that this end has not yet received: retransmission
// may take its time.
func (s *Socket) peerSends() bool {
	local, remote := s.desc.Local(), s.desc.Remote()
	if s.family != unix.AF_INET && s.family != unix.AF_INET6 || s.typ != unix.SOCK_STREAM || remote.IsZero() {
		return false
	}
	where := []*network{s.desc.network}
	if !remote.IP.IsLoopback() {
		where = s.group.networks()
	}
	for _, n := range where {
		reply, err := n.inetDiag(s.family, remote, local)
		if err == nil && reply != nil && reply.state() != "LISTEN" && reply.unacknowledged() > 0 {
			return true
		}
	}
	return false
}

// inetDiag asks sock_diag for a TCP connection; nil where there is none.
func (n *network) inetDiag(family int, local, remote Addr) (inetReply, error) {
	fd, err := n.socket(unix.AF_NETLINK, unix.SOCK_DGRAM, unix.NETLINK_SOCK_DIAG, false)
	if err != nil {
		return nil, failed("socket", err)
	}
	defer unix.Close(fd)
	request := inetRequest(family, local, remote)
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, failed("sendto", err)
	}
	reply := make([]byte, 4096)
	size, _, err := unix.Recvfrom(fd, reply, unix.MSG_DONTWAIT) // the kernel has answered within the send
	if err != nil {
		return nil, failed("recvfrom", err)
	}
	if size < minInetReply || binary.NativeEndian.Uint16(reply[4:]) != sockDiagByFamily {
		return nil, nil
	}
	return reply[unix.SizeofNlMsghdr:size], nil
}

// inetRequest is a nlmsghdr with an inet_diag_req_v2 for one connection.
func inetRequest(family int, local, remote Addr) []byte {
	b := make([]byte, sizeInetRequest)
	e := binary.NativeEndian
	e.PutUint32(b[0:], sizeInetRequest)
	e.PutUint16(b[4:], sockDiagByFamily)
	e.PutUint16(b[6:], unix.NLM_F_REQUEST)
	req := b[unix.SizeofNlMsghdr:]
	req[0], req[1] = byte(family), unix.IPPROTO_TCP
	e.PutUint32(req[4:], ^uint32(0)) // states: any
	id := req[8:]
	binary.BigEndian.PutUint16(id[0:], local.Port)
	binary.BigEndian.PutUint16(id[2:], remote.Port)
	copy(id[4:20], local.IP.AsSlice())
	copy(id[20:36], remote.IP.AsSlice())
	e.PutUint64(id[40:], ^uint64(0)) // cookie: none
	return b
}
