package sock

import (
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// fileMode keeps the O_NONBLOCK of a description, which all its descriptors
// share, also those of other processes. A polled description has the flag,
// except as long as a call needs it cleared. It loses the flag for good when it
// goes to a program; one that blocks never has it.
type fileMode struct {
	mu      sync.RWMutex  // read-locked by a call that relies on the flag, locked to change it
	cleared int           // calls that need the flag cleared
	lost    bool          // it is cleared for good
	moments atomic.Uint64 // how often it was set for a moment while it was cleared
}

// unblock clears the flag until reblock.
func (m *fileMode) unblock(fd int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isCleared() {
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
	if m.cleared--; !m.isCleared() {
		unix.SetNonblock(fd, true)
	}
}

// isCleared reports whether the file does not have the flag. m.mu is held.
func (m *fileMode) isCleared() bool { return m.cleared > 0 || m.lost }

// lose clears the flag for good.
func (m *fileMode) lose(fd int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost {
		return nil
	}
	m.lost = true
	return unix.SetNonblock(fd, false)
}

func (m *fileMode) isLost() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.lost
}

// nonblocking makes a call that would block without the flag. While that is
// cleared, a call that may wait has to be made on a thread; for one that must
// not wait the flag is set for the moment.
func (m *fileMode) nonblocking(d *direction) syscall.Errno {
	m.mu.RLock()
	if !m.isCleared() {
		defer m.mu.RUnlock()
		return d.do(d)
	}
	m.mu.RUnlock()
	if !d.wait.NoWait {
		d.again = againBlocks
		return syscall.EAGAIN
	}
	return m.forTheMoment(d)
}

func (m *fileMode) forTheMoment(d *direction) (errno syscall.Errno) {
	fd := d.socket.fd
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isCleared() {
		return d.do(d)
	}
	m.moments.Add(1)
	if err := unix.SetNonblock(fd, true); err != nil {
		return asErrno(err)
	}
	defer func() {
		if err := unix.SetNonblock(fd, false); err != nil && errno == 0 {
			errno = asErrno(err)
		}
	}()
	return d.do(d)
}

// newPort is newPort for a descriptor of this description. The poller takes
// only a descriptor that has O_NONBLOCK at that moment.
func (m *fileMode) newPort(fd int) (*port, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isCleared() {
		m.moments.Add(1)
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, err
		}
		defer unix.SetNonblock(fd, false)
	}
	return newPort(fd)
}
