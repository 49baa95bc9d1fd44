package sock

import (
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
	fd, err := s.ours()
	if err != nil {
		return nil, failed("dup", err)
	}
	if err := s.goForeign(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "socket"), nil
}

// ours is a descriptor of this process for the same open file.
func (s *Socket) ours() (int, error) {
	if p := s.group.process; p != nil {
		return p.forked.Descriptor(s.fd)
	}
	return unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
}

// goForeign notes that another process gets a descriptor of the file. A program
// blocks on it unless it asks for the contrary.
func (s *Socket) goForeign() error {
	s.desc.foreign.Store(true)
	return failed("fcntl", s.desc.mode.lose(s.caller(), s.fd))
}
