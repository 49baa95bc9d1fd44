package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Send sends once, by send(2), or by sendto(2) if to is given. A polled stream
// may take fewer bytes than p has; a blocking one takes all of them unless it
// is interrupted, and so does a polled one if w asks for that. Outside a forked
// process MSG_NOSIGNAL is always added: a closed peer gives EPIPE and no
// signal.
//
// An AF_UNIX datagram for which there is no room cannot be waited for by
// polling. Such a call takes a thread, and the open file loses its O_NONBLOCK
// for that time.
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
	defer s.learnAutobound()
	d.do, d.bytes, d.n = (*direction).send, p, 0
	if to != nil {
		done, errno := d.name.encodeTarget(s.caller(), s.fd, s.family, a)
		if errno != 0 {
			return 0, failedAt(call, a, errno)
		}
		defer done()
		d.named = true
	}
	d.sends(w, flags)
	err := d.perform(w, false)
	if d.named && flags&msgFastopen != 0 {
		s.connected(a, err)
	}
	if err != nil {
		return 0, failedAt(call, a, err)
	}
	s.sent(d.n)
	return d.n, nil
}

// sends prepares a call that sends with flags.
//
// For an AF_UNIX datagram to a receiver with a full queue nothing says when
// there is room again, unless the two are connected; and then a shutdown(2)
// meanwhile keeps a call that comes again from sending, but not the one that
// blocks.
func (d *direction) sends(w Wait, flags int) {
	s := d.socket
	d.threaded = !w.NoWait && s.sendsOnThread(w, flags)
	if s.family == unix.AF_UNIX && s.typ == unix.SOCK_DGRAM {
		d.again = againBlocks
	}
	d.flags = flags
	if s.group.process == nil {
		d.flags |= unix.MSG_NOSIGNAL
	}
	if !d.threaded {
		d.flags |= s.dontWait(w)
	}
}

// sendsOnThread reports whether readiness does not say when a send ends: with
// a time limit of the socket's own, where it makes a connection (tcp(7)), and
// where a stream takes all bytes. Nor does it for netlink(7), where a call that
// comes again would also send to a group once more.
func (s *Socket) sendsOnThread(w Wait, flags int) bool {
	return threads && (s.Netlink() || s.desc.waits.Load()&(sendTimed|deferredOpen) != 0 || flags&msgFastopen != 0 || w.Whole && s.stream())
}

// sent counts what went out.
func (s *Socket) sent(n int) {
	if s.stream() {
		s.desc.TX.Add(int64(n))
	} else {
		s.desc.TX.Add(1)
	}
}

func (d *direction) send() (errno syscall.Errno) {
	d.n, errno = sysSendto(d.caller(), d.socket.fd, d.bytes, d.flags, d.destination())
	return errno
}

// destination is the address that goes with the call, or nil.
func (d *direction) destination() *sockname {
	if d.named {
		return &d.name
	}
	return nil
}

// Write sends once by write(2). A closed peer gives EPIPE; Go's runtime ignores
// the SIGPIPE unless the descriptor is 1 or 2.
func (s *Socket) Write(w Wait, p []byte) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("write", err)
	}
	defer s.leave()
	d := s.wr.take()
	defer d.give()
	defer s.learnAutobound()
	d.do, d.bytes, d.n, d.plain = (*direction).write, p, 0, true
	d.sends(w, 0)
	if err := d.perform(w, false); err != nil {
		return 0, failed("write", err)
	}
	s.sent(d.n)
	return d.n, nil
}

func (d *direction) write() (errno syscall.Errno) {
	d.n, errno = sysWrite(d.caller(), d.socket.fd, d.bytes)
	return errno
}
