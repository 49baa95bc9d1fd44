package packet

import (
	"encoding/binary"
	"errors"
)

// An ICMP is a message of ICMP (RFC 792), or of ICMPv6 (RFC 4443) in an IPv6
// packet.
type ICMP struct {
	Type, Code byte
	// Field are the four bytes after the checksum: identifier and sequence
	// number of an echo, the MTU in an error.
	Field       uint32
	Data        []byte // what follows; in an error, the packet that it is about
	BadChecksum bool
}

// Types of messages (IANA).
const (
	EchoReply4    = 0
	Unreachable4  = 3
	Echo4         = 8
	Exceeded4     = 11
	Parameter4    = 12
	Unreachable6  = 1
	TooBig6       = 2
	Exceeded6     = 3
	Parameter6    = 4
	Echo6         = 128
	EchoReply6    = 129
	fragNeeded    = 4 // a code of Unreachable4 (RFC 1191)
	icmpHeader    = 8
	maxQuoted4    = 576 - ip4Header - icmpHeader  // RFC 1812, 4.3.2.3
	maxQuoted6    = 1280 - ip6Header - icmpHeader // RFC 4443, 2.4
	sourceQuench  = 4
	redirect      = 5
	maxErrorType6 = 127
)

// isError reports whether a message is about a packet, which it quotes.
func (m *ICMP) isError(v4 bool) bool {
	if !v4 {
		return m.Type <= maxErrorType6
	}
	switch m.Type {
	case Unreachable4, sourceQuench, redirect, Exceeded4, Parameter4:
		return true
	}
	return false
}

// Quoted is the packet that an error is about. It may be cut off.
func (m *ICMP) Quoted() (*Packet, error) {
	if len(m.Data) == 0 {
		return nil, errors.New("the message quotes no packet")
	}
	return decode(m.Data, true)
}

func (m *ICMP) append(b []byte, p *Packet) ([]byte, error) {
	at := len(b)
	b = append(b, m.Type, m.Code, 0, 0)
	b = binary.BigEndian.AppendUint32(b, m.Field)
	b = append(b, m.Data...)
	if p.Src.Is6() {
		p.transport(b[at:], 2, ProtoV6, m.BadChecksum)
		return b, nil
	}
	plain(b[at:], m.BadChecksum)
	return b, nil
}

// plain writes a checksum without a pseudo header, at the place where ICMP and
// IGMP have it.
func plain(b []byte, bad bool) {
	c := checksum(b, 0)
	if bad {
		c = spoil(c)
	}
	binary.BigEndian.PutUint16(b[2:], c)
}

// decodeICMP returns nil for bytes that are not a message.
func decodeICMP(b []byte, p *Packet) Body {
	if len(b) < icmpHeader {
		return nil
	}
	m := &ICMP{Type: b[0], Code: b[1], Field: binary.BigEndian.Uint32(b[4:]), Data: b[icmpHeader:]}
	if p.Src.Is6() {
		m.BadChecksum = !p.rightChecksum(b, ProtoV6)
	} else {
		m.BadChecksum = p.Missing == 0 && p.Flags&MoreFragments == 0 && checksum(b, 0) != 0
	}
	return m
}
