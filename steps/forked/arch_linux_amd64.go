package forked

import "golang.org/x/sys/unix"

const (
	trapMmap = unix.SYS_MMAP
	mmapUnit = 1

	// Go's assembly reads the address of its goroutine from what is local to
	// the thread, which may be in the heap.
	forkFlags = uintptr(unix.SIGCHLD) | unix.CLONE_SETTLS
	arena     = 64 << 20 // what Go's runtime takes for its heap at a time

	trapSetgroups = unix.SYS_SETGROUPS
	trapSetresgid = unix.SYS_SETRESGID
	trapSetresuid = unix.SYS_SETRESUID
)
