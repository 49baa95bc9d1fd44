//go:build linux && (386 || arm || mips || mipsle)

package sock

import "golang.org/x/sys/unix"

// trapSendfile is the call whose offset has 64 bits.
const trapSendfile = unix.SYS_SENDFILE64
