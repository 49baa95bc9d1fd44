package forked

import "golang.org/x/sys/unix"

const (
	trapMmap = unix.SYS_MMAP
	mmapUnit = 1

	trapSetgroups = unix.SYS_SETGROUPS
	trapSetresgid = unix.SYS_SETRESGID
	trapSetresuid = unix.SYS_SETRESUID
)
