package sock

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// AttachFilter sets SO_ATTACH_FILTER (socket(7)): program is the instructions of a classic BPF program, struct sock_filter one after
// the other in host order.
func (s *Socket) AttachFilter(program []byte) error {
	if len(program) == 0 || len(program)%unix.SizeofSockFilter != 0 {
		return failed("setsockopt", syscall.EINVAL)
	}
	if err := s.enter(); err != nil {
		return failed("setsockopt", err)
	}
	defer s.leave()
	instructions := make([]unix.SockFilter, len(program)/unix.SizeofSockFilter)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&instructions[0])), len(program)), program)
	err := unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(instructions)), Filter: &instructions[0]})
	runtime.KeepAlive(instructions)
	return failed("setsockopt", err)
}
