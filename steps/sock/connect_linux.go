package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// connectProgress asks how far an attempt is; EAGAIN: it is still under way.
//
// TCP is asked by connect(2) itself, as a blocking connect would learn it. That
// leaves the socket in the same state: it says EISCONN to the next connect
// after a success, and can try again after a failure, where SO_ERROR would
// leave it answering ECONNABORTED once.
func connectProgress(c caller, fd int, k kind, name *sockname) syscall.Errno {
	inet := k.family == unix.AF_INET || k.family == unix.AF_INET6
	if !inet || !k.stream() || k.proto == unix.IPPROTO_SCTP {
		return connectError(c, fd)
	}
	switch errno := sysConnect(c, fd, name); errno {
	case syscall.EALREADY, syscall.EINPROGRESS:
		return syscall.EAGAIN
	case syscall.EISCONN:
		return 0
	default:
		return errno
	}
}
