package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Recv receives once, by recv(2) on a stream and by recvfrom(2) on any other
// socket; from is the sender's address, zero on a stream. A count of 0 without
// an error is the end of file, or an empty datagram. With MSG_TRUNC the count
// may exceed len(p).
//
// MSG_WAITALL on a stream waits for all of p on a polled socket too: until the
// end of file, an error or the deadline cuts it short. MSG_ERRQUEUE and MSG_OOB
// never wait (recv(2), tcp(7)).
func (s *Socket) Recv(w Wait, p []byte, flags int) (n int, from Addr, err error) {
	call := "recvfrom"
	if s.stream() {
		call = "recv"
	}
	if err := s.enter(); err != nil {
		return 0, Addr{}, failed(call, err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.bytes, d.n = (*direction).recv, p, 0
	d.named = !s.stream()
	d.receives(w, flags)
	if err := d.perform(w, true); err != nil {
		return 0, Addr{}, failed(call, err)
	}
	if d.named {
		from = d.name.decode(s.caller(), s.fd, s.kind)
	}
	s.received(d.n, flags)
	return d.n, from, nil
}

// neverWaits are the flags with which a receive does not wait (recv(2),
// tcp(7)).
const neverWaits = msgErrqueue | unix.MSG_OOB

// receives prepares a call that receives with flags.
func (d *direction) receives(w Wait, flags int) {
	s := d.socket
	d.message = !s.stream()
	d.threaded = !w.NoWait && s.receivesOnThread(flags)
	if flags&neverWaits != 0 {
		d.again = againEnds
	}
	d.flags = flags
	if !d.threaded {
		d.flags |= s.dontWait(w)
	}
}

// receivesOnThread reports whether readiness does not say when a receive ends:
// with a time limit of the socket's own, and where it waits for more than the
// first byte (socket(7), recv(2)).
func (s *Socket) receivesOnThread(flags int) bool {
	return threads && (s.desc.waits.Load()&receiveTimed != 0 || s.WaitsForSeveral(flags))
}

// WaitsForSeveral reports whether a receive with flags waits for more than the
// first byte: with MSG_WAITALL, or for SO_RCVLOWAT (socket(7)). What its
// deadline leaves as the result is a part of that.
func (s *Socket) WaitsForSeveral(flags int) bool {
	return s.stream() && (s.desc.waits.Load()&lowWater != 0 || flags&unix.MSG_WAITALL != 0)
}

// dontWait is the flag that keeps one call from blocking. A polled descriptor
// has O_NONBLOCK besides, but that flag belongs to the open file, and a process
// that shares it may clear it.
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
	d.n, errno = sysRecvfrom(d.caller(), d.socket.fd, d.bytes, d.flags, name)
	return errno
}

// Read receives once by read(2).
func (s *Socket) Read(w Wait, p []byte) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("read", err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.bytes, d.n, d.plain = (*direction).read, p, 0, true
	d.receives(w, 0)
	if err := d.perform(w, true); err != nil {
		return 0, failed("read", err)
	}
	if len(p) > 0 {
		s.received(d.n, 0)
	}
	return d.n, nil
}

func (d *direction) read() (errno syscall.Errno) {
	d.n, errno = sysRead(d.caller(), d.socket.fd, d.bytes)
	return errno
}
