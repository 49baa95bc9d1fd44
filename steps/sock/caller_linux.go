package sock

import (
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// bytes are those of the address that is given.
func (n *sockname) bytes() []byte { return slices.Clone(n.buf[:n.len]) }

// operand are the two arguments that give an address, which may be nil.
func (n *sockname) operand() (to, size forked.Operand) {
	if n == nil {
		return num(0), num(0)
	}
	return forked.In(n.bytes()), num(n.len)
}

// named makes a call that writes an address, whose arguments those two are that
// follow the first one.
func (c caller) named(trap uintptr, name *sockname, first forked.Operand, more ...forked.Operand) (uintptr, syscall.Errno) {
	answer := &sockname{len: name.len}
	ops := append([]forked.Operand{first, forked.Out(answer.buf[:]), forked.InOut(forked.Bytes(&answer.len))}, more...)
	n, errno := c.call(trap, ops...)
	if errno == 0 {
		*name = *answer
	}
	return n, errno
}

func (c caller) recvfrom(fd int, p []byte, flags int, name *sockname) (int, syscall.Errno) {
	ops := []forked.Operand{num(fd), forked.Received(p), num(len(p)), num(flags)}
	answer := new(sockname)
	if name != nil {
		answer.len = uint32(len(answer.buf))
		ops = append(ops, forked.Out(answer.buf[:]), forked.InOut(forked.Bytes(&answer.len)))
	}
	n, errno := c.call(unix.SYS_RECVFROM, ops...)
	if name != nil && errno == 0 {
		*name = *answer
	}
	return count(n, errno), errno
}

func (c caller) getsockopt(fd, level, name int, b []byte, size int) (int, syscall.Errno) {
	length := uint32(size)
	_, errno := c.call(unix.SYS_GETSOCKOPT, num(fd), num(level), num(name), forked.InOut(b), forked.InOut(forked.Bytes(&length)))
	return int(length), errno
}

// buffers are the iovecs of the buffers, whose bytes go in or come out.
func (m *msgScratch) buffers(bufs [][]byte, way func([]byte) forked.Operand) forked.Operand {
	list := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(m.iov))), len(m.iov)*int(unsafe.Sizeof(unix.Iovec{})))
	refs := make([]forked.Ref, len(bufs))
	for i, b := range bufs {
		refs[i] = forked.Ref{At: i*int(unsafe.Sizeof(unix.Iovec{})) + int(unsafe.Offsetof(unix.Iovec{}.Base)), To: way(b)}
	}
	return forked.In(list, refs...)
}

// operand is the msghdr with all that it points to.
func (m *msgScratch) operand(msg *Message, name *sockname, way func([]byte) forked.Operand) forked.Operand {
	return forked.InOut(forked.Bytes(&m.hdr), messageRefs(m, msg.Buffers, msg.Control, name, way)...)
}

// messageRefs are what a msghdr points to, in the order of their places.
func messageRefs(m *msgScratch, bufs [][]byte, control []byte, name *sockname, way func([]byte) forked.Operand) []forked.Ref {
	var refs []forked.Ref
	if name != nil {
		refs = append(refs, forked.Ref{At: int(unsafe.Offsetof(m.hdr.Name)), To: forked.InOut(name.buf[:])})
	}
	refs = append(refs, forked.Ref{At: int(unsafe.Offsetof(m.hdr.Iov)), To: m.buffers(bufs, way)})
	if len(control) > 0 {
		refs = append(refs, forked.Ref{At: int(unsafe.Offsetof(m.hdr.Control)), To: forked.InOut(control)})
	}
	return refs
}

func sysListen(c caller, fd, backlog int) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_LISTEN, num(fd), num(backlog))
		return errno
	}
	return asErrno(unix.Listen(fd, backlog))
}

func sysShutdown(c caller, fd, how int) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_SHUTDOWN, num(fd), num(how))
		return errno
	}
	return asErrno(unix.Shutdown(fd, how))
}

func sysClose(c caller, fd int) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_CLOSE, num(fd))
		return errno
	}
	return asErrno(unix.Close(fd))
}

func sysFcntl(c caller, fd, command, arg int) (int, syscall.Errno) {
	if c.process != nil {
		n, errno := c.call(unix.SYS_FCNTL, num(fd), num(command), num(arg))
		return int(n), errno
	}
	n, err := unix.FcntlInt(uintptr(fd), command, arg)
	return n, asErrno(err)
}

// sysPoll is poll(2) without waiting.
func sysPoll(c caller, fds []unix.PollFd) (int, syscall.Errno) {
	if c.process != nil {
		n, errno := c.poll(fds, new(unix.Timespec))
		return n, errno
	}
	n, err := unix.Poll(fds, 0)
	return n, asErrno(err)
}

// poll is ppoll(2), without a bound where limit is nil.
func (c caller) poll(fds []unix.PollFd, limit *unix.Timespec) (int, syscall.Errno) {
	list := slices.Clone(fds)
	bound := num(0)
	if limit != nil {
		bound = forked.In(forked.Bytes(limit))
	}
	mem := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), len(list)*int(unsafe.Sizeof(unix.PollFd{})))
	n, errno := c.call(unix.SYS_PPOLL, forked.InOut(mem), num(len(list)), bound, num(0), num(0))
	copy(fds, list)
	return count(n, errno), errno
}

func sysSetsockoptInt(c caller, fd, level, name, value int) syscall.Errno {
	if c.process != nil {
		v := int32(value)
		return sysSetsockopt(c, fd, level, name, slices.Clone(forked.Bytes(&v)))
	}
	return asErrno(unix.SetsockoptInt(fd, level, name, value))
}

func sysSetsockopt(c caller, fd, level, name int, b []byte, refs ...forked.Ref) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_SETSOCKOPT, num(fd), num(level), num(name), forked.In(b, refs...), num(len(b)))
		return errno
	}
	return asErrno(unix.SetsockoptString(fd, level, name, string(b)))
}

func sysGetsockoptInt(c caller, fd, level, name int) (int, syscall.Errno) {
	if c.process != nil {
		value := new(int32)
		_, errno := c.getsockopt(fd, level, name, forked.Bytes(value), 4)
		return int(*value), errno
	}
	n, err := unix.GetsockoptInt(fd, level, name)
	return n, asErrno(err)
}

// sysFstat says which file a descriptor is of, and what it is.
func sysFstat(c caller, fd int) (ino uint64, mode uint32, errno syscall.Errno) {
	if c.process != nil {
		st := new(unix.Statx_t)
		_, errno := c.call(unix.SYS_STATX, num(fd), forked.In([]byte{0}), num(unix.AT_EMPTY_PATH), num(unix.STATX_BASIC_STATS),
			forked.Out(forked.Bytes(st)))
		return st.Ino, uint32(st.Mode), errno
	}
	var st unix.Stat_t
	errno = asErrno(unix.Fstat(fd, &st))
	return st.Ino, st.Mode, errno
}

// sysIoctlIfreq makes a request about a network interface (netdevice(7)).
func sysIoctlIfreq(c caller, fd int, request uint, ifr *unix.Ifreq) syscall.Errno {
	if c.process != nil {
		_, errno := c.call(unix.SYS_IOCTL, num(fd), num(int(request)), forked.InOut(forked.Bytes(ifr)))
		return errno
	}
	return asErrno(unix.IoctlIfreq(fd, request, ifr))
}

// input is memory that a call reads.
func input(b []byte) forked.Operand { return forked.In(b) }

const (
	trapExit = unix.SYS_EXIT_GROUP
	trapKill = unix.SYS_KILL
	trapDup3 = unix.SYS_DUP3
)
