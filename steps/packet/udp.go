package packet

import (
	"encoding/binary"
	"fmt"
)

// A UDP is a datagram (RFC 768).
type UDP struct {
	SrcPort, DstPort uint16
	Payload          []byte
	BadChecksum      bool
	NoChecksum       bool // it has none, which IPv4 allows
}

const udpHeader = 8

func (u *UDP) append(b []byte, p *Packet) ([]byte, error) {
	at, size := len(b), udpHeader+len(u.Payload)
	if size > maxPacket {
		return nil, fmt.Errorf("a datagram of %d bytes: UDP takes %d", len(u.Payload), maxPacket-udpHeader)
	}
	b = binary.BigEndian.AppendUint16(b, u.SrcPort)
	b = binary.BigEndian.AppendUint16(b, u.DstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	b = append(append(b, 0, 0), u.Payload...)
	if !u.NoChecksum {
		p.transport(b[at:], 6, ProtoUDP, u.BadChecksum)
	}
	return b, nil
}

// decodeUDP returns nil for bytes that are not a datagram.
func decodeUDP(b []byte, p *Packet) Body {
	if len(b) < udpHeader {
		return nil
	}
	size := int(binary.BigEndian.Uint16(b[4:]))
	if size < udpHeader || size != len(b)+p.Missing && p.Flags&MoreFragments == 0 {
		return nil
	}
	u := &UDP{SrcPort: binary.BigEndian.Uint16(b), DstPort: binary.BigEndian.Uint16(b[2:]), Payload: b[udpHeader:]}
	u.NoChecksum = b[6] == 0 && b[7] == 0
	u.BadChecksum = !u.NoChecksum && !p.rightChecksum(b, ProtoUDP)
	return u
}
