//go:build darwin || freebsd

package sock

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls are made through the wrappers of x/sys, since these
// platforms promise the C library, not the kernel's interface.

const (
	msgErrqueue = 0
	msgFastopen = 0
	msgMore     = 0
	udpCork     = -1
	udpSegment  = -1
	soPeekOff   = -1
)

// sockname is a sockaddr on its way to or from a wrapper.
type sockname struct{ sa unix.Sockaddr }

// encode writes a for a socket of the given family. What the wrappers cannot
// express is EAFNOSUPPORT.
func (n *sockname) encode(_ caller, _, family int, a Addr) syscall.Errno {
	a = a.inFamily(family)
	ip := a.ip()
	switch {
	case a.Family == unix.AF_INET && ip.Is4():
		n.sa = &unix.SockaddrInet4{Port: int(a.Port), Addr: ip.As4()}
	case a.Family == unix.AF_INET6:
		zone, errno := interfaceIndex(ip.Zone())
		if errno != 0 {
			return errno
		}
		n.sa = &unix.SockaddrInet6{Port: int(a.Port), Addr: ip.As16(), ZoneId: zone}
	case a.Family == unix.AF_UNIX:
		n.sa = &unix.SockaddrUnix{Name: a.Path}
	case a.Family == unix.AF_INET:
		return syscall.EINVAL
	default:
		return syscall.EAFNOSUPPORT
	}
	return 0
}

// decode reads the address that a wrapper gave for a socket of kind k.
func (n *sockname) decode(_ caller, _ int, k kind) Addr {
	switch sa := n.sa.(type) {
	case *unix.SockaddrInet4:
		a := ipAddr(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
		a.NoPort = a.Port == 0 && k.rawOrICMP()
		return a
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			ip = ip.WithZone(interfaceName(sa.ZoneId))
		}
		a := ipAddr(ip, uint16(sa.Port))
		a.NoPort = a.Port == 0 && k.rawOrICMP()
		return a
	case *unix.SockaddrUnix:
		return Addr{Family: unix.AF_UNIX, Path: sa.Name}
	}
	return Addr{}
}

func interfaceIndex(zone string) (uint32, syscall.Errno) {
	if zone == "" {
		return 0, 0
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index), 0
	}
	index, err := strconv.ParseUint(zone, 10, 32)
	if err != nil {
		return 0, syscall.ENXIO
	}
	return uint32(index), 0
}

func interfaceName(index uint32) string {
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		return i.Name
	}
	return strconv.FormatUint(uint64(index), 10)
}

// sysSocket cannot set the flags within socket(2) on darwin. The lock keeps a
// fork from inheriting the descriptor meanwhile.
func sysSocket(_ caller, family, typ, proto int, nonblock bool) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, typ&^openFlags, proto)
	if err != nil {
		return -1, err
	}
	return fd, prepare(fd, nonblock)
}

func sysSocketpair(_ caller, family, typ, proto int, nonblock bool) ([2]int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(family, typ&^openFlags, proto)
	if err != nil {
		return fds, err
	}
	if err := prepare(fds[0], nonblock); err != nil {
		unix.Close(fds[1])
		return fds, err
	}
	if err := prepare(fds[1], nonblock); err != nil {
		unix.Close(fds[0])
		return fds, err
	}
	return fds, nil
}

// prepare sets the flags of a new descriptor, and closes it if that fails.
func prepare(fd int, nonblock bool) error {
	unix.CloseOnExec(fd)
	err := unix.SetNonblock(fd, nonblock)
	if err != nil {
		unix.Close(fd)
	}
	return err
}

func sysPipe(_ caller, flags int, nonblock bool) (fds [2]int, errno syscall.Errno) {
	if flags&^(unix.O_CLOEXEC|unix.O_NONBLOCK) != 0 {
		return fds, syscall.EINVAL
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(fds[:]); err != nil {
		return fds, asErrno(err)
	}
	if err := prepare(fds[0], nonblock); err != nil {
		unix.Close(fds[1])
		return fds, asErrno(err)
	}
	if err := prepare(fds[1], nonblock); err != nil {
		unix.Close(fds[0])
		return fds, asErrno(err)
	}
	return fds, 0
}

// sysIdentify asks what kind of socket fd is; the zero kind is none at all.
func sysIdentify(_ caller, fd int) kind {
	var k kind
	k.typ, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return k
	}
	switch sa.(type) {
	case *unix.SockaddrInet4:
		k.family = unix.AF_INET
	case *unix.SockaddrInet6:
		k.family = unix.AF_INET6
	case *unix.SockaddrUnix:
		k.family = unix.AF_UNIX
	}
	return k
}

func sysBind(_ caller, fd int, name *sockname) syscall.Errno { return asErrno(unix.Bind(fd, name.sa)) }

func sysConnect(_ caller, fd int, name *sockname) syscall.Errno {
	return asErrno(unix.Connect(fd, name.sa))
}

// connectProgress asks how far an attempt is; EAGAIN: it is still under way.
func connectProgress(c caller, fd int, _ kind, _ *sockname) syscall.Errno {
	return connectError(c, fd)
}

