package forked

import "golang.org/x/sys/unix"

// mmap2 takes its offset in units.
const (
	trapMmap = unix.SYS_MMAP2
	mmapUnit = 4096

	trapSetgroups = unix.SYS_SETGROUPS32
	trapSetresgid = unix.SYS_SETRESGID32
	trapSetresuid = unix.SYS_SETRESUID32
)
