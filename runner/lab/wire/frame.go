package wire

import (
	"encoding/binary"
	"net/netip"
)

// headers are what a match looks at in a frame. Fields that the frame does not
// have are zero.
type headers struct {
	to, from    [6]byte // link-layer addresses
	protocol    Protocol
	src, dst    netip.Addr
	srcPort     uint16 // of TCP and UDP
	dstPort     uint16
	flags       byte   // of TCP
	seq         uint32 // of TCP
	kind        int    // the type of ICMP, the operation of ARP
	payload     []byte // what comes after the last header that is known
	transported []byte // what the network's headers are followed by
	recognized  bool   // the frame is whole as far as its last known header
	laterPiece  bool   // a fragment after the first: it has no transport header
	networkData []byte // what comes after the Ethernet header
}

// Numbers of the protocols (IANA).
const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherVLAN = 0x8100
	etherQinQ = 0x88a8
	etherIPv6 = 0x86dd

	protoHopByHop = 0
	protoICMP     = 1
	protoIGMP     = 2
	protoTCP      = 6
	protoUDP      = 17
	protoRouting  = 43
	protoFragment = 44
	protoAH       = 51
	protoICMPv6   = 58
	protoOptions  = 60
	protoMobility = 135
)

// Flags of TCP (RFC 9293).
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	_
	flagACK
)

const etherHeader = 14

// parse reads the headers of a frame, as far as they are whole. It accepts any
// bytes.
func parse(frame []byte) (h headers) {
	if len(frame) < etherHeader {
		h.payload, h.networkData = frame, frame
		return h
	}
	copy(h.to[:], frame)
	copy(h.from[:], frame[6:])
	kind, rest := binary.BigEndian.Uint16(frame[12:]), frame[etherHeader:]
	for (kind == etherVLAN || kind == etherQinQ) && len(rest) >= 4 {
		kind, rest = binary.BigEndian.Uint16(rest[2:]), rest[4:]
	}
	h.payload, h.networkData = rest, rest
	switch kind {
	case etherARP:
		h.arp(rest)
	case etherIPv4:
		h.ipv4(rest)
	case etherIPv6:
		h.ipv6(rest)
	}
	return h
}

func (h *headers) arp(b []byte) {
	if len(b) < 8 {
		return
	}
	h.recognized, h.protocol = true, ARP
	h.kind, h.payload = int(binary.BigEndian.Uint16(b[6:])), b[8:]
}

func (h *headers) ipv4(b []byte) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return
	}
	size, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if size < 20 || total < size || total > len(b) {
		return
	}
	h.src, h.dst = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	h.laterPiece = binary.BigEndian.Uint16(b[6:])&0x1fff != 0
	h.transport(b[9], b[size:total])
}

// ipv6 walks the extension headers (RFC 8200).
func (h *headers) ipv6(b []byte) {
	if len(b) < 40 || b[0]>>4 != 6 {
		return
	}
	total := 40 + int(binary.BigEndian.Uint16(b[4:]))
	if total > len(b) {
		return
	}
	h.src, h.dst = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	next, b := b[6], b[40:total]
	for {
		size := 0
		switch {
		case len(b) < 8:
		case next == protoFragment:
			size = 8
			h.laterPiece = h.laterPiece || binary.BigEndian.Uint16(b[2:])&^7 != 0
		case next == protoAH:
			size = (int(b[1]) + 2) * 4
		case next == protoHopByHop, next == protoRouting, next == protoOptions, next == protoMobility:
			size = (int(b[1]) + 1) * 8
		}
		if size == 0 || size > len(b) {
			break
		}
		next, b = b[0], b[size:]
		if h.laterPiece {
			break
		}
	}
	h.transport(next, b)
}

func (h *headers) transport(protocol byte, b []byte) {
	h.payload, h.transported = b, b
	size := 0
	switch protocol {
	case protoICMP, protoICMPv6:
		h.protocol, size = ICMP, 8
	case protoIGMP:
		h.protocol, size = IGMP, 8
	case protoUDP:
		h.protocol, size = UDP, 8
	case protoTCP:
		h.protocol, size = TCP, 20
	}
	if size == 0 || h.laterPiece || len(b) < size {
		return
	}
	switch h.protocol {
	case TCP:
		size = int(b[12]>>4) * 4
		if size < 20 || size > len(b) {
			return
		}
		h.seq, h.flags = binary.BigEndian.Uint32(b[4:]), b[13]
		fallthrough
	case UDP:
		h.srcPort, h.dstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	default:
		h.kind = int(b[0])
	}
	h.recognized, h.payload = true, b[size:]
}

// completeChecksum writes the checksum of TCP or UDP into a frame whose
// interface was to do so: the frame has the sum of the pseudo header in its
// place.
func completeChecksum(frame []byte) {
	h := parse(frame)
	at := map[Protocol]int{TCP: 16, UDP: 6}[h.protocol]
	if at == 0 || !h.recognized {
		return
	}
	sum, b := uint32(0), h.transported
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) > 0 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	if sum == 0xffff && h.protocol == UDP {
		sum = 0 // a checksum of 0 means that there is none (RFC 768)
	}
	binary.BigEndian.PutUint16(h.transported[at:], ^uint16(sum))
}

// A flow is one direction of a TCP connection.
type flow struct{ src, dst netip.AddrPort }

func (h *headers) flow() flow {
	return flow{netip.AddrPortFrom(h.src, h.srcPort), netip.AddrPortFrom(h.dst, h.dstPort)}
}

// maxFlows is how many flows of a link are remembered at most.
const maxFlows = 1 << 16

// flows knows the initial sequence numbers of the flows whose SYN has passed.
type flows map[flow]uint32

// see remembers a SYN.
func (f flows) see(h *headers) {
	if h.protocol != TCP || !h.recognized || h.flags&flagSYN == 0 {
		return
	}
	if len(f) >= maxFlows {
		for one := range f {
			delete(f, one)
			break
		}
	}
	f[h.flow()] = h.seq
}

// bytes are the first and the last byte of its stream that a segment carries;
// the first byte of a stream has number 1. ok is false for a segment without
// data and for one whose SYN was not seen.
func (f flows) bytes(h *headers) (first, last int64, ok bool) {
	if h.protocol != TCP || !h.recognized || len(h.payload) == 0 {
		return 0, 0, false
	}
	initial, ok := f[h.flow()]
	if !ok {
		return 0, 0, false
	}
	first = int64(h.seq - initial)
	if h.flags&flagSYN != 0 {
		first++ // the SYN has a number of its own
	}
	return first, first + int64(len(h.payload)) - 1, true
}