func sysAccept(_ caller, fd int, name *sockname, _, flags int, nonblock bool) (int, syscall.Errno) {
	if flags&^openFlags != 0 {
		return -1, syscall.EINVAL
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	conn, sa, err := unix.Accept(fd)
	if err != nil {
		return -1, asErrno(err)
	}
	name.sa = sa
	return conn, asErrno(prepare(conn, nonblock))
}

// sysNameIn cannot choose the size of the buffer here.
func sysNameIn(caller, bool, int, kind, int) (Addr, int, syscall.Errno) {
	return Addr{}, 0, syscall.ENOSYS
}

// cut has nothing to cut off: the wrappers give whole addresses.
func (n *sockname) cut(int) int { return 0 }

// wholeName is the size of the buffer for an address.
const wholeName = 0

func sysGetsockname(_ caller, fd int, k kind) (Addr, syscall.Errno) {
	sa, err := unix.Getsockname(fd)
	return (&sockname{sa}).decode(caller{}, fd, k), asErrno(err)
}

func sysGetpeername(_ caller, fd int, k kind) (Addr, syscall.Errno) {
	sa, err := unix.Getpeername(fd)
	return (&sockname{sa}).decode(caller{}, fd, k), asErrno(err)
}

func sysRecvfrom(_ caller, fd int, p []byte, flags int, name *sockname) (int, syscall.Errno) {
	n, sa, err := unix.Recvfrom(fd, p, flags)
	if err != nil {
		return 0, asErrno(err)
	}
	if name != nil {
		name.sa = sa
	}
	return n, 0
}

func sysSendto(_ caller, fd int, p []byte, flags int, name *sockname) (int, syscall.Errno) {
	if name == nil {
		name = &sockname{}
	}
	n, err := unix.SendmsgN(fd, p, nil, name.sa, flags)
	return max(n, 0), asErrno(err)
}

func sysRead(_ caller, fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.Read(fd, p)
	return max(n, 0), asErrno(err)
}

func sysWrite(_ caller, fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.Write(fd, p)
	return max(n, 0), asErrno(err)
}

// msgScratch is not needed: the wrappers make their own.
type msgScratch struct{}

func sysSendmsg(_ caller, fd int, msg *Message, _ *msgScratch, flags int, name *sockname) (int, syscall.Errno) {
	if name == nil {
		name = &sockname{}
	}
	n, err := unix.SendmsgBuffers(fd, msg.Buffers, msg.Control, name.sa, flags)
	return max(n, 0), asErrno(err)
}

func sysRecvmsg(_ caller, fd int, msg *Message, _ *msgScratch, flags int, name *sockname) (int, syscall.Errno) {
	n, control, got, sa, err := unix.RecvmsgBuffers(fd, msg.Buffers, msg.Control, flags)
	if err != nil {
		return 0, asErrno(err)
	}
	msg.ControlN, msg.Flags = control, got
	if name != nil {
		name.sa = sa
	}
	return n, 0
}

// sysReadv and sysWritev are the message calls without an address, which the
// kernel treats alike.
func sysReadv(_ caller, fd int, bufs [][]byte, _ *msgScratch) (int, syscall.Errno) {
	n, _, _, _, err := unix.RecvmsgBuffers(fd, bufs, nil, 0)
	return max(n, 0), asErrno(err)
}

func sysWritev(_ caller, fd int, bufs [][]byte, _ *msgScratch) (int, syscall.Errno) {
	n, err := unix.SendmsgBuffers(fd, bufs, nil, nil, 0)
	return max(n, 0), asErrno(err)
}

// sysGetsockopt fills b and gives the length that the kernel wrote.
func sysGetsockopt(_ caller, fd, level, name int, b []byte) (int, syscall.Errno) {
	size := uint32(len(b))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&size)), 0)
	return int(size), errno
}

func sysIoctlInt(_ caller, fd, request int) (int, syscall.Errno) {
	value, err := unix.IoctlGetInt(fd, uint(request))
	return value, asErrno(err)
}

func sysListen(_ caller, fd, backlog int) syscall.Errno { return asErrno(unix.Listen(fd, backlog)) }

func sysShutdown(_ caller, fd, how int) syscall.Errno { return asErrno(unix.Shutdown(fd, how)) }

func sysClose(_ caller, fd int) syscall.Errno { return asErrno(unix.Close(fd)) }

func sysPoll(_ caller, fds []unix.PollFd) (int, syscall.Errno) {
	n, err := unix.Poll(fds, 0)
	return n, asErrno(err)
}

func sysSetsockoptInt(_ caller, fd, level, name, value int) syscall.Errno {
	return asErrno(unix.SetsockoptInt(fd, level, name, value))
}

func sysSetsockopt(_ caller, fd, level, name int, b []byte) syscall.Errno {
	return asErrno(unix.SetsockoptString(fd, level, name, string(b)))
}

func sysGetsockoptInt(_ caller, fd, level, name int) (int, syscall.Errno) {
	n, err := unix.GetsockoptInt(fd, level, name)
	return n, asErrno(err)
}

// sysFstat says which file a descriptor is of, and what it is.
func sysFstat(_ caller, fd int) (ino uint64, mode uint32, errno syscall.Errno) {
	var st unix.Stat_t
	errno = asErrno(unix.Fstat(fd, &st))
	return st.Ino, uint32(st.Mode), errno
}

// No process is forked here.
const (
	trapExit = 0
	trapKill = 0
	trapDup3 = 0
)
