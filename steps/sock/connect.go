package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Connect connects the socket to a (connect(2)). With NoWait the result is
// EINPROGRESS, and a later Connect gives what the kernel says then: EALREADY,
// success, EISCONN or the pending error. A waiting Connect joins an attempt
// that is under way.
//
// A connection to an AF_UNIX listener with a full backlog cannot be waited for
// by polling. Such a call takes a thread, and the open file loses its
// O_NONBLOCK for that time.
func (s *Socket) Connect(w Wait, a Addr) error {
	if err := s.enter(); err != nil {
		return failedAt("connect", a, err)
	}
	defer s.leave()
	d := s.wr.take()
	defer d.give()
	d.do, d.n, d.plain = (*direction).connect, 0, true
	d.threaded = threads && s.desc.waits.Load()&sendTimed != 0
	done, errno := d.name.encodeTarget(s.caller(), s.fd, s.family, a)
	if errno != 0 {
		return failedAt("connect", a, errno)
	}
	defer done()
	if a.Unspec {
		s.desc.dissolved.Add(1) // before the kernel wakes who waits, who asks for it
	}
	err := d.perform(w, false)
	if err != nil && a.Unspec {
		s.desc.dissolved.Add(^uint32(0)) // nothing has ended
	}
	s.connected(a, err)
	return failedAt("connect", a, err)
}

// connected keeps the addresses after connect(2). A connection that is still
// being made has a local address already, and its peer is known as well.
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

// Defers reports whether a connect(2) that has succeeded has left making the
// connection to the first send, by TCP_FASTOPEN_CONNECT (tcp(7)): there is no
// peer yet then.
func (s *Socket) Defers() bool {
	if s.desc.waits.Load()&deferredOpen == 0 {
		return false
	}
	_, err := s.Peername()
	errno, _ := ErrnoOf(err)
	return errno == syscall.ENOTCONN
}

// An attempt is a connection that is being made, with what had ended
// connections of the description before.
type attempt struct {
	underWay        bool
	dissolved, shut uint32
}

// connect starts the attempt, and then asks how far it is. The answer EAGAIN of
// the first connect(2) is not a reason to poll: an AF_UNIX backlog is full, for
// which only a thread can wait, or no local port is left.
func (d *direction) connect() syscall.Errno {
	s := d.socket
	switch {
	case d.begun.underWay && d.threaded:
		if errno := sysConnect(d.caller(), s.fd, &d.name); errno != syscall.EISCONN {
			return errno
		}
		return 0
	case d.begun.underWay:
		return d.connectProgress()
	}
	now := attempt{true, s.desc.dissolved.Load(), s.desc.shut.Load()}
	errno := sysConnect(d.caller(), s.fd, &d.name)
	if d.threaded || d.wait.NoWait {
		return errno
	}
	switch {
	case errno == syscall.EINPROGRESS || errno == syscall.EALREADY:
		d.begun = now
		return d.connectProgress() // on one machine the peer has answered by now
	case s.family == unix.AF_UNIX:
		d.again = againBlocks
	default:
		d.again = againEnds
	}
	return errno
}

// connectProgress is how far the attempt is; EAGAIN: it is still under way.
// Asking must not begin another one where the first was ended from here, by
// shutdown(2) or by a connect(2) that dissolves it.
func (d *direction) connectProgress() syscall.Errno {
	s := d.socket
	if s.desc.dissolved.Load() != d.begun.dissolved {
		return syscall.EPIPE
	}
	if s.desc.shut.Load() != d.begun.shut {
		if value, errno := sysGetsockoptInt(s.caller(), s.fd, unix.SOL_SOCKET, unix.SO_ERROR); errno == 0 && value != 0 {
			return syscall.Errno(value)
		}
	}
	return connectProgress(d.caller(), s.fd, s.kind, &d.name)
}

// connectError asks SO_ERROR how an attempt has ended. Without an error only a
// peer's address proves a connection: the poller may wake a waiter for nothing.
func connectError(c caller, fd int) syscall.Errno {
	value, errno := sysGetsockoptInt(c, fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if errno != 0 {
		return errno
	}
	switch errno := syscall.Errno(value); errno {
	case 0, syscall.EISCONN:
		if _, errno := sysGetpeername(c, fd, kind{}); errno == 0 {
			return 0
		}
		return syscall.EAGAIN
	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:
		return syscall.EAGAIN
	default:
		return errno
	}
}
