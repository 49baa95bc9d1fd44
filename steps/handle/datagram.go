package handle

import (
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// ethernetHeader is the size of two hardware addresses and a protocol.
const ethernetHeader = 14

// Datagram describes a message of the handle's socket.
func (h *Handle) Datagram(b []byte, remote sock.Addr, received bool) event.Datagram {
	d := event.NewDatagram(b, remote)
	s := h.Sock
	switch proto := s.Proto(); {
	case s.Family() == sock.FamilyPacket:
		if s.Type() == unix.SOCK_RAW {
			b = b[min(len(b), ethernetHeader):]
		}
		d.InFrame(b)
	case s.Type() == unix.SOCK_RAW && s.Family() == unix.AF_INET && (received || proto == unix.IPPROTO_RAW):
		d.Packet(b)
	case s.Type() == unix.SOCK_RAW && (s.Family() == unix.AF_INET || s.Family() == unix.AF_INET6):
		if !d.Packet(b) { // IP_HDRINCL
			d.Segment(proto, b)
		}
	case proto == unix.IPPROTO_ICMP || proto == unix.IPPROTO_ICMPV6:
		d.Segment(proto, b)
	}
	return d
}
