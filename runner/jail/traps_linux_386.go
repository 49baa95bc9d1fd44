package jail

import "golang.org/x/sys/unix"

const (
	setgroups = unix.SYS_SETGROUPS32
	setgid    = unix.SYS_SETGID32
	setuid    = unix.SYS_SETUID32
)
