package packet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// An IGMP is a message of IGMP (RFC 1112, RFC 2236, RFC 3376).
type IGMP struct {
	Type  byte
	Delay byte // the time to answer, in tenths of a second
	// Group is that of a query, or of a report or a leave before version 3.
	Group netip.Addr
	// Records are those of a report of version 3.
	Records     []GroupRecord
	Rest        []byte // what follows: of a query of version 3, its sources
	BadChecksum bool
}

// A GroupRecord is what a report of IGMPv3 says of a group.
type GroupRecord struct {
	Type    byte
	Group   netip.Addr
	Sources []netip.Addr
	Data    []byte // auxiliary
}

// Types of messages (IANA).
const (
	IGMPQuery    = 0x11
	IGMPReport1  = 0x12
	IGMPReport2  = 0x16
	IGMPLeave    = 0x17
	IGMPReport3  = 0x22
	igmpHeader   = 8
	recordHeader = 8
)

// Types of records (RFC 3376, 4.2.12).
const (
	IsInclude = 1 + iota
	IsExclude
	ToInclude
	ToExclude
	AllowSources
	BlockSources
)

func (g *IGMP) append(b []byte, _ *Packet) ([]byte, error) {
	at := len(b)
	b = append(b, g.Type, g.Delay, 0, 0)
	if g.Type != IGMPReport3 {
		group, err := group4(g.Group)
		if err != nil {
			return nil, err
		}
		b = append(b, group[:]...)
	} else {
		b = binary.BigEndian.AppendUint32(b, uint32(len(g.Records)))
	}
	for _, r := range g.Records {
		group, err := group4(r.Group)
		if err != nil {
			return nil, err
		}
		b = append(b, r.Type, byte(len(r.Data)/4))
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(r.Sources))), group[:]...)
		for _, s := range r.Sources {
			source, err := group4(s)
			if err != nil {
				return nil, err
			}
			b = append(b, source[:]...)
		}
		b = append(b, r.Data...)
	}
	b = append(b, g.Rest...)
	plain(b[at:], g.BadChecksum)
	return b, nil
}

// group4 is an address as IGMP writes it; no address is 0.0.0.0.
func group4(a netip.Addr) ([4]byte, error) {
	switch {
	case !a.IsValid():
		return [4]byte{}, nil
	case a.Is4():
		return a.As4(), nil
	}
	return [4]byte{}, fmt.Errorf("%v in IGMP, which is of IPv4", a)
}

// decodeIGMP returns nil for bytes that are not a message.
func decodeIGMP(b []byte) Body {
	if len(b) < igmpHeader {
		return nil
	}
	g := &IGMP{Type: b[0], Delay: b[1], Rest: b[igmpHeader:], BadChecksum: checksum(b, 0) != 0}
	if g.Type != IGMPReport3 {
		g.Group = netip.AddrFrom4([4]byte(b[4:]))
		return g
	}
	if b[4] != 0 || b[5] != 0 {
		return nil // reserved
	}
	for range binary.BigEndian.Uint16(b[6:]) {
		r, rest, ok := decodeRecord(g.Rest)
		if !ok {
			return nil
		}
		g.Records, g.Rest = append(g.Records, r), rest
	}
	return g
}

func decodeRecord(b []byte) (r GroupRecord, rest []byte, ok bool) {
	if len(b) < recordHeader {
		return r, nil, false
	}
	sources, data := int(binary.BigEndian.Uint16(b[2:]))*4, int(b[1])*4
	r = GroupRecord{Type: b[0], Group: netip.AddrFrom4([4]byte(b[4:]))}
	if b = b[recordHeader:]; len(b) < sources+data {
		return r, nil, false
	}
	for at := 0; at < sources; at += 4 {
		r.Sources = append(r.Sources, netip.AddrFrom4([4]byte(b[at:])))
	}
	r.Data = b[sources : sources+data]
	return r, b[sources+data:], true
}
