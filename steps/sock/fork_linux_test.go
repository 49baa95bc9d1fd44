package sock

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// A close waits for a fork under way, whose copy of the descriptor would make
// it one of two.
func TestCloseDuringFork(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		s := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, blocking)
		fd := s.FD()
		Forks.Lock()
		done := start(func() (int, error) { return 0, s.Close() })
		waits(&forks, aClose, 1)
		_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		Forks.Unlock()
		must(t, err)
		must(t, await(t, done).err)
	})
}

// A close that lingers keeps no fork waiting.
func TestForkDuringLingeringClose(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, cancel := newGroup(t)
		a, b := tcpPair(t, g, blocking)
		must(t, a.SetBytes(unix.SOL_SOCKET, unix.SO_LINGER, EncodeLinger(1, 3600)))
		sendingToFull(t, a, b)
		done := start(func() (int, error) { return 0, a.Close() })
		waitBlocked(t, 1)
		must(t, await(t, start(func() (int, error) {
			Forks.Lock()
			defer Forks.Unlock()
			return 0, nil
		})).err)
		select {
		case r := <-done:
			t.Errorf("the close has ended: %v", r.err)
		default:
		}
		cancel(errors.New("enough"))
		must(t, await(t, done).err)
	})
}
