package sock

import (
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Message is the msghdr of sendmsg(2) and recvmsg(2).
type Message struct {
	Buffers [][]byte // gathered from, or scattered into
	Addr    Addr     // where it goes, or where it came from
	HasAddr bool     // Addr is given, or was received
	// Control is the ancillary data to send, or the room for what is received
	// (cmsg(3)).
	Control  []byte
	ControlN int // bytes of Control that were received
	Flags    int // msg_flags as received: MSG_TRUNC, MSG_CTRUNC, MSG_EOR …
}

// Sendmsg sends m once (sendmsg(2)). MSG_NOSIGNAL is always added. Descriptors
// of the group that Control passes on by SCM_RIGHTS keep their Description for
// the [Group.Adopt] that follows. If another process may receive them, their
// files lose O_NONBLOCK for good: a program expects descriptors that block.
func (s *Socket) Sendmsg(w Wait, m *Message, flags int) (int, error) {
	a := Addr{}
	if m.HasAddr {
		a = m.Addr
	}
	if err := s.enter(); err != nil {
		return 0, failedAt("sendmsg", a, err)
	}
	defer s.leave()
	d := s.wr.take()
	defer d.give()
	defer s.learnAutobound()
	d.do, d.msg, d.n = (*direction).sendmsg, m, 0
	if m.HasAddr {
		done, errno := d.name.encodeTarget(s.caller(), s.fd, s.family, a)
		if errno != 0 {
			return 0, failedAt("sendmsg", a, errno)
		}
		defer done()
		d.named = true
	}
	d.sends(w, flags)
	passes := len(m.Control) > 0 && s.family == unix.AF_UNIX
	to := s.desc.PeerInode()
	if m.HasAddr {
		to = 0
	}
	if passes { // before the receiver can have it
		s.group.notePassed(m.Control, to, 1)
		if err := s.group.prepareForeign(s, m); err != nil {
			s.group.notePassed(m.Control, to, -1)
			return 0, failedAt("sendmsg", a, err)
		}
	}
	err := d.perform(w, false)
	if d.named && flags&msgFastopen != 0 {
		s.connected(a, err)
	}
	if err != nil {
		if passes {
			s.group.notePassed(m.Control, to, -1)
		}
		return 0, failedAt("sendmsg", a, err)
	}
	if passes && d.n == 0 && s.stream() { // nothing has gone
		s.group.notePassed(m.Control, to, -1)
	}
	s.sent(d.n)
	return d.n, nil
}

// room is what the calls on messages need; most sockets never make one.
func (d *direction) room() *msgScratch {
	if d.scratch == nil {
		d.scratch = new(msgScratch)
	}
	return d.scratch
}

func (d *direction) sendmsg() (errno syscall.Errno) {
	d.n, errno = sysSendmsg(d.caller(), d.socket.fd, d.msg, d.room(), d.flags, d.destination())
	return errno
}

// Recvmsg receives once into m (recvmsg(2)), and sets Addr, HasAddr, ControlN
// and Flags. Descriptors that come along are close-on-exec; each must be given
// to [Group.Adopt] or closed.
func (s *Socket) Recvmsg(w Wait, m *Message, flags int) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("recvmsg", err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.msg, d.n = (*direction).recvmsg, m, 0
	d.receives(w, flags)
	if err := d.perform(w, true); err != nil {
		return 0, failed("recvmsg", err)
	}
	m.Addr = Addr{}
	if !s.stream() {
		m.Addr = d.name.decode(s.caller(), s.fd, s.kind)
	}
	m.HasAddr = !m.Addr.IsZero()
	s.received(d.n, flags)
	return d.n, nil
}

func (d *direction) recvmsg() (errno syscall.Errno) {
	d.n, errno = sysRecvmsg(d.caller(), d.socket.fd, d.msg, d.room(), d.flags, &d.name)
	return errno
}

// Writev sends the joined bufs once by writev(2), as [Socket.Write] does.
// Buffers without a byte send nothing, not even an empty datagram.
func (s *Socket) Writev(w Wait, bufs [][]byte) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("writev", err)
	}
	defer s.leave()
	d := s.wr.take()
	defer d.give()
	defer s.learnAutobound()
	d.do, d.msg, d.n, d.plain = (*direction).writev, &Message{Buffers: bufs}, 0, true
	d.sends(w, 0)
	if err := d.perform(w, false); err != nil {
		return 0, failed("writev", err)
	}
	if anyByte(bufs) {
		s.sent(d.n)
	}
	return d.n, nil
}

// anyByte reports whether bufs are more than nothing. For readv(2), writev(2)
// and read(2) nothing is not a message: they return at once, where a call on
// messages would send or take an empty one.
func anyByte(bufs [][]byte) bool {
	return slices.ContainsFunc(bufs, func(b []byte) bool { return len(b) > 0 })
}

func (d *direction) writev() (errno syscall.Errno) {
	d.n, errno = sysWritev(d.caller(), d.socket.fd, d.msg.Buffers, d.room())
	return errno
}

// Readv receives once into bufs, one after the other, by readv(2). Buffers
// without room take nothing.
func (s *Socket) Readv(w Wait, bufs [][]byte) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("readv", err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.msg, d.n, d.plain = (*direction).readv, &Message{Buffers: bufs}, 0, true
	d.receives(w, 0)
	if err := d.perform(w, true); err != nil {
		return 0, failed("readv", err)
	}
	if anyByte(bufs) {
		s.received(d.n, 0)
	}
	return d.n, nil
}

func (d *direction) readv() (errno syscall.Errno) {
	d.n, errno = sysReadv(d.caller(), d.socket.fd, d.msg.Buffers, d.room())
	return errno
}
