package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// An Acceptance is what accept4(2) is asked for.
type Acceptance struct {
	From  func(peer Addr) bool // which peer's connection; nil: any
	Flags int                  // SOCK_NONBLOCK and SOCK_CLOEXEC
	// Size is the length of the buffer for the peer's address, which the call
	// sets to the length of that address; nil: all of it is wanted.
	Size *int
}

// Accept takes the next connection of a listening socket (accept4(2)) and gives
// the peer's address as the kernel gave it. The new socket is blocking if the
// listener is.
func (s *Socket) Accept(w Wait) (*Socket, Addr, error) { return s.AcceptAs(w, Acceptance{}) }

// AcceptAs is Accept as it is asked for. Connections that come before the one
// that is wanted are kept for later accepts of the same listening socket.
func (s *Socket) AcceptAs(w Wait, asked Acceptance) (*Socket, Addr, error) {
	if err := s.enter(); err != nil {
		return nil, Addr{}, failed("accept", err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.n, d.plain, d.accepts = (*direction).accept, 0, true, true
	d.wanted, d.watches, d.flags = asked.From, s.desc.keptList(), asked.Flags
	d.threaded = threads && s.desc.waits.Load()&receiveTimed != 0
	if d.size = wholeName; asked.Size != nil {
		d.size = *asked.Size
	}
	err := d.perform(w, true)
	var conn *Socket
	var peer Addr
	if kept := d.kept; kept != nil {
		conn, peer = kept.conn, kept.peer
	} else if err == nil {
		if asked.Size != nil {
			*asked.Size = d.name.cut(d.size)
		}
		conn, peer, err = s.connection(d.n, &d.name)
	}
	if err != nil {
		return nil, Addr{}, failed("accept", err)
	}
	conn.believe(asked.Flags)
	return conn, peer, nil
}

// connection makes a socket of a descriptor that accept4(2) gave.
func (s *Socket) connection(fd int, name *sockname) (*Socket, Addr, error) {
	peer := name.decode(s.caller(), s.fd, s.kind)
	conn, err := s.group.newSocket(fd, s.kind, s.group.newDescription())
	if err != nil {
		return nil, Addr{}, err
	}
	conn.desc.network = s.desc.network
	conn.learnLocal()
	conn.desc.autoPort.Store(s.desc.AutoPort())
	if peer.Raw || peer.IsZero() {
		conn.learnRemote(peer) // the buffer was too small
	} else {
		conn.desc.remote.Store(&peer)
	}
	conn.desc.accepted.Store(true)
	if s.desc.waits.Load() != 0 {
		conn.learnWaits() // a connection has its listener's options
	}
	if s.family == unix.AF_UNIX {
		conn.learnInode()
		conn.desc.peerInode.Store(s.desc.network.diag.peer(conn.desc.Inode()))
	}
	return conn, peer, nil
}

// accept returns a connection that was kept, or that comes.
func (d *direction) accept() (errno syscall.Errno) {
	s := d.socket
	d.seen = d.keptChanges()
	for {
		if d.kept = s.desc.kept.take(d.wanted); d.kept != nil {
			return 0
		}
		if d.n, errno = sysAccept(d.caller(), s.fd, &d.name, d.size, d.flags, !s.blocking); errno != 0 || d.wanted == nil {
			return errno
		}
		conn, peer, err := s.connection(d.n, &d.name)
		if err != nil {
			return asErrno(err)
		}
		if d.wanted(peer) {
			d.kept = &keptConn{conn, peer}
			return 0
		}
		s.desc.kept.keep(keptConn{conn, peer})
	}
}
