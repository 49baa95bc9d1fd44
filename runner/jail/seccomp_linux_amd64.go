package jail

import "golang.org/x/sys/unix"

const (
	auditArch = unix.AUDIT_ARCH_X86_64
	// otherNumbers is where the numbers of the x32 ABI begin.
	otherNumbers = 0x40000000
)

// closedHere are calls that other architectures do not have.
var closedHere = []uint32{unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_USELIB, unix.SYS__SYSCTL, unix.SYS_KEXEC_FILE_LOAD}

// Calls on modes that other architectures do not have.
var (
	modeCallsHere = []callArgument{{unix.SYS_CHMOD, 1}, {unix.SYS_CREAT, 1}, {unix.SYS_MKNOD, 1}}
	openCallsHere = []callArgument{{unix.SYS_OPEN, 1}}
)
