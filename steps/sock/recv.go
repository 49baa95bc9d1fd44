package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Recv receives once, by recv(2) on a stream and by recvfrom(2) on any other socket; from is the sender's address, zero on a
// stream. A count of 0 without an error is the end of file, or an empty datagram. With MSG_TRUNC the count may exceed len(p).
//
// MSG_WAITALL on a stream waits for all of p on a polled socket too: until the end of file, an error or the deadline cuts it
// short. Not so together with MSG_PEEK.
func (s *Socket) Recv(w Wait, p []byte, flags int) (n int, from Addr, err error) {
	call := "recvfrom"
	if s.stream() {
		call = "recv"
	}
	if err := s.enter(); err != nil {
		return 0, Addr{}, failed(call, err)
	}
	defer s.leave()
	if s.late.Load() != 0 {
		if errno := syscall.Errno(s.late.Swap(0)); errno != 0 {
			return 0, Addr{}, failed(call, errno)
		}
	}
	d := s.rd.take()
	defer d.give()
	d.do, d.bytes, d.n = (*direction).recv, p, 0
	d.message = !s.stream()
	d.flags = flags | s.dontWait(w)
	d.named = !s.stream()
	if s.stream() && flags&(unix.MSG_WAITALL|unix.MSG_PEEK) == unix.MSG_WAITALL && !s.blocking && !w.NoWait {
		d.do = (*direction).recvAll
	}
	if err := d.perform(w, true); err != nil {
		return 0, Addr{}, failed(call, err)
	}
	if d.named {
		from = d.name.decode(s.fd, s.kind)
	}
	s.received(d.n, flags)
	return d.n, from, nil
}

// dontWait is the flag that keeps one call from blocking. A polled descriptor has O_NONBLOCK besides, but that flag belongs to
// the open file, and a process that shares it may clear it.
func (s *Socket) dontWait(w Wait) int {
	if !s.blocking || w.NoWait {
		return unix.MSG_DONTWAIT
	}
	return 0
}

// received counts what came in.
func (s *Socket) received(n, flags int) {
	switch {
	case flags&(unix.MSG_PEEK|msgErrqueue) != 0:
	case s.stream():
		s.desc.RX.Add(int64(n))
	case n > 0 || s.typ != unix.SOCK_SEQPACKET: // an empty record looks like the end of file
		s.desc.RX.Add(1)
	}
}

func (d *direction) recv() (errno syscall.Errno) {
	var name *sockname
	if d.named {
		name = &d.name
	}
	d.n, errno = sysRecvfrom(d.socket.fd, d.bytes, d.flags, name)
	return errno
}

// recvAll receives until d.bytes is full, as MSG_WAITALL does on a descriptor that blocks.
func (d *direction) recvAll() syscall.Errno {
	for {
		n, errno := sysRecvfrom(d.socket.fd, d.bytes[d.n:], d.flags, nil)
		switch {
		case errno == syscall.EAGAIN || errno == syscall.EINTR:
			return errno
		case errno != 0 && d.n > 0:
			d.socket.late.Store(int32(errno))
			return 0
		case errno != 0:
			return errno
		}
		d.n += n
		if n == 0 || d.n >= len(d.bytes) {
			return 0
		}
	}
}

// Read receives once by read(2).
//
// On a polled AF_UNIX socket, and with NoWait on a blocking one, it is recv(2) with MSG_DONTWAIT, which the kernel treats alike
// (recv(2), NOTES).
func (s *Socket) Read(w Wait, p []byte) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("read", err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.bytes, d.n = (*direction).read, p, 0
	d.message = !s.stream()
	d.flags = s.plainFlags(w)
	if err := d.perform(w, true); err != nil {
		return 0, failed("read", err)
	}
	if len(p) > 0 {
		s.received(d.n, 0)
	}
	return d.n, nil
}

// plainFlags is what read(2), write(2) and their like would need as flags: MSG_DONTWAIT where O_NONBLOCK is not there, or may be
// cleared for a while by a connect or a send that the poller cannot wait for.
func (s *Socket) plainFlags(w Wait) int {
	if s.typ != 0 && (s.family == unix.AF_UNIX || s.blocking) {
		return s.dontWait(w)
	}
	return 0
}

func (d *direction) read() (errno syscall.Errno) {
	if d.flags != 0 && len(d.bytes) > 0 {
		d.n, errno = sysRecvfrom(d.socket.fd, d.bytes, d.flags, nil)
	} else {
		d.n, errno = sysRead(d.socket.fd, d.bytes)
	}
	return errno
}
