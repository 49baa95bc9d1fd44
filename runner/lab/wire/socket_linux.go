package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxBatch is how many frames are read by one call.
	maxBatch = 32
	// tag is the size of a VLAN tag. The kernel takes it from a frame and
	// hands it over beside it; the frame is read behind room for it.
	tag = 4
	// maxFrame is the largest frame of an interface: an MTU of 65535, the
	// Ethernet header and two VLAN tags.
	maxFrame = 65535 + etherHeader + 2*tag
	// wantBuffer is how many bytes of frames the kernel shall keep for the
	// socket. Without the capability to force it, net.core.rmem_max is the
	// bound.
	wantBuffer = 16 << 20
)

// A socket is a packet socket (packet(7)) for all interfaces of a namespace.
type socket struct {
	file *os.File
	raw  syscall.RawConn
	fd   int
	to   map[int]*target // by the index of the interface
	// within calls a function on a thread of the namespace.
	within func(func())
	before map[int]uint64 // how many frames each interface had dropped when it was opened
	away   map[int]bool   // interfaces that are down on purpose, and drop all frames
	tagged atomic.Uint64  // how many frames with a VLAN tag were read
	turn   sync.Mutex     // of those who read
	batch  *batch         // what they read into; nil where nobody may
	// What is to be sent by the next call.
	out  [maxBatch]message
	data [maxBatch]unix.Iovec
	n    int
	err  error
}

// A target is an interface that frames are sent to.
type target struct {
	address unix.RawSockaddrLinklayer
	// tooLarge is the size of a frame that the other end of the pair of
	// interfaces has refused for good; 0: none.
	tooLarge int
}

// A message is struct mmsghdr (recvmmsg(2)).
type message struct {
	unix.Msghdr
	size uint32
}

// open opens a packet socket in the namespace where within calls a function.
func open(within func(func()), times bool) (s *socket, err error) {
	err = errors.New("the network of the links is closed")
	within(func() {
		if s, err = openHere(opening{times: times}); err == nil {
			s.within, s.away = within, make(map[int]bool)
			s.before, err = droppedHere()
		}
	})
	return s, err
}

// An opening says what a packet socket is for. The zero value is for the frames
// that come to all interfaces.
type opening struct {
	index int  // of the only interface; 0: all of them
	times bool // the kernel says when it took a frame
	// listens, unless it is nil, says which frames are wanted instead: those
	// that the interfaces send.
	listens *Which
}

// number is what a socket option takes.
func number(on bool) int {
	if on {
		return 1
	}
	return 0
}

// buffer is how many bytes of frames the kernel shall keep. A listener cannot
// make those wait who send.
func (o *opening) buffer() int {
	if o.listens != nil {
		return 4 * wantBuffer
	}
	return wantBuffer
}

// openHere opens one in the namespace of the calling thread.
func openHere(o opening) (*socket, error) {
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	for _, set := range []struct {
		name                 string
		level, option, value int
		needed               bool
	}{
		{"PACKET_IGNORE_OUTGOING", unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, number(o.listens == nil), true},
		{"SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, o.buffer(), true},
		{"SO_RCVBUFFORCE", unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, o.buffer(), false},
		{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, wantBuffer, true},
		{"SO_SNDBUFFORCE", unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, wantBuffer, false},
		{"PACKET_AUXDATA", unix.SOL_PACKET, unix.PACKET_AUXDATA, 1, true},
		{"SO_TIMESTAMPNS", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, number(o.times), true},
	} {
		if err := unix.SetsockoptInt(fd, set.level, set.option, set.value); err != nil && set.needed {
			unix.Close(fd)
			return nil, os.NewSyscallError("setsockopt "+set.name, err)
		}
	}
	if o.listens != nil {
		if err := listenTo(fd, o.listens); err != nil {
			unix.Close(fd)
			return nil, err
		}
	}
	// Bound last: it receives nothing before its options are set.
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: o.index}); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	s := &socket{file: os.NewFile(uintptr(fd), "packet socket"), fd: fd, to: map[int]*target{}}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		s.file.Close()
		return nil, err
	}
	return s, nil
}

// small reports whether the kernel keeps less for the socket than a quarter of
// what was wanted. It doubles the size that is asked for (socket(7)).
func (s *socket) small() bool {
	size, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	return err == nil && size < 2*wantBuffer/4
}

// stop ends read.
func (s *socket) stop() { s.file.SetReadDeadline(time.Now()) }

// close takes until the kernel's readers have let go of the socket, some
// milliseconds.
func (s *socket) close() { s.file.Close() }

// send notes a frame for the next flush. The frame must not change until then.
func (s *socket) send(index int, frame []byte) {
	if len(frame) == 0 {
		return
	}
	if s.n == maxBatch {
		s.err = errors.Join(s.err, s.transmit())
	}
	to := s.to[index]
	if to == nil {
		to = &target{address: unix.RawSockaddrLinklayer{Family: unix.AF_PACKET, Ifindex: int32(index)}}
		s.to[index] = to
	}
	v, m := &s.data[s.n], &s.out[s.n]
	v.Base = &frame[0]
	v.SetLen(len(frame))
	m.Name, m.Namelen, m.Iov = (*byte)(unsafe.Pointer(&to.address)), unix.SizeofSockaddrLinklayer, v
	m.SetIovlen(1)
	s.n++
}

// flush sends what was noted. The error says which frame the wire itself has
// lost.
func (s *socket) flush() error {
	err := errors.Join(s.err, s.transmit())
	s.err = nil
	return err
}

func (s *socket) transmit() (first error) {
	out := s.out[:s.n]
	s.n = 0
	for len(out) > 0 {
		n, errno := sendMessages(s.fd, out)
		if errno != 0 {
			n = 1
			if err := s.insist(errno, &out[0]); first == nil {
				first = err
			}
		}
		out = out[n:]
	}
	return first
}

func sendMessages(fd int, out []message) (int, unix.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&out[0])), uintptr(len(out)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// insist sends a frame that the kernel has refused, or finds that it is lost as
// on a cable. The error says that the wire itself has lost it.
func (s *socket) insist(errno unix.Errno, m *message) error {
	index := int((*unix.RawSockaddrLinklayer)(unsafe.Pointer(m.Name)).Ifindex)
	to, size := s.to[index], int(m.Iov.Len)
	toldDown := false
	for end := time.Now().Add(patience); ; {
		switch errno {
		case 0:
			return nil
		case unix.ENETDOWN:
			// A socket of one interface says once that it was down before.
			if toldDown {
				return nil
			}
			toldDown = true
		case unix.ENXIO, unix.ENODEV: // the end is gone
			return nil
		case unix.EMSGSIZE: // too large for the end
			return nil
		case unix.EINTR:
		case unix.EAGAIN:
			// The buffer is full of frames that the other end has not yet
			// taken.
			unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, 1)
		case unix.ENOBUFS:
			// The other end's queue is full (netdev_max_backlog), or the frame
			// is larger than its MTU. The kernel does not say which; but a
			// queue gets empty.
			if to.tooLarge > 0 && size >= to.tooLarge {
				return nil
			}
			if time.Now().After(end) {
				to.tooLarge = size
				return nil
			}
			time.Sleep(100 * time.Microsecond)
		default:
			return fmt.Errorf("the wire lost a frame of %d bytes to interface %d: %w", size, index, errno)
		}
		if time.Now().After(end) && errno != unix.ENOBUFS {
			return fmt.Errorf("the wire lost a frame of %d bytes to interface %d: the kernel did not take it for %v", size, index, patience)
		}
		_, errno = sendMessages(s.fd, unsafe.Slice(m, 1))
	}
}
