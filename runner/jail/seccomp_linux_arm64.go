package jail

import "golang.org/x/sys/unix"

const (
	auditArch    = unix.AUDIT_ARCH_AARCH64
	otherNumbers = 0
)

// closedHere are calls that other architectures do not have.
var closedHere = []uint32{unix.SYS_KEXEC_FILE_LOAD}

// There are no older calls on modes.
var modeCallsHere, openCallsHere []callArgument
