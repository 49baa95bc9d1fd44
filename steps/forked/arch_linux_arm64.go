package forked

import "golang.org/x/sys/unix"

const (
	trapMmap = unix.SYS_MMAP
	mmapUnit = 1

	forkFlags = uintptr(unix.SIGCHLD)
	arena     = 64 << 20 // what Go's runtime takes for its heap at a time

	trapSetgroups = unix.SYS_SETGROUPS
	trapSetresgid = unix.SYS_SETRESGID
	trapSetresuid = unix.SYS_SETRESUID
)
