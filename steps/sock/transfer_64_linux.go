//go:build linux && (amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package sock

import "golang.org/x/sys/unix"

const trapSendfile = unix.SYS_SENDFILE
