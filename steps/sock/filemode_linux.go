package sock

import (
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// fileMode keeps the O_NONBLOCK of a polled description, which all its descriptors share, cleared as long as any call needs that.
type fileMode struct {
	mu      sync.Mutex
	cleared int           // calls that need O_NONBLOCK cleared
	moments atomic.Uint64 // how often it was set for a moment in between
}

func (m *fileMode) unblock(fd int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cleared == 0 {
		if err := unix.SetNonblock(fd, false); err != nil {
			return err
		}
	}
	m.cleared++
	return nil
}

func (m *fileMode) reblock(fd int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cleared--; m.cleared == 0 {
		unix.SetNonblock(fd, true)
	}
}

// whileNonblock makes a call that would block without O_NONBLOCK. While that is cleared its answer is EAGAIN.
func (m *fileMode) whileNonblock(call func() syscall.Errno) syscall.Errno {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cleared > 0 {
		return syscall.EAGAIN
	}
	return call()
}

// newPort is newPort for a descriptor of this description. The poller takes only a descriptor that has O_NONBLOCK at that moment.
func (m *fileMode) newPort(fd int) (*port, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cleared > 0 {
		m.moments.Add(1)
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, err
		}
		defer unix.SetNonblock(fd, false)
	}
	return newPort(fd)
}
