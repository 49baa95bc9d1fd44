package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// The system calls are made raw, so that what reaches the kernel is what the
// caller said, byte for byte, and so that none of them allocates. What a forked
// process gets is copied first, for that keeps the rest from the heap.

const (
	msgErrqueue = unix.MSG_ERRQUEUE
	msgFastopen = unix.MSG_FASTOPEN
	msgMore     = unix.MSG_MORE
	udpCork     = unix.UDP_CORK
	udpSegment  = unix.UDP_SEGMENT
	soPeekOff   = unix.SO_PEEK_OFF
)

func sysSocket(c caller, family, typ, proto int, nonblock bool) (int, error) {
	if c.process != nil {
		fd, errno := c.call(unix.SYS_SOCKET, num(family), num(typ|pollerFlags(nonblock)), num(proto))
		return int(fd), asError(errno)
	}
	return unix.Socket(family, typ|pollerFlags(nonblock), proto)
}

func sysSocketpair(c caller, family, typ, proto int, nonblock bool) ([2]int, error) {
	if c.process != nil {
		var fds [2]int32
		_, errno := c.call(unix.SYS_SOCKETPAIR, num(family), num(typ|pollerFlags(nonblock)), num(proto), forked.Out(forked.Bytes(&fds)))
		return [2]int{int(fds[0]), int(fds[1])}, asError(errno)
	}
	return unix.Socketpair(family, typ|pollerFlags(nonblock), proto)
}

func pollerFlags(nonblock bool) int {
	if nonblock {
		return unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	}
	return unix.SOCK_CLOEXEC
}

func sysPipe(c caller, flags int, nonblock bool) (fds [2]int, errno syscall.Errno) {
	flags |= unix.O_CLOEXEC
	if nonblock {
		flags |= unix.O_NONBLOCK
	}
	if c.process != nil {
		var ends [2]int32
		_, errno := c.call(unix.SYS_PIPE2, forked.Out(forked.Bytes(&ends)), num(flags))
		return [2]int{int(ends[0]), int(ends[1])}, errno
	}
	err := unix.Pipe2(fds[:], flags)
	return fds, asErrno(err)
}

// sysIdentify asks what kind of socket fd is; the zero kind is none at all.
func sysIdentify(c caller, fd int) kind {
	var k kind
	k.family, _ = sysGetsockoptInt(c, fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	k.typ, _ = sysGetsockoptInt(c, fd, unix.SOL_SOCKET, unix.SO_TYPE)
	k.proto, _ = sysGetsockoptInt(c, fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	return k
}

func sysBind(c caller, fd int, name *sockname) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_BIND, num(fd), forked.In(name.bytes()), num(name.len))
		return errno
	}
	_, _, errno := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&name.buf)), uintptr(name.len))
	return errno
}

func sysConnect(c caller, fd int, name *sockname) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_CONNECT, num(fd), forked.In(name.bytes()), num(name.len))
		return errno
	}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&name.buf)), uintptr(name.len))
	return errno
}

func sysAccept(c caller, fd int, name *sockname, size, flags int, nonblock bool) (int, syscall.Errno) {
	name.len = uint32(size)
	if c.process != nil {
		n, errno := c.named(unix.SYS_ACCEPT4, name, num(fd), num(flags|pollerFlags(nonblock)))
		return int(n), errno
	}
	n, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&name.buf)),
		uintptr(unsafe.Pointer(&name.len)), uintptr(flags|pollerFlags(nonblock)), 0, 0)
	return int(n), errno
}

func sysGetsockname(c caller, fd int, k kind) (Addr, syscall.Errno) {
	return sysName(c, unix.SYS_GETSOCKNAME, fd, k)
}

func sysGetpeername(c caller, fd int, k kind) (Addr, syscall.Errno) {
	return sysName(c, unix.SYS_GETPEERNAME, fd, k)
}

