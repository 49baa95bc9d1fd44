package packet

import (
	"encoding/binary"
	"net/netip"
)

// sum adds the 16-bit words of b to a sum in one's complement (RFC 1071).
func sum(b []byte, s uint32) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
		s = s&0xffff + s>>16
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s&0xffff + s>>16
}

// checksum is the checksum over b and what was added before. Over bytes that
// carry their own checksum it is 0 where that one is right.
func checksum(b []byte, s uint32) uint16 { return ^uint16(sum(b, s)) }

// pseudo adds the pseudo header of IPv4 (RFC 9293, 3.1) or IPv6 (RFC 8200,
// 8.1).
func pseudo(src, dst netip.Addr, protocol byte, length int) uint32 {
	s := sum(src.AsSlice(), sum(dst.AsSlice(), uint32(protocol)))
	return sum(binary.BigEndian.AppendUint32(nil, uint32(length)), s)
}

// spoil is another checksum than c, not its other form of zero, and not 0,
// which means none in UDP.
func spoil(c uint16) uint16 {
	if c ^= 0x5555; c == 0 {
		return 0xaaaa
	}
	return c
}
