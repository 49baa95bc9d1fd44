package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Send sends once, by send(2), or by sendto(2) if to is given. A polled stream may take fewer bytes than p has; a blocking one
// takes all of them unless it is interrupted. MSG_NOSIGNAL is always added: a closed peer gives EPIPE and no signal.
//
// A datagram to an AF_UNIX receiver whose queue is full cannot be waited for by polling. Such a call takes a thread, and the
// open file loses its O_NONBLOCK for that time; the other methods do not depend on that flag.
func (s *Socket) Send(w Wait, p []byte, flags int, to *Addr) (int, error) {
	call, a := "send", Addr{}
	if to != nil {
		call, a = "sendto", *to
	}
	if err := s.enter(); err != nil {
		return 0, failedAt(call, a, err)
	}
	defer s.leave()
	d := s.wr.take()
	defer d.give()
	d.do, d.bytes, d.n = (*direction).send, p, 0
	d.flags = flags | unix.MSG_NOSIGNAL | s.dontWait(w)
	if to != nil {
		if errno := d.name.encode(s.fd, s.family, a); errno != 0 {
			return 0, failedAt(call, a, errno)
		}
		d.named = true
	}
	if err := d.performSend(w); err != nil {
		return 0, failedAt(call, a, err)
	}
	s.sent(d.n, d.named)
	return d.n, nil
}

// performSend is perform for a call that may send an AF_UNIX datagram to a receiver with a full queue: unless the two are
// connected, nothing tells the sender when there is room again.
func (d *direction) performSend(w Wait) error {
	s := d.socket
	d.unpollable = d.named && s.family == unix.AF_UNIX && s.typ == unix.SOCK_DGRAM
	err := d.perform(w, false)
	if err == syscall.EAGAIN && d.unpollable && !s.blocking && !w.NoWait {
		d.flags &^= unix.MSG_DONTWAIT
		return d.performUnblocked()
	}
	return err
}

// sent counts what went out. The first datagram of an unbound socket makes the kernel choose its address.
func (s *Socket) sent(n int, named bool) {
	if s.stream() {
		s.desc.TX.Add(int64(n))
	} else {
		s.desc.TX.Add(1)
	}
	if named && s.typ != unix.SOCK_RAW && (s.family == unix.AF_INET || s.family == unix.AF_INET6) && s.desc.Local().Port == 0 {
		s.learnLocal()
	}
}

func (d *direction) send() (errno syscall.Errno) {
	var name *sockname
	if d.named && !d.begun {
		name = &d.name
	}
	d.n, errno = sysSendto(d.socket.fd, d.bytes, d.flags, name)
	return d.openedFast(errno)
}

// openedFast turns the answer of a send with MSG_FASTOPEN that had to make a plain connection first, since the kernel has no
// cookie for the peer yet, into a wait for that connection; the data is sent when it is there (tcp(7)).
func (d *direction) openedFast(errno syscall.Errno) syscall.Errno {
	if errno == syscall.EINPROGRESS && d.flags&msgFastopen != 0 && !d.wait.NoWait {
		d.begun = true
		d.flags &^= msgFastopen
		return syscall.EAGAIN
	}
	return errno
}

// Write sends once by write(2). A closed peer gives EPIPE; Go's runtime ignores the SIGPIPE unless the descriptor is 1 or 2.
//
// On a polled AF_UNIX socket, and with NoWait on a blocking one, it is send(2) with MSG_DONTWAIT, which the kernel treats alike
// (send(2)).
func (s *Socket) Write(w Wait, p []byte) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("write", err)
	}
	defer s.leave()
	d := s.wr.take()
	defer d.give()
	d.do, d.bytes, d.n = (*direction).write, p, 0
	d.flags = s.plainFlags(w)
	if err := d.perform(w, false); err != nil {
		return 0, failed("write", err)
	}
	s.sent(d.n, false)
	return d.n, nil
}

func (d *direction) write() (errno syscall.Errno) {
	if d.flags != 0 {
		d.n, errno = sysSendto(d.socket.fd, d.bytes, d.flags|unix.MSG_NOSIGNAL, nil)
	} else {
		d.n, errno = sysWrite(d.socket.fd, d.bytes)
	}
	return errno
}
