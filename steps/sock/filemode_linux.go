package sock

import (
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// fileMode keeps the O_NONBLOCK of a description, which all its descriptors
// share, also those of other processes. A polled description has the flag,
// except as long as a call needs it cleared. When it goes to a program, it has
// the flag for good only if the scenario has asked for it; so has one that
// blocks.
type fileMode struct {
	mu      sync.RWMutex  // read-locked by a call that relies on the flag, locked to change it
	cleared int           // calls that need the flag cleared
	lost    bool          // the poller does not need it any more
	asked   atomic.Bool   // the scenario has asked for it
	moments atomic.Uint64 // how often it was set for a moment while it was cleared
}

// unblock clears the flag until reblock.
func (m *fileMode) unblock(c caller, fd int) error { return m.change(c, fd, func() { m.cleared++ }) }

func (m *fileMode) reblock(c caller, fd int) { m.change(c, fd, func() { m.cleared-- }) }

// lose says that the poller does not need the flag any more.
func (m *fileMode) lose(c caller, fd int) error { return m.change(c, fd, func() { m.lost = true }) }

// ask sets the flag for the scenario.
func (m *fileMode) ask(c caller, fd int) { m.change(c, fd, func() { m.asked.Store(true) }) }

// change changes who needs the flag, and the flag where that makes a
// difference.
func (m *fileMode) change(c caller, fd int, needs func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.isCleared()
	needs()
	if now := m.isCleared(); now != before {
		return setNonblock(c, fd, !now)
	}
	return nil
}

// isCleared reports whether the file does not have the flag. m.mu is held.
func (m *fileMode) isCleared() bool { return (m.cleared > 0 || m.lost) && !m.asked.Load() }

func (m *fileMode) isLost() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.lost
}

// seen are the status flags as the scenario sees them.
func (m *fileMode) seen(flags int) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.lost { // else they are as the scenario and the programs want them
		flags &^= unix.O_NONBLOCK
		if m.asked.Load() {
			flags |= unix.O_NONBLOCK
		}
	}
	return flags &^ unasked
}

// setFlags is F_SETFL. A file that a program has too gets exactly the flags
// that the scenario asks for.
func (m *fileMode) setFlags(c caller, fd, flags int, foreign bool) syscall.Errno {
	m.mu.Lock()
	defer m.mu.Unlock()
	asks := flags&unix.O_NONBLOCK != 0
	if !asks && m.cleared == 0 && !m.lost && !foreign {
		flags |= unix.O_NONBLOCK
	}
	if _, errno := sysFcntl(c, fd, unix.F_SETFL, flags); errno != 0 {
		return errno
	}
	m.lost = m.lost || foreign
	m.asked.Store(asks)
	return 0
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
	c, fd := d.socket.caller(), d.socket.fd
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isCleared() {
		return d.do(d)
	}
	m.moments.Add(1)
	if err := setNonblock(c, fd, true); err != nil {
		return asErrno(err)
	}
	defer func() {
		if err := setNonblock(c, fd, false); err != nil && errno == 0 {
			errno = asErrno(err)
		}
	}()
	return d.do(d)
}

// forTransfer gives the file the flag that a transfer needs until restore: set
// for one that must not wait, while nobody else changes it, and as the scenario
// has set it for any other one. A process's own file keeps the latter.
func (m *fileMode) forTransfer(c caller, fd int, noWait bool) (restore func(), err error) {
	switch {
	case !noWait && c.process != nil:
		return func() {}, m.lose(c, fd)
	case !noWait:
		return func() { m.reblock(c, fd) }, m.unblock(c, fd)
	}
	m.mu.Lock()
	if !m.isCleared() {
		return m.mu.Unlock, nil
	}
	m.moments.Add(1)
	if err := setNonblock(c, fd, true); err != nil {
		m.mu.Unlock()
		return nil, err
	}
	return func() {
		setNonblock(c, fd, false)
		m.mu.Unlock()
	}, nil
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
