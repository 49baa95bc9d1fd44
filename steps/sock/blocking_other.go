//go:build !linux

package sock

import (
	"errors"
	"runtime"
	"syscall"
	"time"
)

func blockingSupported() error {
	return errors.New("a blocking descriptor is not supported on " + runtime.GOOS)
}

func (g *Group) closeLingering(_ time.Time, closing func() syscall.Errno) error {
	return asError(closing())
}

func (d *direction) performBlocking() error { return blockingSupported() }

// performUnblocked leaves EAGAIN as the result: only Linux has calls that wait for what cannot be polled.
func (d *direction) performUnblocked() error { return asError(d.errno) }

// fileMode has nothing to keep: O_NONBLOCK is never cleared.
type fileMode struct{}

func (*fileMode) whileNonblock(call func() syscall.Errno) syscall.Errno { return call() }

func (*fileMode) newPort(fd int) (*port, error) { return newPort(fd) }
