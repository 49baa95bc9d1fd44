//go:build !linux

package sock

import (
	"errors"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// threads reports whether calls can be made on threads of their own.
const threads = false

func blockingSupported() error {
	return errors.New("a blocking descriptor is not supported on " + runtime.GOOS)
}

func (g *Group) closeLingering(_ time.Time, closing func() syscall.Errno) error {
	return asError(closing())
}

// openPath does not wait for the other end of a FIFO.
func (g *Group) openPath(_ Wait, path string, flags int, mode uint32) (int, error) {
	return unix.Open(path, flags|unix.O_NONBLOCK, mode)
}

// performThreaded leaves EAGAIN as the result: only on Linux calls are made on
// threads of their own.
func (d *direction) performThreaded() error {
	if d.socket.blocking {
		return blockingSupported()
	}
	return asError(d.errno)
}

func (d *direction) performForked() error { return blockingSupported() }

// fileMode has the O_NONBLOCK that the scenario has asked for. The one of the
// file is never cleared.
type fileMode struct{ asked atomic.Bool }

func (*fileMode) isLost() bool { return false }

func (*fileMode) lose(caller, int) error { return blockingSupported() }

func (m *fileMode) ask(caller, int) { m.asked.Store(true) }

func (m *fileMode) seen(flags int) int {
	if m.asked.Load() {
		return flags
	}
	return flags &^ unix.O_NONBLOCK
}

func (m *fileMode) setFlags(c caller, fd, flags int, _ bool) syscall.Errno {
	_, errno := sysFcntl(c, fd, unix.F_SETFL, flags|unix.O_NONBLOCK)
	if errno == 0 {
		m.asked.Store(flags&unix.O_NONBLOCK != 0)
	}
	return errno
}

func (*fileMode) nonblocking(d *direction) syscall.Errno { return d.do(d) }

func (*fileMode) newPort(fd int) (*port, error) { return newPort(fd) }
