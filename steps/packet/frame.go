package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// A Frame is an Ethernet frame (IEEE 802.3) without its check sequence. It
// carries an ARP packet, an IP packet or Data.
type Frame struct {
	Dst, Src MAC
	Tags     []uint32 // VLAN tags, the outer one first: TPID and TCI
	Type     uint16   // the EtherType
	ARP      *ARP
	IP       *Packet
	Data     []byte // of another type, or what is not whole
	Padding  []byte
}

// A MAC is a link-layer address of Ethernet.
type MAC [6]byte

// String is the address as 02:00:00:00:01:01.
func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// EtherTypes (IANA).
const (
	EtherIPv4   = 0x0800
	EtherARP    = 0x0806
	EtherIPv6   = 0x86dd
	vlan        = 0x8100
	serviceVLAN = 0x88a8
	etherHeader = 14
	arpSize     = 28
)

// An ARP is an ARP packet for IPv4 over Ethernet (RFC 826).
type ARP struct {
	Operation            uint16
	SenderMAC, TargetMAC MAC
	SenderIP, TargetIP   netip.Addr
}

// Operations of ARP.
const (
	ARPRequest = 1
	ARPReply   = 2
)

// Append adds the bytes of a frame. The type of ARP and IP need not be set.
func (f *Frame) Append(b []byte) ([]byte, error) {
	b = append(append(b, f.Dst[:]...), f.Src[:]...)
	for _, tag := range f.Tags {
		b = binary.BigEndian.AppendUint32(b, tag)
	}
	kind := f.Type
	switch {
	case f.ARP != nil:
		kind = EtherARP
	case f.IP != nil && f.IP.Src.Is4():
		kind = EtherIPv4
	case f.IP != nil:
		kind = EtherIPv6
	}
	b = binary.BigEndian.AppendUint16(b, kind)
	var err error
	switch {
	case f.ARP != nil:
		b, err = f.ARP.append(b)
	case f.IP != nil:
		b, err = f.IP.Append(b)
	default:
		b = append(b, f.Data...)
	}
	return append(b, f.Padding...), err
}

func (a *ARP) append(b []byte) ([]byte, error) {
	if !a.SenderIP.Is4() || !a.TargetIP.Is4() {
		return nil, fmt.Errorf("ARP from %v for %v: it needs addresses of IPv4", a.SenderIP, a.TargetIP)
	}
	b = append(b, 0, 1, EtherIPv4>>8, EtherIPv4&0xff, 6, 4)
	b = binary.BigEndian.AppendUint16(b, a.Operation)
	b = append(append(b, a.SenderMAC[:]...), a.SenderIP.AsSlice()...)
	return append(append(b, a.TargetMAC[:]...), a.TargetIP.AsSlice()...), nil
}

// DecodeFrame reads a frame. The only error is for one that has no whole
// header; a packet in it that cannot be read is Data. What it returns shares
// the memory of b.
func DecodeFrame(b []byte) (*Frame, error) {
	if len(b) < etherHeader {
		return nil, errors.New("the frame has no whole Ethernet header")
	}
	f := &Frame{Dst: MAC(b), Src: MAC(b[6:]), Type: binary.BigEndian.Uint16(b[12:])}
	b = b[12:]
	for (f.Type == vlan || f.Type == serviceVLAN) && len(b) >= 6 {
		f.Tags = append(f.Tags, binary.BigEndian.Uint32(b))
		b = b[4:]
		f.Type = binary.BigEndian.Uint16(b)
	}
	b = b[2:]
	f.Data = b
	switch f.Type {
	case EtherARP:
		f.ARP = decodeARP(b)
		if f.ARP != nil {
			f.Data, f.Padding = nil, b[arpSize:]
		}
	case EtherIPv4, EtherIPv6:
		p, err := Decode(b)
		if err == nil && p.Src.Is4() == (f.Type == EtherIPv4) {
			f.IP, f.Data, f.Padding = p, nil, b[p.size(b):]
		}
	}
	return f, nil
}

// size is how many of the bytes that a packet was read from are its own.
func (p *Packet) size(b []byte) int {
	if p.Src.Is4() {
		return int(binary.BigEndian.Uint16(b[2:]))
	}
	return ip6Header + int(binary.BigEndian.Uint16(b[4:]))
}

// decodeARP returns nil for what is not ARP for IPv4 over Ethernet.
func decodeARP(b []byte) *ARP {
	if len(b) < arpSize || binary.BigEndian.Uint64(b)>>16 != 1<<32|EtherIPv4<<16|6<<8|4 {
		return nil
	}
	return &ARP{
		Operation: binary.BigEndian.Uint16(b[6:]),
		SenderMAC: MAC(b[8:]), SenderIP: netip.AddrFrom4([4]byte(b[14:])),
		TargetMAC: MAC(b[18:]), TargetIP: netip.AddrFrom4([4]byte(b[24:])),
	}
}
