package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Connect connects the socket to a (connect(2)). With NoWait the result is EINPROGRESS, and a later Connect gives what the
// kernel says then: EALREADY, success, EISCONN or the pending error. A waiting Connect joins an attempt that is under way.
//
// A connection to an AF_UNIX listener with a full backlog cannot be waited for by polling. Such a call takes a thread, and the
// open file loses its O_NONBLOCK for that time.
func (s *Socket) Connect(w Wait, a Addr) error {
	if err := s.enter(); err != nil {
		return failedAt("connect", a, err)
	}
	defer s.leave()
	d := s.wr.take()
	defer d.give()
	d.do, d.n = (*direction).connect, 0
	if errno := d.name.encode(s.fd, s.family, a); errno != 0 {
		return failedAt("connect", a, errno)
	}
	if s.blocking && w.NoWait {
		d.do = (*direction).connectAtOnce
	}
	err := d.perform(w, false)
	if err == syscall.EAGAIN && s.family == unix.AF_UNIX && !s.blocking && !w.NoWait {
		d.do = (*direction).connectOnce
		err = d.performUnblocked()
	}
	s.connected(a, err)
	return failedAt("connect", a, err)
}

// connected keeps the addresses after connect(2). A connection that is still being made has a local address already, and its
// peer is known as well.
func (s *Socket) connected(a Addr, err error) {
	if s.family == unix.AF_UNIX && err != nil {
		return
	}
	s.learnLocal()
	switch {
	case a.Unspec && err == nil:
		s.desc.remote.Store(&Addr{})
	case err == nil || err == syscall.EINPROGRESS || err == ErrTimeout:
		s.learnRemote(a.inFamily(s.family).Loopback())
	}
}

// connect starts the attempt, and then asks how it stands. The answer EAGAIN of the first connect(2) is a result, not a reason
// to poll: no local port is left, or an AF_UNIX backlog is full.
func (d *direction) connect() syscall.Errno {
	s := d.socket
	if d.begun {
		return connectProgress(s.fd, s.kind, &d.name)
	}
	d.unpollable = true
	var errno syscall.Errno
	if s.family == unix.AF_UNIX && !s.blocking {
		errno = s.desc.mode.whileNonblock(d.connectOnce)
	} else {
		errno = sysConnect(s.fd, &d.name)
	}
	if s.blocking || d.wait.NoWait || errno != syscall.EINPROGRESS && errno != syscall.EALREADY {
		return errno
	}
	d.begun, d.unpollable = true, false
	return syscall.EAGAIN
}

func (d *direction) connectOnce() syscall.Errno { return sysConnect(d.socket.fd, &d.name) }

// connectError asks SO_ERROR how an attempt has ended. Without an error only a peer's address proves a connection: the poller
// may wake a waiter for nothing.
func connectError(fd int) syscall.Errno {
	value, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return asErrno(err)
	}
	switch errno := syscall.Errno(value); errno {
	case 0, syscall.EISCONN:
		if _, err := unix.Getpeername(fd); err == nil {
			return 0
		}
		return syscall.EAGAIN
	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:
		return syscall.EAGAIN
	default:
		return errno
	}
}