// sysNameIn asks for an address in a buffer of a size that may be anything.
func sysNameIn(c caller, peer bool, fd int, k kind, size int) (Addr, int, syscall.Errno) {
	trap := uintptr(unix.SYS_GETSOCKNAME)
	if peer {
		trap = unix.SYS_GETPEERNAME
	}
	name := sockname{len: uint32(size)}
	var errno syscall.Errno
	if c.process != nil {
		_, errno = c.named(trap, &name, num(fd))
	} else {
		_, _, errno = unix.Syscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&name.buf)), uintptr(unsafe.Pointer(&name.len)))
	}
	if errno != 0 {
		return Addr{}, 0, errno
	}
	length := name.cut(size)
	return name.decode(c, fd, k), length, 0
}

func sysName(c caller, trap uintptr, fd int, k kind) (Addr, syscall.Errno) {
	var name sockname
	name.len = uint32(len(name.buf))
	if c.process != nil {
		if _, errno := c.named(trap, &name, num(fd)); errno != 0 {
			return Addr{}, errno
		}
		return name.decode(c, fd, k), 0
	}
	_, _, errno := unix.Syscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&name.buf)), uintptr(unsafe.Pointer(&name.len)))
	if errno != 0 {
		return Addr{}, errno
	}
	return name.decode(c, fd, k), 0
}

// sysRecvfrom receives; a nil name asks for no address.
func sysRecvfrom(c caller, fd int, p []byte, flags int, name *sockname) (int, syscall.Errno) {
	if c.process != nil {
		return c.recvfrom(fd, p, flags, name)
	}
	var buf, size unsafe.Pointer
	if name != nil {
		name.len = uint32(len(name.buf))
		buf, size = unsafe.Pointer(&name.buf), unsafe.Pointer(&name.len)
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		uintptr(flags), uintptr(buf), uintptr(size))
	return count(n, errno), errno
}

// sysSendto sends; a nil name gives no address.
func sysSendto(c caller, fd int, p []byte, flags int, name *sockname) (int, syscall.Errno) {
	if c.process != nil {
		to, size := name.operand()
		n, errno := c.call(unix.SYS_SENDTO, num(fd), forked.In(p), num(len(p)), num(flags), to, size)
		return count(n, errno), errno
	}
	var buf unsafe.Pointer
	var size uint32
	if name != nil {
		buf, size = unsafe.Pointer(&name.buf), name.len
	}
	n, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		uintptr(flags), uintptr(buf), uintptr(size))
	return count(n, errno), errno
}

func sysRead(c caller, fd int, p []byte) (int, syscall.Errno) {
	if c.process != nil {
		n, errno := c.call(unix.SYS_READ, num(fd), forked.Received(p), num(len(p)))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return count(n, errno), errno
}

func sysWrite(c caller, fd int, p []byte) (int, syscall.Errno) {
	if c.process != nil {
		n, errno := c.call(unix.SYS_WRITE, num(fd), forked.In(p), num(len(p)))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return count(n, errno), errno
}

// count is a result register as a count: 0 where the call failed.
func count(n uintptr, errno syscall.Errno) int {
	if errno != 0 {
		return 0
	}
	return int(n)
}

// msgScratch is the room that the calls on messages need; it is used again and
// again.
type msgScratch struct {
	hdr unix.Msghdr
	iov []unix.Iovec
}

// vector lays out bufs for the kernel. A msghdr or vector without buffers has a
// nil pointer.
func (m *msgScratch) vector(bufs [][]byte) *unix.Iovec {
	m.iov = m.iov[:0]
	for _, b := range bufs {
		v := unix.Iovec{Base: unsafe.SliceData(b)}
		v.SetLen(len(b))
		m.iov = append(m.iov, v)
	}
	return unsafe.SliceData(m.iov)
}

// fill builds the msghdr of m.
func (m *msgScratch) fill(bufs [][]byte, control []byte, name *sockname) {
	m.hdr = unix.Msghdr{Iov: m.vector(bufs)}
	m.hdr.SetIovlen(len(m.iov))
	if len(control) > 0 {
		m.hdr.Control = unsafe.SliceData(control)
		m.hdr.SetControllen(len(control))
	}
	if name != nil {
		m.hdr.Name, m.hdr.Namelen = &name.buf[0], name.len
	}
}

// forget lets the buffers of the last call go.
func (m *msgScratch) forget() {
	clear(m.iov)
	m.hdr = unix.Msghdr{}
}

func sysSendmsg(c caller, fd int, msg *Message, m *msgScratch, flags int, name *sockname) (int, syscall.Errno) {
	m.fill(msg.Buffers, msg.Control, name)
	defer m.forget()
	if c.process != nil {
		n, errno := c.call(unix.SYS_SENDMSG, num(fd), m.operand(msg, name, input), num(flags))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&m.hdr)), uintptr(flags))
	return count(n, errno), errno
}

