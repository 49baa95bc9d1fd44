package sock

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Description is the open file that dup(2)ed and passed descriptors share: its
// identity, its counters and its addresses. All of it may be read from any
// goroutine.
type Description struct {
	ID   uint64       // from 1, in the order in which the group made its descriptions
	Peer *Description // the other end of a socketpair(2), else nil

	network *network // for good

	// TX and RX count what was sent and received so far: bytes of a stream,
	// datagrams or records of any other socket. What MSG_PEEK shows does not
	// count.
	TX, RX atomic.Int64

	opens            atomic.Int32 // descriptors that are not closed
	local, remote    atomic.Pointer[Addr]
	autoPort         atomic.Bool
	accepted         atomic.Bool
	lingers          atomic.Bool   // SO_LINGER was set: close(2) may wait
	credentials      atomic.Bool   // SO_PASSCRED or SO_PASSPIDFD was set: connecting and sending bind a name
	waits            atomic.Uint32 // the options that change how calls wait; see learnWaits
	shut, dissolved  atomic.Uint32 // how often shutdown(2), or a connect(2) to AF_UNSPEC, ended what there was
	foreign          atomic.Bool   // another process may have a descriptor
	passed           atomic.Bool   // SCM_RIGHTS has had it on its way
	copied           atomic.Bool   // a forked process has, or had, a descriptor
	inode, peerInode atomic.Uint64
	mode             fileMode
	glue             glue
	kept             keptConns // of a listening socket
	senders          senders
	epoll            epollTable  // of an epoll instance
	peekOff          atomic.Bool // SO_PEEK_OFF is set
	groups           atomic.Uint32
	watches          atomic.Uint64
	file             atomic.Pointer[fileID] // see learnFile
}

// Watches is what a pidfd reports the end of: the id of a forked process or of
// a program of the run; 0 for all else.
func (d *Description) Watches() uint64 { return d.watches.Load() }

// Watch notes what a pidfd reports the end of.
func (d *Description) Watch(id uint64) { d.watches.Store(id) }

// Groups are the multicast groups, a bit for each, in which a socket of
// netlink(7) has been, by bind(2) or by NETLINK_ADD_MEMBERSHIP.
func (d *Description) Groups() uint32 { return d.groups.Load() }

func (g *Group) newDescription() *Description {
	return &Description{ID: g.NewID(), network: g.network}
}

// NewID is a number that no description has: for what is like one in a record.
func (g *Group) NewID() uint64 { return g.lastID.Add(1) }

// Host is the host on whose network the socket is, whoever uses it; "" in a
// network without hosts.
func (d *Description) Host() string { return d.network.host }

// Local is the address that getsockname(2) gave after the last bind, listen,
// connect, accept or first sendto; zero before.
func (d *Description) Local() Addr { return load(&d.local) }

// Remote is the peer's address: where connect(2) went, or where the accepted
// connection came from; zero if there is none.
func (d *Description) Remote() Addr { return load(&d.remote) }

// AutoPort reports whether the kernel chose the local port (or, for AF_UNIX,
// the abstract name; for AF_NETLINK, its port), as it does for port 0 and for a
// socket that connects, listens or sends without having been bound. An accepted
// socket has its listener's answer.
func (d *Description) AutoPort() bool { return d.autoPort.Load() }

// Accepted reports whether accept(2) made the socket.
func (d *Description) Accepted() bool { return d.accepted.Load() }

// Open is the number of the group's descriptors of this description that are
// not closed. The file itself is closed with the last of them, unless a copy is
// on its way by SCM_RIGHTS or a call still uses it (close(2)).
func (d *Description) Open() int { return int(d.opens.Load()) }

// Passed reports whether a descriptor of the description has been sent by
// SCM_RIGHTS (unix(7)), to whomever.
func (d *Description) Passed() bool { return d.passed.Load() }

// Copied reports whether a fork has made copies of a descriptor of the
// description.
func (d *Description) Copied() bool { return d.copied.Load() }

// Inode is the inode of an AF_UNIX socket by fstat(2); 0 for other families.
func (d *Description) Inode() uint64 { return d.inode.Load() }

// PeerInode is the inode of the AF_UNIX socket at the other end: of a
// socketpair, or of an accepted stream, where it comes from sock_diag(7). It is
// 0 if not available, as when the peer has already closed its end.
func (d *Description) PeerInode() uint64 { return d.peerInode.Load() }

func load(p *atomic.Pointer[Addr]) Addr {
	if a := p.Load(); a != nil {
		return *a
	}
	return Addr{}
}

// learnInode keeps the inode of an AF_UNIX socket.
func (s *Socket) learnInode() {
	if s.family == unix.AF_UNIX {
		s.desc.inode.Store(inodeOf(s.caller(), s.fd))
	}
}

// learnLocal keeps what getsockname(2) says. A port that was 0 before and is
// not now was chosen by the kernel.
func (s *Socket) learnLocal() (Addr, error) {
	a, errno := sysGetsockname(s.caller(), s.fd, s.kind)
	if errno != 0 {
		return Addr{}, errno
	}
	before := s.desc.Local()
	switch {
	case a.open():
		s.desc.autoPort.Store(false)
	case before.open():
		s.desc.autoPort.Store(true)
	}
	s.desc.local.Store(&a)
	s.desc.groups.Or(a.netlinkGroups())
	if !a.open() && !s.desc.Accepted() {
		s.noteName(a)
	}
	return a, nil
}

// learnAutobound keeps the address that the kernel gives an unbound socket when
// it sends, even if that fails: a port, or the abstract name of an AF_UNIX
// socket that passes credentials (ip(7), unix(7)).
func (s *Socket) learnAutobound() {
	switch s.family {
	case unix.AF_INET, unix.AF_INET6, afNetlink:
		if s.typ == unix.SOCK_RAW && s.family != afNetlink {
			return
		}
	case unix.AF_UNIX:
		if !s.desc.credentials.Load() {
			return
		}
	default:
		return
	}
	if s.desc.Local().open() {
		s.learnLocal()
	}
}

// learnRemote keeps what getpeername(2) says, and asked where it has no answer.
func (s *Socket) learnRemote(asked Addr) {
	if a, errno := sysGetpeername(s.caller(), s.fd, s.kind); errno == 0 {
		asked = a
	}
	s.desc.remote.Store(&asked)
}

func inodeOf(c caller, fd int) uint64 {
	ino, _, errno := sysFstat(c, fd)
	if errno != 0 {
		return 0
	}
	return ino
}
