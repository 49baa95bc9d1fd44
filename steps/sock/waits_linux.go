package sock

import (
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The options of a description that change how its calls wait, as bits of
// Description.waits.
const (
	receiveTimed = 1 << iota // SO_RCVTIMEO: a receive or accept ends with EAGAIN
	sendTimed                // SO_SNDTIMEO: a send or connect does
	lowWater                 // SO_RCVLOWAT: a receive from a stream waits for several bytes
	deferredOpen             // TCP_FASTOPEN_CONNECT: the first send makes the connection
)

// Each time limit has two numbers, of which the second goes with a struct
// timeval of 64 bits on every machine (asm-generic/socket.h).
const (
	soRcvtimeoNew = 66
	soSndtimeoNew = 67
)

// changesWaits reports whether an option is one of those that learnWaits asks
// for.
func changesWaits(level, name int) bool {
	switch level {
	case unix.SOL_SOCKET:
		switch name {
		case unix.SO_RCVTIMEO, unix.SO_SNDTIMEO, soRcvtimeoNew, soSndtimeoNew, unix.SO_RCVLOWAT:
			return true
		}
	case unix.IPPROTO_TCP:
		return name == unix.TCP_FASTOPEN_CONNECT
	}
	return false
}

// learnWaits asks the kernel for the options that change how calls wait. Not
// every socket has all of them.
func (s *Socket) learnWaits() {
	var waits uint32
	c := s.caller()
	for option, bit := range map[int]uint32{unix.SO_RCVTIMEO: receiveTimed, unix.SO_SNDTIMEO: sendTimed} {
		limit := make([]byte, unsafe.Sizeof(unix.Timeval{}))
		if _, errno := sysGetsockopt(c, s.fd, unix.SOL_SOCKET, option, limit); errno == 0 && slices.Max(limit) != 0 {
			waits |= bit
		}
	}
	if n, errno := sysGetsockoptInt(c, s.fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT); errno == 0 && n != 1 {
		waits |= lowWater
	}
	if n, errno := sysGetsockoptInt(c, s.fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT); errno == 0 && n != 0 {
		waits |= deferredOpen
	}
	s.desc.waits.Store(waits)
}

// settleAgain looks at an EAGAIN of a call that may wait. The kernel does not
// let every such call wait: once shutdown(2) has ended the receiving direction,
// a receive of datagrams returns 0 and an accept of AF_UNIX fails, although
// without waiting both give EAGAIN; and without a free port the EAGAIN is the
// result.
func (d *direction) settleAgain() {
	switch {
	case d.message && d.stillAgainAfterShutdown():
		d.n, d.errno = 0, 0
	case d.accepts && d.socket.family == unix.AF_UNIX && d.stillAgainAfterShutdown():
		d.errno = syscall.EINVAL
	case d.socket.lacksPort():
		d.again = againEnds
	}
}

// stillAgainAfterShutdown reports whether the receiving direction has ended.
// What came before the end is there for the call, which is made again for it.
func (d *direction) stillAgainAfterShutdown() bool {
	if revents, errno := pollNow(d.caller(), d.socket.fd, unix.POLLRDHUP); errno != 0 || revents&unix.POLLRDHUP == 0 {
		return false
	}
	d.once()
	return d.errno == syscall.EAGAIN
}

// lacksPort reports whether this is a datagram socket of the Internet's without
// a port: a send would have given it one.
func (s *Socket) lacksPort() bool {
	if s == nil || s.typ != unix.SOCK_DGRAM || s.family != unix.AF_INET && s.family != unix.AF_INET6 {
		return false
	}
	a, errno := sysGetsockname(s.caller(), s.fd, s.kind)
	return errno == 0 && a.Port == 0
}
