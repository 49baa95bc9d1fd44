package sock

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// unixDiag asks the kernel about AF_UNIX sockets by sock_diag(7), over one
// netlink socket that it opens when first needed.
type unixDiag struct {
	network *network

	mu     sync.Mutex
	fd     int // 0: not open
	failed bool
	seq    uint32
}

// in says in which network it asks.
func (u *unixDiag) in(n *network) { u.network = n }

// linux/unix_diag.h and linux/sock_diag.h
const (
	sockDiagByFamily = 20
	unixDiagPeer     = 2    // attribute UNIX_DIAG_PEER: the peer's inode
	showPeer         = 0x04 // UDIAG_SHOW_PEER
	sizeDiagRequest  = unix.SizeofNlMsghdr + 24
	sizeDiagReply    = unix.SizeofNlMsghdr + 16 // up to the attributes
)

// peer is the inode of the socket that the one with inode ino is connected to;
// 0 if the kernel does not say.
func (u *unixDiag) peer(ino uint64) uint64 { return uint64(peerInReply(u.ask(ino))) }

// gone reports that the kernel has no socket with inode ino any more.
func (u *unixDiag) gone(ino uint64) bool {
	reply := u.ask(ino)
	return len(reply) >= unix.SizeofNlMsghdr+4 && binary.NativeEndian.Uint16(reply[4:]) == unix.NLMSG_ERROR &&
		int32(binary.NativeEndian.Uint32(reply[unix.SizeofNlMsghdr:])) == -int32(unix.ENOENT)
}

// ask is what the kernel says of the socket with inode ino, to this request;
// nil where it cannot be asked.
func (u *unixDiag) ask(ino uint64) []byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	if ino == 0 || ino > 1<<32-1 || !u.open() {
		return nil
	}
	u.seq++
	if unix.Sendto(u.fd, u.request(uint32(ino)), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return nil
	}
	reply := make([]byte, 4096)
	n, _, err := unix.Recvfrom(u.fd, reply, unix.MSG_DONTWAIT) // the kernel has answered within the send
	if err != nil || n < unix.SizeofNlMsghdr || binary.NativeEndian.Uint32(reply[8:]) != u.seq {
		return nil
	}
	return reply[:n]
}

// open makes the netlink socket; u.mu is held.
func (u *unixDiag) open() bool {
	if u.fd != 0 || u.failed {
		return !u.failed
	}
	fd, err := u.network.socket(unix.AF_NETLINK, unix.SOCK_DGRAM, unix.NETLINK_SOCK_DIAG, false)
	u.fd, u.failed = fd, err != nil
	return err == nil
}

func (u *unixDiag) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fd > 0 {
		unix.Close(u.fd)
	}
	u.fd, u.failed = 0, true
}

// request is a nlmsghdr with a unix_diag_req for one inode.
func (u *unixDiag) request(ino uint32) []byte {
	b := make([]byte, sizeDiagRequest)
	e := binary.NativeEndian
	e.PutUint32(b[0:], sizeDiagRequest)
	e.PutUint16(b[4:], sockDiagByFamily)
	e.PutUint16(b[6:], unix.NLM_F_REQUEST)
	e.PutUint32(b[8:], u.seq)
	b[16] = unix.AF_UNIX
	e.PutUint32(b[20:], ^uint32(0)) // udiag_states: any
	e.PutUint32(b[24:], ino)
	e.PutUint32(b[28:], showPeer)
	e.PutUint64(b[32:], ^uint64(0)) // udiag_cookie: none
	return b
}

// peerInReply finds the attribute UNIX_DIAG_PEER in an answer.
func peerInReply(b []byte) uint32 {
	e := binary.NativeEndian
	if len(b) < sizeDiagReply || e.Uint16(b[4:]) != sockDiagByFamily {
		return 0
	}
	b = b[:min(len(b), int(e.Uint32(b)))]
	for at := sizeDiagReply; at+unix.SizeofRtAttr <= len(b); {
		size := int(e.Uint16(b[at:]))
		if size < unix.SizeofRtAttr || at+size > len(b) {
			return 0
		}
		if e.Uint16(b[at+2:]) == unixDiagPeer && size >= unix.SizeofRtAttr+4 {
			return e.Uint32(b[at+4:])
		}
		at += (size + 3) &^ 3
	}
	return 0
}

// DatagramBacklog is how many datagrams wait at an AF_UNIX receiver before a
// further one has to wait with its sender: one more than
// net.unix.max_dgram_qlen (unix(7)). It is 0 where that is not known.
func DatagramBacklog() int {
	b, err := os.ReadFile("/proc/sys/net/unix/max_dgram_qlen")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return n + 1
}
