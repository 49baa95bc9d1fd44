package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Fcntl makes fcntl(2) with a number as its argument. O_NONBLOCK and FD_CLOEXEC
// are those that the scenario has asked for: the poller sets the one and the
// start of programs needs the other, whoever asks for them.
func (s *Socket) Fcntl(command, arg int) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("fcntl", err)
	}
	defer s.leave()
	result, errno := s.fcntl(command, arg)
	return result, failed("fcntl", asError(errno))
}

func (s *Socket) fcntl(command, arg int) (int, syscall.Errno) {
	switch command {
	case unix.F_GETFL:
		flags, errno := sysFcntl(s.caller(), s.fd, unix.F_GETFL, 0)
		return s.desc.mode.seen(flags), errno
	case unix.F_SETFL:
		return 0, s.desc.mode.setFlags(s.caller(), s.fd, arg, s.desc.foreign.Load())
	case unix.F_GETFD:
		if s.cloexec.Load() {
			return unix.FD_CLOEXEC, 0
		}
		return 0, 0
	case unix.F_SETFD:
		s.cloexec.Store(arg&unix.FD_CLOEXEC != 0)
		return 0, 0
	case unix.F_GETOWN:
		return sysGetown(s.caller(), s.fd)
	}
	return sysFcntl(s.caller(), s.fd, command, arg)
}

// DupFrom makes a second descriptor as [Socket.Dup] does, with the lowest
// number from least on (F_DUPFD, F_DUPFD_CLOEXEC of fcntl(2)).
func (s *Socket) DupFrom(least int, cloexec bool) (*Socket, error) {
	if err := s.enter(); err != nil {
		return nil, failed("fcntl", err)
	}
	defer s.leave()
	dup, err := s.dup(least)
	if err == nil {
		dup.cloexec.Store(cloexec)
	}
	return dup, failed("fcntl", err)
}

// dup makes a second descriptor with the lowest number from least on.
func (s *Socket) dup(least int) (*Socket, error) {
	fd, errno := sysFcntl(s.caller(), s.fd, unix.F_DUPFD_CLOEXEC, least)
	if errno != 0 {
		return nil, asError(errno)
	}
	k := s.kind
	k.blocking = k.blocking || s.desc.mode.isLost()
	return s.group.newSocket(fd, k, s.desc)
}

// believe sets the flags that socket(2), accept4(2) and the like were asked
// for, with the numbers of their SOCK_ flags.
func (s *Socket) believe(flags int) {
	if flags&SockNonblock != 0 {
		s.desc.mode.ask(s.caller(), s.fd)
	}
	s.cloexec.Store(flags&SockCloexec != 0)
}

// Nonblocking reports whether the scenario has asked for O_NONBLOCK: then its
// steps do not wait on any descriptor of the description.
func (d *Description) Nonblocking() bool { return d.mode.asked.Load() }
