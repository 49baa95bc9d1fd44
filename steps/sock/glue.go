package sock

import (
	"encoding/binary"
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// glue is how the kernel joins and splits the datagrams of a socket (udp(7)):
// MSG_MORE and UDP_CORK hold bytes back until one datagram of them all goes,
// UDP_SEGMENT cuts what is sent into datagrams of a size.
type glue struct {
	mu      sync.Mutex
	corked  bool
	segment int
	held    []byte
}

// Emit says what a send of b lets go: b behind all that was held back before
// it, and the size of the datagrams that it is cut into, 0 for one datagram. It
// is false where b is held back as well. Sockets that neither join nor split
// let b go.
func (s *Socket) Emit(b []byte, flags int) (data []byte, segment int, goes bool) {
	if s.family != unix.AF_INET && s.family != unix.AF_INET6 || s.stream() {
		return b, 0, true
	}
	g := &s.desc.glue
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.corked || flags&msgMore != 0 {
		g.held = append(g.held, b...)
		return nil, 0, false
	}
	if len(g.held) > 0 {
		b, g.held = append(g.held, b...), nil
	}
	return b, g.segment, true
}

// Uncork says what the end of UDP_CORK lets go; false where nothing is held
// back.
func (s *Socket) Uncork() (data []byte, segment int, goes bool) {
	g := &s.desc.glue
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.corked || len(g.held) == 0 {
		return nil, 0, false
	}
	data, g.held = g.held, nil
	return data, g.segment, true
}

// Unglue forgets what is held back: the kernel drops it when a further send
// fails.
func (s *Socket) Unglue() {
	g := &s.desc.glue
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = nil
}

// Spread reports whether the message of a send that failed has gone all the
// same, and counts it. One to a group of netlink(7) goes to the members first,
// and then to the port that the address has too, where there may be nobody, or
// no room.
func (s *Socket) Spread(to Addr, err error) bool {
	_, group := to.Netlink()
	atPort := errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR)
	if group == 0 || !atPort {
		return false
	}
	s.sent(0)
	return true
}

// Netlink reports a socket of AF_NETLINK.
func (s *Socket) Netlink() bool { return s.family == afNetlink }

// noteOption keeps the options that the order of events depends on.
func (s *Socket) noteOption(level, name int, b []byte) {
	value := 0
	if len(b) >= 4 {
		value = int(int32(binary.NativeEndian.Uint32(b)))
	}
	g := &s.desc.glue
	switch {
	case level == unix.IPPROTO_UDP && name == udpCork:
		g.mu.Lock()
		g.corked = value != 0
		g.mu.Unlock()
	case level == unix.IPPROTO_UDP && name == udpSegment:
		g.mu.Lock()
		g.segment = value
		g.mu.Unlock()
	case level == unix.SOL_SOCKET && name == soPeekOff:
		s.desc.peekOff.Store(value >= 0)
	case s.Netlink() && level == solNetlink && name == netlinkAddMembership && value > 0 && value <= 32:
		s.desc.groups.Or(1 << (value - 1)) // no address has a bit for more
	}
}

// PeekOffset is where the next look with MSG_PEEK begins, counted from the
// first byte that was not received yet: 0 unless SO_PEEK_OFF is set
// (socket(7)).
func (s *Socket) PeekOffset() int64 {
	if !s.desc.peekOff.Load() {
		return 0
	}
	n, err := s.GetInt(unix.SOL_SOCKET, soPeekOff)
	if err != nil || n < 0 {
		return 0
	}
	return int64(n)
}

// SegmentSize is the size that UDP_SEGMENT in a control message gives (udp(7));
// 0 where there is none.
func SegmentSize(control []byte) int {
	if len(control) == 0 {
		return 0
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level == unix.IPPROTO_UDP && m.Header.Type == int32(udpSegment) && len(m.Data) >= 2 {
			return int(binary.NativeEndian.Uint16(m.Data))
		}
	}
	return 0
}
