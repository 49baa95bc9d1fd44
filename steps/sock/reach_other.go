//go:build !linux

package sock

import "syscall"

func (n *sockname) encodeTarget(c caller, fd, family int, a Addr) (done func(), errno syscall.Errno) {
	return func() {}, n.encode(c, fd, family, a)
}
