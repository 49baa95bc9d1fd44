package jail

import "golang.org/x/sys/unix"

const (
	auditArch    = unix.AUDIT_ARCH_I386
	otherNumbers = 0
)

// closedHere are calls that other architectures do not have.
var closedHere = []uint32{
	unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_USELIB, unix.SYS__SYSCTL, unix.SYS_UMOUNT, unix.SYS_STIME, unix.SYS_VM86, unix.SYS_VM86OLD,
	unix.SYS_CLOCK_SETTIME64, unix.SYS_CLOCK_ADJTIME64,
}

// Calls on modes that other architectures do not have.
var (
	modeCallsHere = []callArgument{{unix.SYS_CHMOD, 1}, {unix.SYS_CREAT, 1}, {unix.SYS_MKNOD, 1}}
	openCallsHere = []callArgument{{unix.SYS_OPEN, 1}}
)
