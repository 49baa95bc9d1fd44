package sock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Share makes a descriptor of the same open file for a program that expects to
// block. O_NONBLOCK belongs to the file, which loses it for good.
func (s *Socket) Share() (*os.File, error) {
	if err := s.enter(); err != nil {
		return nil, failed("dup", err)
	}
	defer s.leave()
	if s.group.process != nil {
		return nil, failed("dup", errOfProcess)
	}
	fd, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, failed("dup", err)
	}
	if err := s.goForeign(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "socket"), nil
}

// errOfProcess is why a descriptor cannot be handed to a program from here.
var errOfProcess = errors.New("a forked process has this descriptor, and only it can hand it on")

// goForeign notes that another process gets a descriptor of the file. A program
// blocks on it unless it asks for the contrary.
func (s *Socket) goForeign() error {
	s.desc.foreign.Store(true)
	return failed("fcntl", s.desc.mode.lose(s.caller(), s.fd))
}
