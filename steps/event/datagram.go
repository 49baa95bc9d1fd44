package event

import (
	"encoding/binary"
	"hash/crc64"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// HeadLen is how much of a datagram's beginning is kept, by which one that was
// cut is known.
const HeadLen = 32

// A Datagram separates one message from others: by hashes of its bytes and by
// where it went or came from.
type Datagram struct {
	Sum    uint64
	Len    int
	Head   [HeadLen]byte // what is behind the headers
	Cut    bool          // a receive filled its buffer: the message may be longer
	Remote sock.Addr     // where it went or came from

	// Of a packet that was sent or received with headers: their length, hashes
	// of what they hold, and the destination that they say.
	Frame   bool // of a packet socket
	Headers int
	Inner   []uint64
	To      sock.Addr
	TCP     *Segment  // where it is one
	Quoted  *Datagram // the packet that an ICMP error is about
	isQuote bool
}

// A Segment is what the header of a TCP segment says.
type Segment struct {
	Seq, Ack uint32
	Flags    uint8
	Len      int // bytes of data
}

// The flags of a segment.
const (
	TCPFin = 1 << 0
	TCPSyn = 1 << 1
	TCPRst = 1 << 2
	TCPAck = 1 << 4
)

// ecma is the table of ECMA-182's polynomial. Most runs make no datagram.
var ecma = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(crc64.ECMA) })

// sum tells datagrams of different content apart. It is the same in every
// process, so that a record can be read in another.
func sum(b []byte) uint64 { return crc64.Checksum(b, ecma()) }

// NewDatagram describes a message by its bytes and by where it went or came
// from.
func NewDatagram(b []byte, remote sock.Addr) Datagram {
	d := Datagram{Sum: sum(b), Len: len(b), Remote: remote}
	copy(d.Head[:], b)
	return d
}

// Begins reports whether what was received is the beginning of a message that
// was sent.
func (d *Datagram) Begins(sent *Datagram) bool {
	n := d.Len - d.Headers
	if !d.Cut || n < 0 || n >= sent.Len-sent.Headers {
		return false
	}
	n = min(n, HeadLen)
	return string(d.Head[:n]) == string(sent.Head[:n])
}

// The lengths of headers without options.
const (
	headerIPv4 = 20
	headerIPv6 = 40
	headerUDP  = 8
	headerTCP  = 20
	headerICMP = 8
)

// InFrame looks into what a packet socket sent or received: the last bytes of
// the message, behind the header of the link.
func (d *Datagram) InFrame(b []byte) {
	d.Frame = true
	d.Inner = append(d.Inner, sum(b))
	d.holds(d.Len-len(b), b)
	d.Packet(b)
}

// FrameOnLink describes a frame with an Ethernet header. First is the place of
// its first byte in a TCP stream, from 1, and 0 where nobody knows it; the
// number of the segment counts as that does.
func FrameOnLink(b []byte, first int64) Datagram {
	const header = 14
	d := NewDatagram(b, sock.Addr{})
	d.InFrame(b[min(len(b), header):])
	if d.TCP != nil {
		d.TCP.Seq, d.TCP.Ack = uint32(first), 0
	}
	return d
}

// Packet looks behind the header of an IPv4 or IPv6 packet, which is the last
// part of the message.
func (d *Datagram) Packet(b []byte) bool {
	switch {
	case len(b) >= headerIPv4 && b[0]>>4 == 4 && len(b) >= int(b[0]&15)*4 && b[0]&15 >= 5:
		header := int(b[0]&15) * 4
		d.between(unix.AF_INET, b[12:16], b[16:20])
		d.inside(int(b[9]), b[header:], int(binary.BigEndian.Uint16(b[2:]))-header)
	case len(b) >= headerIPv6 && b[0]>>4 == 6:
		d.between(unix.AF_INET6, b[8:24], b[24:40])
		d.inside(int(b[6]), b[headerIPv6:], int(binary.BigEndian.Uint16(b[4:])))
	default:
		return false
	}
	return true
}

// inside looks at what an IP packet holds, whose length is as its header says.
// What is behind it only fills the frame. The largest packets say no length.
func (d *Datagram) inside(proto int, b []byte, length int) {
	if length <= 0 {
		length = len(b)
	}
	d.holds(d.Len-len(b), b)
	b = b[:min(len(b), length)]
	if proto == unix.IPPROTO_TCP {
		d.segment(b, length)
	}
	d.Segment(proto, b)
}

// between keeps the addresses of an IP header.
func (d *Datagram) between(family int, from, to []byte) {
	src, _ := netip.AddrFromSlice(from)
	dst, _ := netip.AddrFromSlice(to)
	d.Remote = sock.Addr{Family: family, IP: src, NoPort: true}
	d.To = sock.Addr{Family: family, IP: dst, NoPort: true}
}

// ports keeps the ports with which the header of UDP or TCP begins.
func (d *Datagram) ports(b []byte) {
	d.Remote.Port, d.Remote.NoPort = binary.BigEndian.Uint16(b), false
	d.To.Port, d.To.NoPort = binary.BigEndian.Uint16(b[2:]), false
}

// segment keeps the header of a TCP segment. Of one that an ICMP error quotes
// there may be no more than the ports and the sequence number.
func (d *Datagram) segment(b []byte, length int) {
	if len(b) < headerICMP {
		return
	}
	d.ports(b)
	d.TCP = &Segment{Seq: binary.BigEndian.Uint32(b[4:])}
	if len(b) >= headerTCP {
		d.TCP.Ack, d.TCP.Flags = binary.BigEndian.Uint32(b[8:]), b[13]
		d.TCP.Len = max(0, length-int(b[12]>>4)*4)
	}
}

// Segment looks behind the header of what an IP packet holds: the last part of
// the message.
func (d *Datagram) Segment(proto int, b []byte) {
	d.Inner = append(d.Inner, sum(b))
	switch {
	case len(b) < 8:
	case proto == unix.IPPROTO_UDP:
		d.Inner = append(d.Inner, sum(b[headerUDP:]))
		d.holds(d.Headers+headerUDP, b[headerUDP:])
		if d.To.IP.IsValid() {
			d.ports(b)
		}
	case proto != unix.IPPROTO_ICMP && proto != unix.IPPROTO_ICMPV6:
	case isEcho(b[0]):
		// The answer has another type and checksum; a ping socket's identifier
		// is the kernel's choice.
		d.Inner = append(d.Inner, sum(b[6:]))
	case isError(proto, b[0]):
		d.quote(b[headerICMP:])
	}
}

// holds keeps the beginning of what is behind the headers.
func (d *Datagram) holds(headers int, b []byte) {
	d.Headers, d.Head = headers, [HeadLen]byte{}
	copy(d.Head[:], b)
}

// quote keeps the packet that an ICMP error is about. It may be cut. There are
// no errors about errors (RFC 1122, 3.2.2).
func (d *Datagram) quote(b []byte) {
	if d.isQuote {
		return
	}
	q := NewDatagram(b, sock.Addr{})
	q.Cut, q.isQuote = true, true
	if q.Packet(b) {
		d.Quoted = &q
	}
}

// isError reports the types of ICMP and ICMPv6 that quote a packet.
func isError(proto int, typ byte) bool {
	if proto == unix.IPPROTO_ICMPV6 {
		return typ < 128
	}
	return typ == 3 || typ == 4 || typ == 5 || typ == 11 || typ == 12
}

// isEcho reports the types of requests and answers of ICMP and ICMPv6.
func isEcho(typ byte) bool { return typ == 0 || typ == 8 || typ == 128 || typ == 129 }
