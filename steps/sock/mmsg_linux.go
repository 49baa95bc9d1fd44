package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// mmsghdr is struct mmsghdr of sendmmsg(2). Go pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// batch is several messages as the kernel takes them.
type batch struct {
	hdrs    []mmsghdr
	names   []sockname
	scratch []msgScratch
}

func newBatch(msgs []*Message) *batch {
	b := &batch{
		hdrs: make([]mmsghdr, len(msgs)), names: make([]sockname, len(msgs)), scratch: make([]msgScratch, len(msgs)),
	}
	for i, m := range msgs {
		h := &b.hdrs[i].hdr
		h.Iov = b.scratch[i].vector(m.Buffers)
		h.SetIovlen(len(b.scratch[i].iov))
	}
	return b
}

// Sendmmsg sends several messages by one system call and returns the bytes of
// each that went (sendmmsg(2)). An error after the first message ends the call
// without being returned.
func (s *Socket) Sendmmsg(w Wait, msgs []*Message, flags int) ([]int, error) {
	if err := s.enter(); err != nil {
		return nil, failed("sendmmsg", err)
	}
	defer s.leave()
	b := newBatch(msgs)
	for i, m := range msgs {
		if !m.HasAddr {
			continue
		}
		done, errno := b.names[i].encodeTarget(s.caller(), s.fd, s.family, m.Addr)
		if errno != 0 {
			return nil, failedAt("sendmmsg", m.Addr, errno)
		}
		defer done()
		h := &b.hdrs[i].hdr
		h.Name, h.Namelen = &b.names[i].buf[0], b.names[i].len
	}
	defer s.learnAutobound()
	if s.group.process == nil {
		flags |= unix.MSG_NOSIGNAL
	}
	sizes, err := s.mmsg(w, b, msgs, unix.SYS_SENDMMSG, flags)
	for _, n := range sizes {
		s.sent(n)
	}
	return sizes, failed("sendmmsg", err)
}

// Recvmmsg receives as many messages as there are in msgs by one system call,
// sets their addresses and flags, and returns the bytes of each (recvmmsg(2)).
// With MSG_WAITFORONE it waits for the first one only, with NoWait for none.
// The deadline leaves those that came as the result.
func (s *Socket) Recvmmsg(w Wait, msgs []*Message, flags int) ([]int, error) {
	if err := s.enter(); err != nil {
		return nil, failed("recvmmsg", err)
	}
	defer s.leave()
	b := newBatch(msgs)
	for i := range msgs {
		h := &b.hdrs[i].hdr
		h.Name, h.Namelen = &b.names[i].buf[0], uint32(len(b.names[i].buf))
	}
	sizes, err := s.mmsg(w, b, msgs, unix.SYS_RECVMMSG, flags)
	for i := range sizes {
		b.names[i].len = b.hdrs[i].hdr.Namelen
		msgs[i].Addr = b.names[i].decode(s.caller(), s.fd, s.kind)
		msgs[i].HasAddr = !msgs[i].Addr.IsZero()
		msgs[i].Flags = int(b.hdrs[i].hdr.Flags)
		s.received(sizes[i], flags)
	}
	return sizes, failed("recvmmsg", err)
}

// mmsg makes the call. One that may wait is made on a thread: where it ends
// after a part of the messages, nothing reports whether that is for lack of
// further ones.
func (s *Socket) mmsg(w Wait, b *batch, msgs []*Message, trap uintptr, flags int) ([]int, error) {
	d, reads := &s.wr, trap == unix.SYS_RECVMMSG
	if reads {
		d = &s.rd
	}
	d = d.take()
	defer d.give()
	d.n, d.flags = 0, flags
	if w.NoWait {
		d.flags |= unix.MSG_DONTWAIT
	}
	d.threaded = true
	d.do = func(d *direction) syscall.Errno {
		if c := d.caller(); c.process != nil {
			n, errno := c.call(trap, num(s.fd), b.operand(msgs, reads), num(len(b.hdrs)), num(d.flags), num(0))
			d.n = count(n, errno)
			return errno
		}
		n, _, errno := unix.Syscall6(trap, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(b.hdrs))), uintptr(len(b.hdrs)),
			uintptr(d.flags), 0, 0)
		d.n = count(n, errno)
		return errno
	}
	err := d.perform(w, reads)
	sizes := make([]int, d.n)
	for i := range sizes {
		sizes[i] = int(b.hdrs[i].n)
	}
	return sizes, err
}

// operand are the headers with all that they point to.
func (b *batch) operand(msgs []*Message, reads bool) forked.Operand {
	way := input
	if reads {
		way = forked.Out
	}
	size := int(unsafe.Sizeof(mmsghdr{}))
	var refs []forked.Ref
	for i, m := range msgs {
		name := &b.names[i]
		if b.hdrs[i].hdr.Name == nil {
			name = nil
		}
		for _, r := range messageRefs(&b.scratch[i], m.Buffers, nil, name, way) {
			r.At += i * size
			refs = append(refs, r)
		}
	}
	return forked.InOut(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(b.hdrs))), len(b.hdrs)*size), refs...)
}
