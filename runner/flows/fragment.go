package flows

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/steps/packet"
)

// A fragment is a piece of a packet that was too large for one frame.
type fragment struct {
	at   int
	data []byte
	last bool
}

// A whole is a packet of which some fragments have crossed a point.
type whole struct {
	fragments []fragment
	fault     frame // of the first that a fault has hit
}

// A wholeKey separates the fragments of one packet from those of others.
type wholeKey struct {
	point    string
	src, dst netip.Addr
	id       uint32
	protocol byte
}

// maxPacket is the largest IP packet.
const maxPacket = 65535

// join takes a fragment, and returns the packet that is whole by it: nil before
// that. A packet that is not a fragment is whole.
func (s *sorter) join(f *frame, e *packet.Frame) *packet.Packet {
	p := e.IP
	key, part, ok := fragmentOf(f, e)
	if !ok {
		return p
	}
	w := s.wholes[key]
	if w == nil {
		w = new(whole)
		s.wholes[key] = w
	}
	if w.fault.Frame == nil && f.Fault != "" {
		w.fault = *f
	}
	w.fragments = append(w.fragments, part)
	data := w.data()
	if data == nil {
		return nil
	}
	delete(s.wholes, key)
	if w.fault.Frame != nil {
		f.Frame = w.fault.Frame
	}
	joined := &packet.Packet{Src: p.Src, Dst: p.Dst, TOS: p.TOS, TTL: p.TTL, Protocol: key.protocol, Body: packet.Raw(data)}
	b, err := joined.Append(nil)
	if err != nil {
		return nil
	}
	if joined, err = packet.Decode(b); err != nil {
		return nil
	}
	return joined
}

// data are the bytes of all fragments; nil where some are missing.
func (w *whole) data() []byte {
	slices.SortStableFunc(w.fragments, func(a, b fragment) int { return a.at - b.at })
	var data []byte
	for _, part := range w.fragments {
		if part.at > len(data) || part.at+len(part.data) > maxPacket {
			return nil
		}
		data = append(data[:part.at], part.data...)
		if part.last {
			return data
		}
	}
	return nil
}

// fragmentOf reads a packet that is a fragment (RFC 791; RFC 8200, section
// 4.5). The first may have been read as what it carries, so its bytes are those
// of the frame.
func fragmentOf(f *frame, e *packet.Frame) (key wholeKey, part fragment, ok bool) {
	const ether, tag, ipv6, units = 14, 4, 40, 8
	p, b := e.IP, f.Bytes[ether+tag*len(e.Tags):]
	key = wholeKey{f.point(), p.Src, p.Dst, uint32(p.ID), p.Protocol}
	if p.Src.Is4() {
		offset := int(p.Flags&^(packet.DontFragment|packet.MoreFragments)) * units
		more := p.Flags&packet.MoreFragments != 0
		if offset == 0 && !more {
			return key, part, false
		}
		return key, fragment{offset, b[4*int(b[0]&0xf) : binary.BigEndian.Uint16(b[2:])], !more}, true
	}
	const header, size = 44, 8
	if p.Protocol != header || len(p.Options) != size {
		return key, part, false
	}
	key.protocol, key.id = p.Options[0], binary.BigEndian.Uint32(p.Options[4:])
	place := binary.BigEndian.Uint16(p.Options[2:])
	raw := b[ipv6+size : ipv6+int(binary.BigEndian.Uint16(b[4:]))]
	return key, fragment{int(place &^ (units - 1)), raw, place&1 == 0}, true
}
