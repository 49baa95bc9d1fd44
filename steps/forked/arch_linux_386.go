package forked

import "golang.org/x/sys/unix"

// mmap2 takes its offset in units.
const (
	trapMmap = unix.SYS_MMAP2
	mmapUnit = 4096

	forkFlags = uintptr(unix.SIGCHLD)

	trapSetgroups = unix.SYS_SETGROUPS32
	trapSetresgid = unix.SYS_SETRESGID32
	trapSetresuid = unix.SYS_SETRESUID32
)

// withoutHeap only forks: the heap of a process of 32 bits is small.
func withoutHeap(fork func()) { fork() }

const arena = 0
