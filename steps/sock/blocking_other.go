//go:build !linux

package sock

import (
	"errors"
	"runtime"
	"syscall"
	"time"
)

// threads reports whether calls can be made on threads of their own.
const threads = false

func blockingSupported() error {
	return errors.New("a blocking descriptor is not supported on " + runtime.GOOS)
}

func (g *Group) closeLingering(_ time.Time, closing func() syscall.Errno) error {
	return asError(closing())
}

// performThreaded leaves EAGAIN as the result: only on Linux calls are made on
// threads of their own.
func (d *direction) performThreaded() error {
	if d.socket.blocking {
		return blockingSupported()
	}
	return asError(d.errno)
}

// fileMode has nothing to keep: O_NONBLOCK is never cleared.
type fileMode struct{}

func (*fileMode) isLost() bool { return false }

func (*fileMode) lose(int) error { return blockingSupported() }

func (*fileMode) nonblocking(d *direction) syscall.Errno { return d.do(d) }

func (*fileMode) newPort(fd int) (*port, error) { return newPort(fd) }
