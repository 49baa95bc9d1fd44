package sock

import (
	"math"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// AttachFilter sets SO_ATTACH_FILTER or SO_ATTACH_REUSEPORT_CBPF (socket(7)):
// program is the instructions of a classic BPF program, struct sock_filter one
// after the other in host order.
func (s *Socket) AttachFilter(option int, program []byte) error {
	count := len(program) / unix.SizeofSockFilter
	if count == 0 || count > math.MaxUint16 || len(program)%unix.SizeofSockFilter != 0 {
		return failed("setsockopt", syscall.EINVAL)
	}
	if err := s.enter(); err != nil {
		return failed("setsockopt", err)
	}
	defer s.leave()
	instructions := make([]unix.SockFilter, count)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&instructions[0])), len(program)), program)
	prog := unix.SockFprog{Len: uint16(count), Filter: &instructions[0]}
	if c := s.caller(); c.process != nil {
		at := int(unsafe.Offsetof(prog.Filter))
		errno := sysSetsockopt(c, s.fd, unix.SOL_SOCKET, option, forked.Bytes(&prog), forked.Ref{At: at, To: forked.In(program)})
		return failed("setsockopt", asError(errno))
	}
	err := unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, option, &prog)
	runtime.KeepAlive(instructions)
	return failed("setsockopt", err)
}

// getFilter reads SO_GET_FILTER, whose lengths count instructions and not bytes
// (sk_get_filter of the kernel). The result is the instructions' bytes; a
// buffer that is too small for all of them is EINVAL.
func getFilter(c caller, fd int, b []byte) (int, syscall.Errno) {
	count := uint32(len(b) / unix.SizeofSockFilter)
	if count == 0 {
		return 0, syscall.EINVAL // the kernel would take 0 for a question after the count
	}
	if c.process != nil {
		n, errno := c.getsockopt(fd, unix.SOL_SOCKET, unix.SO_GET_FILTER, b, int(count))
		return n * unix.SizeofSockFilter, errno
	}
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_GET_FILTER,
		uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&count)), 0)
	return int(count) * unix.SizeofSockFilter, errno
}