// sysRecvmsg receives; msg keeps the control length and the flags, name (unless
// nil) the address.
func sysRecvmsg(c caller, fd int, msg *Message, m *msgScratch, flags int, name *sockname) (int, syscall.Errno) {
	if name != nil {
		name.len = uint32(len(name.buf))
	}
	m.fill(msg.Buffers, msg.Control, name)
	defer m.forget()
	var n uintptr
	var errno syscall.Errno
	if c.process != nil {
		n, errno = c.call(unix.SYS_RECVMSG, num(fd), m.operand(msg, name, forked.Received), num(flags|unix.MSG_CMSG_CLOEXEC))
	} else {
		n, _, errno = unix.Syscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&m.hdr)),
			uintptr(flags|unix.MSG_CMSG_CLOEXEC))
	}
	if errno != 0 {
		return 0, errno
	}
	msg.ControlN = int(m.hdr.Controllen)
	msg.Flags = int(m.hdr.Flags)
	if flags&unix.MSG_CMSG_CLOEXEC == 0 {
		msg.Flags &^= unix.MSG_CMSG_CLOEXEC
	}
	if name != nil {
		name.len = m.hdr.Namelen
	}
	return int(n), 0
}

func sysReadv(c caller, fd int, bufs [][]byte, m *msgScratch) (int, syscall.Errno) {
	defer m.forget()
	if c.process != nil {
		m.vector(bufs)
		n, errno := c.call(unix.SYS_READV, num(fd), m.buffers(bufs, forked.Received), num(len(bufs)))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall(unix.SYS_READV, uintptr(fd), uintptr(unsafe.Pointer(m.vector(bufs))), uintptr(len(bufs)))
	return count(n, errno), errno
}

func sysWritev(c caller, fd int, bufs [][]byte, m *msgScratch) (int, syscall.Errno) {
	defer m.forget()
	if c.process != nil {
		m.vector(bufs)
		n, errno := c.call(unix.SYS_WRITEV, num(fd), m.buffers(bufs, input), num(len(bufs)))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(m.vector(bufs))), uintptr(len(bufs)))
	return count(n, errno), errno
}

// sysGetsockopt fills b and gives the length that the kernel wrote.
func sysGetsockopt(c caller, fd, level, name int, b []byte) (int, syscall.Errno) {
	if level == unix.SOL_SOCKET && name == unix.SO_GET_FILTER {
		return getFilter(c, fd, b)
	}
	if c.process != nil {
		return c.getsockopt(fd, level, name, b, len(b))
	}
	size := uint32(len(b))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&size)), 0)
	return int(size), errno
}

func sysIoctlInt(c caller, fd, request int) (int, syscall.Errno) {
	if c.process != nil {
		var value int32
		_, errno := c.call(unix.SYS_IOCTL, num(fd), num(request), forked.InOut(forked.Bytes(&value)))
		return int(value), errno
	}
	var value int32
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(&value)))
	return int(value), errno
}
