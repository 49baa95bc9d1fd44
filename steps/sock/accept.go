package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Accept takes the next connection of a listening socket (accept4(2)) and gives
// the peer's address as the kernel gave it. The new socket is blocking if the
// listener is.
func (s *Socket) Accept(w Wait) (*Socket, Addr, error) {
	if err := s.enter(); err != nil {
		return nil, Addr{}, failed("accept", err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.n, d.plain, d.accepts = (*direction).accept, 0, true, true
	d.threaded = threads && s.desc.waits.Load()&receiveTimed != 0
	if err := d.perform(w, true); err != nil {
		return nil, Addr{}, failed("accept", err)
	}
	peer := d.name.decode(s.fd, s.kind)
	conn, err := s.group.newSocket(d.n, s.kind, s.group.newDescription())
	if err != nil {
		return nil, Addr{}, failed("accept", err)
	}
	conn.learnLocal()
	conn.desc.autoPort.Store(s.desc.AutoPort())
	conn.desc.remote.Store(&peer)
	conn.desc.accepted.Store(true)
	if s.desc.waits.Load() != 0 {
		conn.learnWaits() // a connection has its listener's options
	}
	if s.family == unix.AF_UNIX {
		conn.learnInode()
		conn.desc.peerInode.Store(s.group.diag.peer(conn.desc.Inode()))
	}
	return conn, peer, nil
}

func (d *direction) accept() (errno syscall.Errno) {
	d.n, errno = sysAccept(d.socket.fd, &d.name, !d.socket.blocking)
	return errno
}
