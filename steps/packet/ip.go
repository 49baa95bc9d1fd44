package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Numbers of protocols (IANA).
const (
	hopByHop  = 0
	ProtoICMP = 1
	ProtoIGMP = 2
	ProtoTCP  = 6
	ProtoUDP  = 17
	routing   = 43
	fragment  = 44
	ProtoV6   = 58 // ICMPv6
	options   = 60
)

// A Packet is an IPv4 or IPv6 packet.
type Packet struct {
	Src, Dst netip.Addr
	TOS      byte // the traffic class; the low two bits are the ECN field (RFC 3168)
	TTL      byte // the hop limit
	ID       uint16
	Flags    uint16 // DF, MF and the fragment offset, as they are in an IPv4 header
	Flow     uint32 // the flow label of IPv6
	// Options are those of IPv4; of IPv6, the extension headers.
	Options  []byte
	Protocol byte // of Body, or of Options in IPv6: its first header
	Body     Body // nil: none
	// BadChecksum says that the checksum of the IPv4 header is wrong.
	BadChecksum bool
	// Missing is how many bytes its end lacks, in a packet that an ICMP
	// message quotes.
	Missing int
}

// A Body is what an IP packet carries: a [*TCP], [*UDP], [*ICMP], [*IGMP] or
// [Raw].
type Body interface {
	// append adds the bytes of the body; the packet is the one around it.
	append(b []byte, p *Packet) ([]byte, error)
}

// Raw is a body of another protocol, or a fragment.
type Raw []byte

func (r Raw) append(b []byte, _ *Packet) ([]byte, error) { return append(b, r...), nil }

// The bits of Packet.Flags (RFC 791).
const (
	DontFragment   = 0x4000
	MoreFragments  = 0x2000
	fragmentOffset = 0x1fff
)

const (
	ip4Header = 20
	ip6Header = 40
	maxPacket = 65535
)

// errShort is an error for bytes that end too early.
var errShort = errors.New("the packet is cut off")

// Append adds the bytes of a packet, with all lengths and checksums. An error
// says what does not fit.
func (p *Packet) Append(b []byte) ([]byte, error) {
	if !p.Src.IsValid() || p.Src.Is4() != p.Dst.Is4() {
		return nil, fmt.Errorf("a packet from %v to %v", p.Src, p.Dst)
	}
	if p.Src.Is4() {
		return p.append4(b)
	}
	return p.append6(b)
}

func (p *Packet) append4(b []byte) ([]byte, error) {
	if len(p.Options)%4 != 0 || len(p.Options) > 40 {
		return nil, fmt.Errorf("%d bytes of IPv4 options: a multiple of 4 up to 40 is possible", len(p.Options))
	}
	at, size := len(b), ip4Header+len(p.Options)
	b = append(b, 0x40|byte(size/4), p.TOS, 0, 0)
	b = binary.BigEndian.AppendUint16(b, p.ID)
	b = binary.BigEndian.AppendUint16(b, p.Flags)
	b = append(b, p.TTL, p.Protocol, 0, 0)
	b = append(append(append(b, p.Src.AsSlice()...), p.Dst.AsSlice()...), p.Options...)
	b, err := p.appendBody(b)
	if err != nil {
		return nil, err
	}
	h := b[at:]
	if len(h) > maxPacket {
		return nil, fmt.Errorf("a packet of %d bytes is too large: IPv4 has room for %d", len(h), maxPacket)
	}
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)))
	c := checksum(h[:size], 0)
	if p.BadChecksum {
		c = spoil(c)
	}
	binary.BigEndian.PutUint16(h[10:], c)
	return b, nil
}

func (p *Packet) append6(b []byte) ([]byte, error) {
	at := len(b)
	b = binary.BigEndian.AppendUint32(b, 6<<28|uint32(p.TOS)<<20|p.Flow&0xfffff)
	b = append(b, 0, 0, p.Protocol, p.TTL)
	b = append(append(append(b, p.Src.AsSlice()...), p.Dst.AsSlice()...), p.Options...)
	b, err := p.appendBody(b)
	if err != nil {
		return nil, err
	}
	size := len(b) - at - ip6Header
	if size > maxPacket {
		return nil, fmt.Errorf("%d bytes after the IPv6 header are too many: there is room for %d", size, maxPacket)
	}
	binary.BigEndian.PutUint16(b[at+4:], uint16(size))
	return b, nil
}

func (p *Packet) appendBody(b []byte) ([]byte, error) {
	if p.Body == nil {
		return b, nil
	}
	return p.Body.append(b, p)
}

// Decode reads an IP packet. Bytes after its end are padding. What it returns
// shares the memory of b.
func Decode(b []byte) (*Packet, error) { return decode(b, false) }

