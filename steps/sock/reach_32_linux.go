//go:build linux && (386 || arm || mips || mipsle)

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

func (c caller) fstatfs(fd int, st []byte) (uintptr, syscall.Errno) {
	return c.call(unix.SYS_FSTATFS64, num(fd), num(len(st)), forked.Out(st))
}
