//go:build darwin || freebsd

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// The SOCK_ flags in the type of socket(2) and of accept4(2), with the numbers
// of Linux: they are not handed to the kernel here.
const (
	SockNonblock = 0x800
	SockCloexec  = 0x80000
)

// TmpFile is a flag of Linux.
const TmpFile = 0

func sysGetown(c caller, fd int) (int, syscall.Errno) { return sysFcntl(c, fd, unix.F_GETOWN, 0) }

func sysFcntl(_ caller, fd, command, arg int) (int, syscall.Errno) {
	n, err := unix.FcntlInt(uintptr(fd), command, arg)
	return n, asErrno(err)
}

// fcntl(2), sys/fcntl.h
var fcntlCommands = constants{"F_", []constant{
	{"F_GETFL", unix.F_GETFL},
	{"F_SETFL", unix.F_SETFL},
	{"F_GETFD", unix.F_GETFD},
	{"F_SETFD", unix.F_SETFD},
	{"F_DUPFD", unix.F_DUPFD},
	{"F_DUPFD_CLOEXEC", unix.F_DUPFD_CLOEXEC},
	{"F_GETOWN", unix.F_GETOWN},
	{"F_SETOWN", unix.F_SETOWN},
}}

// open(2), sys/fcntl.h
var statusFlags = constants{"O_", []constant{
	{"O_WRONLY", unix.O_WRONLY},
	{"O_RDWR", unix.O_RDWR},
	{"O_CREAT", unix.O_CREAT},
	{"O_EXCL", unix.O_EXCL},
	{"O_NOCTTY", unix.O_NOCTTY},
	{"O_TRUNC", unix.O_TRUNC},
	{"O_APPEND", unix.O_APPEND},
	{"O_NONBLOCK", unix.O_NONBLOCK},
	{"O_NDELAY", unix.O_NONBLOCK},
	{"O_SYNC", unix.O_SYNC},
	{"O_ASYNC", unix.O_ASYNC},
	{"O_DIRECTORY", unix.O_DIRECTORY},
	{"O_NOFOLLOW", unix.O_NOFOLLOW},
	{"O_CLOEXEC", unix.O_CLOEXEC},
	{"O_RDONLY", unix.O_RDONLY},
}}

// unasked are the status flags that the kernel adds.
const unasked = 0
