package sock

import (
	"os"

	"golang.org/x/sys/unix"
)

// Share makes a descriptor of the same open file for a program that expects to block. O_NONBLOCK belongs to the file and goes away
// with this, so later calls on s run on a thread of their own. No other call may be under way.
func (s *Socket) Share() (*os.File, error) {
	if err := s.enter(); err != nil {
		return nil, failed("dup", err)
	}
	defer s.leave()
	fd, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, failed("dup", err)
	}
	if !s.blocking {
		if err := blockingSupported(); err != nil {
			unix.Close(fd)
			return nil, err
		}
		s.blocking = true
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		unix.Close(fd)
		return nil, failed("fcntl", err)
	}
	return os.NewFile(uintptr(fd), "socket"), nil
}
