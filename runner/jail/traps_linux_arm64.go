package jail

import "golang.org/x/sys/unix"

const (
	setgroups = unix.SYS_SETGROUPS
	setgid    = unix.SYS_SETGID
	setuid    = unix.SYS_SETUID
)
