package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxBatch is how many frames are read by one call.
	maxBatch = 32
	// maxFrame is the largest frame of an interface: an MTU of 65535, the
	// Ethernet header and two VLAN tags.
	maxFrame = 65535 + etherHeader + 2*4
	// wantBuffer is how many bytes of frames the kernel shall keep for the
	// socket. Without the capability to force it, net.core.rmem_max is the
	// bound.
	wantBuffer = 16 << 20
)

// A received frame is valid until the function returns that it was handed to.
type received struct {
	index int // of the interface that it came from
	time  time.Time
	frame []byte
}

// A socket is a packet socket (packet(7)) for all interfaces of a namespace.
type socket struct {
	file *os.File
	raw  syscall.RawConn
	fd   int
	to   map[int]*unix.RawSockaddrLinklayer // interfaces that frames went to
	// What is to be sent by the next call.
	out  [maxBatch]message
	data [maxBatch]unix.Iovec
	n    int
	err  error
}

// A message is struct mmsghdr (recvmmsg(2)).
type message struct {
	unix.Msghdr
	size uint32
}

// open opens a packet socket in the namespace of the calling thread.
func open(times bool) (*socket, error) {
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	for _, o := range []struct {
		name                 string
		level, option, value int
		needed               bool
	}{
		{"PACKET_IGNORE_OUTGOING", unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1, true},
		{"SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, wantBuffer, true},
		{"SO_RCVBUFFORCE", unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, wantBuffer, false},
		{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, wantBuffer, true},
		{"SO_SNDBUFFORCE", unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, wantBuffer, false},
		{"SO_TIMESTAMPNS", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1, times},
	} {
		if o.option == unix.SO_TIMESTAMPNS && !times {
			continue
		}
		if err := unix.SetsockoptInt(fd, o.level, o.option, o.value); err != nil && o.needed {
			unix.Close(fd)
			return nil, os.NewSyscallError("setsockopt "+o.name, err)
		}
	}
	// Bound last: it receives nothing before its options are set.
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all}); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	s := &socket{file: os.NewFile(uintptr(fd), "packet socket"), fd: fd, to: map[int]*unix.RawSockaddrLinklayer{}}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		s.file.Close()
		return nil, err
	}
	return s, nil
}

// close ends read. It takes until the kernel's readers have let go of the
// socket, some milliseconds.
func (s *socket) close() { s.file.Close() }

// A batch is the memory for the frames that one call reads.
type batch struct {
	data     [maxBatch][maxFrame]byte
	vectors  [maxBatch]unix.Iovec
	from     [maxBatch]unix.RawSockaddrLinklayer
	control  [maxBatch][64]byte
	messages [maxBatch]message
	frames   [maxBatch]received
}

// batches keeps the memory of wires that have ended: most of it is never
// touched, but a new one would have to be cleared.
var batches = sync.Pool{New: func() any {
	b := new(batch)
	for i := range b.messages {
		b.vectors[i].Base = &b.data[i][0]
		b.vectors[i].SetLen(maxFrame)
		m := &b.messages[i]
		m.Name = (*byte)(unsafe.Pointer(&b.from[i]))
		m.Iov = &b.vectors[i]
		m.SetIovlen(1)
	}
	return b
}}

// read hands over frames, in the order in which they came, until the socket is
// closed.
func (s *socket) read(enter func([]received)) error {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	for {
		n, err := 0, error(nil)
		closed := s.raw.Read(func(fd uintptr) bool {
			n, err = b.receive(fd)
			return err != unix.EAGAIN
		})
		switch {
		case closed != nil:
			return nil
		case err == unix.ENETDOWN:
			// An interface went down; the socket says so once (packet(7)).
		case err != nil:
			return os.NewSyscallError("recvmmsg", err)
		default:
			enter(b.frames[:n])
		}
	}
}

// receive reads the frames that are there.
func (b *batch) receive(fd uintptr) (int, error) {
	for i := range b.messages {
		m := &b.messages[i]
		m.Namelen = unix.SizeofSockaddrLinklayer
		m.Control = &b.control[i][0]
		m.SetControllen(len(b.control[i]))
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.messages[0])), maxBatch, unix.MSG_DONTWAIT, 0, 0)
	if errno == unix.EINTR {
		return 0, nil
	}
	if errno != 0 {
		return 0, errno
	}
	for i := range int(n) {
		m := &b.messages[i]
		b.frames[i] = received{
			index: int(b.from[i].Ifindex),
			frame: b.data[i][:m.size],
			time:  stamp(b.control[i][:m.Controllen]),
		}
	}
	return int(n), nil
}

// stamp is the time that the kernel wrote beside a frame; zero where it did
// not.
func stamp(control []byte) (t time.Time) {
	for len(control) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS {
			s := (*unix.Timespec)(unsafe.Pointer(&control[unix.CmsgLen(0)]))
			return time.Unix(s.Unix())
		}
		control = control[min(unix.CmsgSpace(int(h.Len)-unix.CmsgLen(0)), len(control)):]
	}
	return time.Time{}
}

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
		to = &unix.RawSockaddrLinklayer{Family: unix.AF_PACKET, Ifindex: int32(index)}
		s.to[index] = to
	}
	v, m := &s.data[s.n], &s.out[s.n]
	v.Base = &frame[0]
	v.SetLen(len(frame))
	m.Name, m.Namelen, m.Iov = (*byte)(unsafe.Pointer(to)), unix.SizeofSockaddrLinklayer, v
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
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&out[0])), uintptr(len(out)), unix.MSG_DONTWAIT, 0, 0)
		if errno == 0 {
			out = out[n:]
			continue
		}
		again, err := s.refused(errno, &out[0])
		if !again {
			out = out[1:]
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// refused decides what the error means with which a frame was not sent.
func (s *socket) refused(errno unix.Errno, m *message) (again bool, err error) {
	to := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(m.Name))
	switch errno {
	case unix.EINTR:
		return true, nil
	case unix.EAGAIN:
		// The buffer is full of frames that the receiver's end has not yet
		// taken. The kernel takes them soon; those that come wait.
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, 1000)
		if n > 0 || err == unix.EINTR {
			return true, nil
		}
		return false, errors.New("the wire lost a frame: the kernel did not take it for a second")
	case unix.ENETDOWN, unix.ENXIO, unix.ENODEV:
		return false, nil // the end is down or gone: the frame is lost as on a cable
	}
	return false, fmt.Errorf("the wire lost a frame of %d bytes to interface %d: %w", m.Iov.Len, to.Ifindex, errno)
}

// lost is an error where the kernel had to drop frames because the socket had
// no room for them.
func (s *socket) lost() error {
	stats, err := unix.GetsockoptTpacketStats(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return os.NewSyscallError("getsockopt PACKET_STATISTICS", err)
	}
	if stats.Drops > 0 {
		return fmt.Errorf("the wire lost %d of %d frames: they came faster than they could be read; root may have a larger buffer, and others after sysctl net.core.rmem_max=%d", stats.Drops, stats.Packets, wantBuffer)
	}
	return nil
}
