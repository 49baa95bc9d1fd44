//go:build linux && (amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

func (c caller) fstatfs(fd int, st []byte) (uintptr, syscall.Errno) {
	return c.call(unix.SYS_FSTATFS, num(fd), forked.Out(st))
}
