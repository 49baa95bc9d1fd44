package sock

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// WritableOnly keeps sockets from what listens at a path where nothing may be
// written. A file system that is mounted read-only does not see to that. It is
// set before any socket is made.
var WritableOnly bool

// encodeTarget writes the address that something is connected or sent to. done
// is called when that call has ended.
func (n *sockname) encodeTarget(c caller, fd, family int, a Addr) (done func(), errno syscall.Errno) {
	errno = n.encode(c, fd, family, a)
	path := n.path()
	if errno != 0 || path == "" || !WritableOnly {
		return func() {}, errno
	}
	// What is looked at is what is reached, whatever becomes of the path.
	at, errno := openAt(c, path)
	if errno != 0 {
		return nil, errno
	}
	readOnly, errno := isReadOnly(c, at)
	if errno == 0 && readOnly {
		errno = syscall.EACCES
	}
	if errno == 0 {
		errno = n.encodeUnix("/proc/self/fd/" + strconv.Itoa(at))
	}
	if errno != 0 {
		sysClose(c, at)
		return nil, errno
	}
	return func() { sysClose(c, at) }, 0
}

// path is where the kernel looks for an AF_UNIX socket; "" for other addresses.
func (n *sockname) path() string {
	if n.len <= sizeFamily || binary.NativeEndian.Uint16(n.buf[:]) != unix.AF_UNIX {
		return ""
	}
	path, _, _ := bytes.Cut(n.buf[sizeFamily:n.len], []byte{0})
	return string(path)
}

// isReadOnly reports whether a file is where nothing may be written.
func isReadOnly(c caller, fd int) (bool, syscall.Errno) {
	var st unix.Statfs_t
	var errno syscall.Errno
	if c.process != nil {
		_, errno = c.fstatfs(fd, forked.Bytes(&st))
	} else {
		errno = asErrno(unix.Fstatfs(fd, &st))
	}
	return st.Flags&unix.ST_RDONLY != 0, errno
}

// openAt opens what is at a path, which is not looked into.
func openAt(c caller, path string) (int, syscall.Errno) {
	const flags = unix.O_PATH | unix.O_CLOEXEC
	if c.process != nil {
		cwd := unix.AT_FDCWD
		n, errno := c.call(unix.SYS_OPENAT, num(cwd), pathOperand(path), num(flags), num(0))
		return int(n), errno
	}
	fd, err := unix.Open(path, flags, 0)
	return fd, asErrno(err)
}
