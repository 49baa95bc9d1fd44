package event

import (
	"encoding/binary"
	"hash/crc64"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// headLen is how much of a datagram's beginning is kept, by which one that was
// cut is known.
const headLen = 32

// A Datagram tells one message from others: by hashes of its bytes and by where
// it went or came from.
type Datagram struct {
	Sum    uint64
	Len    int
	Head   [headLen]byte
	Cut    bool      // a receive filled its buffer: the message may be longer
	Remote sock.Addr // where it went or came from

	// Of a packet that was sent or received with headers: hashes of what they
	// hold, and the destination that they say.
	Inner []uint64
	To    sock.Addr
}

// ecma is the table of ECMA-182's polynomial.
var ecma = crc64.MakeTable(crc64.ECMA)

// sum tells datagrams of different content apart. It is the same in every
// process, so that a record can be read in another.
func sum(b []byte) uint64 { return crc64.Checksum(b, ecma) }

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
	n := min(d.Len, headLen)
	return d.Cut && d.Len < sent.Len && string(d.Head[:n]) == string(sent.Head[:n])
}

const (
	FamilyPacket   = 17 // AF_PACKET of Linux
	EthernetHeader = 14 // bytes
)

// Packet looks behind the header of an IPv4 or IPv6 packet.
func (d *Datagram) Packet(b []byte) bool {
	switch {
	case len(b) >= 20 && b[0]>>4 == 4 && len(b) >= int(b[0]&15)*4 && b[0]&15 >= 5:
		d.between(unix.AF_INET, b[12:16], b[16:20])
		d.Segment(int(b[9]), b[int(b[0]&15)*4:])
	case len(b) >= 40 && b[0]>>4 == 6:
		d.between(unix.AF_INET6, b[8:24], b[24:40])
		d.Segment(int(b[6]), b[40:])
	default:
		return false
	}
	return true
}

// between keeps the addresses of an IP header.
func (d *Datagram) between(family int, from, to []byte) {
	src, _ := netip.AddrFromSlice(from)
	dst, _ := netip.AddrFromSlice(to)
	d.Remote = sock.Addr{Family: family, IP: src, NoPort: true}
	d.To = sock.Addr{Family: family, IP: dst, NoPort: true}
}

// Segment looks behind the header of what an IP packet holds.
func (d *Datagram) Segment(proto int, b []byte) {
	d.Inner = append(d.Inner, sum(b))
	switch {
	case len(b) < 8:
	case proto == unix.IPPROTO_UDP:
		d.Inner = append(d.Inner, sum(b[8:]))
		if d.To.IP.IsValid() {
			d.Remote.Port, d.Remote.NoPort = binary.BigEndian.Uint16(b), false
			d.To.Port, d.To.NoPort = binary.BigEndian.Uint16(b[2:]), false
		}
	case (proto == unix.IPPROTO_ICMP || proto == unix.IPPROTO_ICMPV6) && isEcho(b[0]):
		// The answer has another type and checksum; a ping socket's identifier
		// is the kernel's choice.
		d.Inner = append(d.Inner, sum(b[6:]))
	}
}

// isEcho reports the types of requests and answers of ICMP and ICMPv6.
func isEcho(typ byte) bool { return typ == 0 || typ == 8 || typ == 128 || typ == 129 }