// decode reads a packet; one that is quoted may be cut off.
func decode(b []byte, quoted bool) (*Packet, error) {
	if len(b) == 0 {
		return nil, errShort
	}
	switch b[0] >> 4 {
	case 4:
		return decode4(b, quoted)
	case 6:
		return decode6(b, quoted)
	}
	return nil, fmt.Errorf("version %d of IP", b[0]>>4)
}

func decode4(b []byte, quoted bool) (*Packet, error) {
	if len(b) < ip4Header {
		return nil, errShort
	}
	size, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case size < ip4Header || total < size:
		return nil, fmt.Errorf("an IPv4 header of %d bytes in a packet of %d", size, total)
	case size > len(b), total > len(b) && !quoted:
		return nil, errShort
	}
	p := &Packet{
		Src: netip.AddrFrom4([4]byte(b[12:])), Dst: netip.AddrFrom4([4]byte(b[16:])),
		TOS: b[1], TTL: b[8], Protocol: b[9],
		ID: binary.BigEndian.Uint16(b[4:]), Flags: binary.BigEndian.Uint16(b[6:]),
		Options: b[ip4Header:size], Missing: max(total-len(b), 0),
		BadChecksum: checksum(b[:size], 0) != 0,
	}
	rest := b[size:min(total, len(b))]
	if p.Flags&fragmentOffset != 0 {
		p.Body = Raw(rest)
		return p, nil
	}
	p.decodeBody(p.Protocol, rest)
	return p, nil
}

func decode6(b []byte, quoted bool) (*Packet, error) {
	if len(b) < ip6Header {
		return nil, errShort
	}
	total := ip6Header + int(binary.BigEndian.Uint16(b[4:]))
	if total > len(b) && !quoted {
		return nil, errShort
	}
	first := binary.BigEndian.Uint32(b)
	p := &Packet{
		Src: netip.AddrFrom16([16]byte(b[8:])), Dst: netip.AddrFrom16([16]byte(b[24:])),
		TOS: byte(first >> 20), Flow: first & 0xfffff, TTL: b[7], Protocol: b[6],
		Missing: max(total-len(b), 0),
	}
	next, rest, later := extensions(b[6], b[ip6Header:min(total, len(b))])
	p.Options = b[ip6Header : min(total, len(b))-len(rest)]
	if later {
		p.Body = Raw(rest)
		return p, nil
	}
	p.decodeBody(next, rest)
	return p, nil
}

// extensions skips the extension headers of IPv6 (RFC 8200); later says that
// what follows them is a fragment after the first.
func extensions(next byte, b []byte) (after byte, rest []byte, later bool) {
	for len(b) >= 8 && !later {
		size := 8
		switch next {
		case fragment:
			later = binary.BigEndian.Uint16(b[2:])&^7 != 0
		case hopByHop, routing, options:
			size += int(b[1]) * 8
		default:
			return next, b, false
		}
		if size > len(b) {
			break
		}
		next, b = b[0], b[size:]
	}
	return next, b, later
}

// last is the protocol of the body, behind all extension headers.
func (p *Packet) last() byte {
	if p.Src.Is4() {
		return p.Protocol
	}
	next, _, _ := extensions(p.Protocol, append(p.Options[:len(p.Options):len(p.Options)], make([]byte, 8)...))
	return next
}

// decodeBody reads the body, as that of its protocol where it is whole.
func (p *Packet) decodeBody(protocol byte, b []byte) {
	var body Body
	switch {
	case protocol == ProtoTCP:
		body = decodeTCP(b, p)
	case protocol == ProtoUDP:
		body = decodeUDP(b, p)
	case protocol == ProtoICMP && p.Src.Is4(), protocol == ProtoV6 && p.Src.Is6():
		body = decodeICMP(b, p)
	case protocol == ProtoIGMP && p.Src.Is4():
		body = decodeIGMP(b)
	}
	if body == nil {
		body = Raw(b)
	}
	p.Body = body
}

// transport finishes a body: it writes its checksum, which the bytes have at
// place at.
func (p *Packet) transport(b []byte, at int, protocol byte, bad bool) {
	c := checksum(b, pseudo(p.Src, p.Dst, protocol, len(b)))
	if protocol == ProtoUDP && c == 0 {
		c = 0xffff // 0 means that there is none (RFC 768)
	}
	if bad {
		c = spoil(c)
	}
	binary.BigEndian.PutUint16(b[at:], c)
}

// rightChecksum reports whether a body carries its right checksum, or cannot be
// checked as it is not whole.
func (p *Packet) rightChecksum(b []byte, protocol byte) bool {
	return p.Missing > 0 || p.Flags&MoreFragments != 0 || checksum(b, pseudo(p.Src, p.Dst, protocol, len(b))) == 0
}
