package forked

import "golang.org/x/sys/unix"

const (
	trapMmap = unix.SYS_MMAP
	mmapUnit = 1
)
