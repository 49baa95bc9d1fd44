package sock

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// SetInt sets an option whose value is an int (setsockopt(2)).
func (s *Socket) SetInt(level, name, value int) error {
	if err := s.enter(); err != nil {
		return failed("setsockopt", err)
	}
	defer s.leave()
	errno := sysSetsockoptInt(s.caller(), s.fd, level, name, value)
	if errno == 0 {
		s.noteOption(level, name, binary.NativeEndian.AppendUint32(nil, uint32(value)))
	}
	s.optionSet(level, name)
	return failed("setsockopt", asError(errno))
}

// GetInt reads an option whose value is an int (getsockopt(2)).
func (s *Socket) GetInt(level, name int) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("getsockopt", err)
	}
	defer s.leave()
	value, errno := sysGetsockoptInt(s.caller(), s.fd, level, name)
	return value, failed("getsockopt", asError(errno))
}

// SetBytes sets an option to the bytes of b, in the layout that the kernel
// wants (setsockopt(2)).
func (s *Socket) SetBytes(level, name int, b []byte) error {
	if err := s.enter(); err != nil {
		return failed("setsockopt", err)
	}
	defer s.leave()
	errno := sysSetsockopt(s.caller(), s.fd, level, name, b)
	if errno == 0 {
		s.noteOption(level, name, b)
	}
	s.optionSet(level, name)
	return failed("setsockopt", asError(errno))
}

// optionSet notes what an option changes in the way in which calls wait.
func (s *Socket) optionSet(level, name int) {
	switch {
	case level == unix.SOL_SOCKET && name == unix.SO_LINGER:
		s.desc.lingers.Store(true)
	case changesWaits(level, name):
		s.learnWaits()
	}
	if level == unix.SOL_SOCKET && (name == soPassCred || name == soPassPidfd) {
		s.desc.credentials.Store(true)
	}
}

// GetBytes reads an option of at most size bytes; the result has the length
// that the kernel gave (getsockopt(2)).
func (s *Socket) GetBytes(level, name, size int) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, failed("getsockopt", err)
	}
	defer s.leave()
	given := GivesDescriptor(level, name)
	b := make([]byte, size)
	if given {
		b = make([]byte, max(size, descriptorSize)) // all of it, to close it
	}
	n, errno := sysGetsockopt(s.caller(), s.fd, level, name, b)
	if errno != 0 {
		return nil, failed("getsockopt", asError(errno))
	}
	if given && n >= descriptorSize {
		sysClose(s.caller(), int(int32(binary.NativeEndian.Uint32(b))))
	}
	return b[:min(n, size)], nil
}

const descriptorSize = 4 // of an int

// GetDescriptor reads an option whose value is a new descriptor, which the
// caller has to adopt or to close.
func (s *Socket) GetDescriptor(level, name int) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("getsockopt", err)
	}
	defer s.leave()
	fd, errno := sysGetsockoptInt(s.caller(), s.fd, level, name)
	return fd, failed("getsockopt", asError(errno))
}

// GivesDescriptor reports the option whose value is a new descriptor. GetBytes
// closes it.
func GivesDescriptor(level, name int) bool {
	return level == unix.SOL_SOCKET && name == soPeerPidfd
}

// Ioctl makes a request that returns one int: FIONREAD, SIOCOUTQ, SIOCATMARK
// (tcp(7), [RequestByName]).
func (s *Socket) Ioctl(request int) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("ioctl", err)
	}
	defer s.leave()
	value, errno := sysIoctlInt(s.caller(), s.fd, request)
	return value, failed("ioctl", asError(errno))
}
