package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// The SOCK_ flags in the type of socket(2) and of accept4(2).
const (
	SockNonblock = unix.SOCK_NONBLOCK
	SockCloexec  = unix.SOCK_CLOEXEC
)

// TmpFile is what O_TMPFILE has beside O_DIRECTORY.
const TmpFile = unix.O_TMPFILE &^ unix.O_DIRECTORY

// ownerEx is struct f_owner_ex of fcntl(2).
type ownerEx struct{ kind, pid int32 }

const ownerGroup = 2 // F_OWNER_PGRP

// sysGetown asks for the owner as the C library does for F_GETOWN: the number
// of a process group, which is negative, looks like an errno there.
func sysGetown(c caller, fd int) (int, syscall.Errno) {
	if c.process != nil {
		owner := new(ownerEx)
		_, errno := c.call(unix.SYS_FCNTL, num(fd), num(unix.F_GETOWN_EX), forked.Out(forked.Bytes(owner)))
		return owner.number(), errno
	}
	var owner ownerEx
	_, _, errno := unix.Syscall(unix.SYS_FCNTL, uintptr(fd), unix.F_GETOWN_EX, uintptr(unsafe.Pointer(&owner)))
	return owner.number(), errno
}

// number is the owner as F_SETOWN takes it.
func (o *ownerEx) number() int {
	if o.kind == ownerGroup {
		return -int(o.pid)
	}
	return int(o.pid)
}

// fcntl(2), linux/fcntl.h
var fcntlCommands = constants{"F_", []constant{
	{"F_GETFL", unix.F_GETFL},
	{"F_SETFL", unix.F_SETFL},
	{"F_GETFD", unix.F_GETFD},
	{"F_SETFD", unix.F_SETFD},
	{"F_DUPFD", unix.F_DUPFD},
	{"F_DUPFD_CLOEXEC", unix.F_DUPFD_CLOEXEC},
	{"F_GETOWN", unix.F_GETOWN},
	{"F_SETOWN", unix.F_SETOWN},
	{"F_GETSIG", unix.F_GETSIG},
	{"F_SETSIG", unix.F_SETSIG},
	{"F_GETPIPE_SZ", unix.F_GETPIPE_SZ},
	{"F_SETPIPE_SZ", unix.F_SETPIPE_SZ},
}}

// open(2), asm-generic/fcntl.h
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
	{"O_DSYNC", unix.O_DSYNC},
	{"O_ASYNC", unix.O_ASYNC},
	{"O_DIRECT", unix.O_DIRECT},
	{"O_TMPFILE", unix.O_TMPFILE},
	{"O_DIRECTORY", unix.O_DIRECTORY},
	{"O_NOFOLLOW", unix.O_NOFOLLOW},
	{"O_NOATIME", unix.O_NOATIME},
	{"O_CLOEXEC", unix.O_CLOEXEC},
	{"O_PATH", unix.O_PATH},
	{"O_RDONLY", unix.O_RDONLY},
}}

// unasked are the status flags that the kernel adds: O_LARGEFILE, on machines
// of 64 bits.
var unasked = func() int {
	if unix.O_DIRECTORY == 0x10000 {
		return 0x8000
	}
	return 0x20000
}()
