package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// batch is several messages as the kernel takes them.
type batch struct {
	hdrs    []mmsghdr
	names   []sockname
	scratch []msgScratch
}

func newBatch(msgs []*Message) *batch {
	return &batch{
		hdrs: make([]mmsghdr, len(msgs)), names: make([]sockname, len(msgs)), scratch: make([]msgScratch, len(msgs)),
	}
}

// Sendmmsg sends several messages, all of them unless an error or the deadline comes between, and tells how many and the bytes
// of each (sendmmsg(2)).
func (s *Socket) Sendmmsg(w Wait, msgs []*Message, flags int) ([]int, error) {
	if err := s.enter(); err != nil {
		return nil, failed("sendmmsg", err)
	}
	defer s.leave()
	b := newBatch(msgs)
	for i, m := range msgs {
		h := &b.hdrs[i].hdr
		h.Iov = b.scratch[i].vector(m.Buffers)
		h.SetIovlen(len(b.scratch[i].iov))
		if !m.HasAddr {
			continue
		}
		if errno := b.names[i].encode(s.fd, s.family, m.Addr); errno != 0 {
			return nil, failedAt("sendmmsg", m.Addr, errno)
		}
		h.Name, h.Namelen = &b.names[i].buf[0], b.names[i].len
	}
	sizes, err := s.mmsg(w, b, unix.SYS_SENDMMSG, flags|unix.MSG_NOSIGNAL, false)
	for range sizes {
		s.sent(1, false)
	}
	return sizes, failed("sendmmsg", err)
}

// Recvmmsg receives as many messages as there are in msgs, setting their addresses and flags, and tells the bytes of each
// (recvmmsg(2)). With MSG_WAITFORONE or NoWait it takes what is there once there is one.
func (s *Socket) Recvmmsg(w Wait, msgs []*Message, flags int) ([]int, error) {
	if err := s.enter(); err != nil {
		return nil, failed("recvmmsg", err)
	}
	defer s.leave()
	b := newBatch(msgs)
	for i, m := range msgs {
		h := &b.hdrs[i].hdr
		h.Iov = b.scratch[i].vector(m.Buffers)
		h.SetIovlen(len(b.scratch[i].iov))
		h.Name, h.Namelen = &b.names[i].buf[0], uint32(len(b.names[i].buf))
	}
	sizes, err := s.mmsg(w, b, unix.SYS_RECVMMSG, flags, true)
	for i := range sizes {
		b.names[i].len = b.hdrs[i].hdr.Namelen
		msgs[i].Addr = b.names[i].decode(s.fd, s.kind)
		msgs[i].HasAddr = !msgs[i].Addr.IsZero()
		msgs[i].Flags = int(b.hdrs[i].hdr.Flags)
		s.received(1, flags)
	}
	return sizes, failed("recvmmsg", err)
}

// mmsg makes the call until all messages are through, or until one is where that is enough.
func (s *Socket) mmsg(w Wait, b *batch, trap uintptr, flags int, reads bool) ([]int, error) {
	d := &s.wr
	if reads {
		d = &s.rd
	}
	d = d.take()
	defer d.give()
	one := w.NoWait || flags&unix.MSG_WAITFORONE != 0
	done := 0
	d.n = 0
	d.do = func(d *direction) syscall.Errno {
		for done < len(b.hdrs) {
			n, _, errno := unix.Syscall6(trap, uintptr(s.fd), uintptr(unsafe.Pointer(&b.hdrs[done])), uintptr(len(b.hdrs)-done),
				uintptr(flags|s.dontWait(w)), 0, 0)
			if errno == 0 {
				done += int(n)
				continue
			}
			if done > 0 && (one || errno != syscall.EAGAIN && errno != syscall.EINTR) {
				return 0
			}
			return errno
		}
		return 0
	}
	err := d.perform(w, reads)
	sizes := make([]int, done)
	for i := range sizes {
		sizes[i] = int(b.hdrs[i].n)
	}
	return sizes, err
}
