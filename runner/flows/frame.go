package flows

import (
	"net/netip"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
)

// A frame is one that was recorded, and where it was seen.
type frame struct {
	*event.Frame
	seen string // "": at its link, or at its interface where that is on none
}

// point is where the frame was seen.
func (f *frame) point() string {
	switch {
	case f.seen != "":
		return f.seen
	case f.Link != "":
		return f.Link
	}
	return f.sender()
}

// sender is the interface that has sent the frame.
func (f *frame) sender() string {
	if f.Host == "" {
		return f.Interface
	}
	return f.Host + "." + f.Interface
}

// fault is what a fault did to the frame: "dropped by lan.third"; "" where none
// did.
func (f *frame) fault() string {
	if f.Fault == "" {
		return ""
	}
	return wire.FaultWords[f.Act] + " by " + f.Fault
}

// ruled is what a fault of the file did to the frame: one that acts on exactly
// the frames that it describes. Which frames meet a cut, or get lost at random,
// is a matter of time.
func (f *frame) ruled() string {
	for _, other := range []string{".cut", ".loss", ".mtu"} {
		if strings.HasSuffix(f.Fault, other) {
			return ""
		}
	}
	return f.fault()
}

// framesOf are the frames of a record.
func framesOf(r *history.Record) []frame {
	if r.Frames == nil {
		return nil
	}
	list := make([]frame, len(r.Frames.List))
	for i := range list {
		list[i].Frame = &r.Frames.List[i]
	}
	return list
}

// A Packet is what a frame carries, with its place among those of its flow.
type Packet struct {
	Frame frame
	Text  packet.Pattern // without a direction; its numbers are relative
	// From is the end of the flow that has sent it.
	From int
	// Again says that it has no part in what the ends say: all that it carries
	// had crossed the point before, or it answers such a packet behind the end.
	Again bool

	decoded *packet.Packet // nil: ARP and what is not IP
	order   int            // among all frames
}

// tcp is the segment of a packet; nil where it is another one.
func (p *Packet) tcp() *packet.TCP {
	if p.decoded == nil {
		return nil
	}
	t, _ := p.decoded.Body.(*packet.TCP)
	return t
}

// data is the range of the stream that a segment carries. That of a SYN begins
// behind it.
func (p *Packet) data() span {
	s, ok := p.Text.Body.(*packet.Segment)
	if !ok {
		return span{}
	}
	first, _ := s.First.Value()
	length, _ := s.Length.Value()
	at := int64(first)
	if s.Flags&packet.SYN != 0 {
		at++
	}
	return span{at, at + int64(length)}
}

// fin is the number of the FIN of a segment; 0 where it has none.
func (p *Packet) fin() int64 {
	if t := p.tcp(); t == nil || t.Flags&packet.FIN == 0 {
		return 0
	}
	return p.data().last
}

// isAck reports a segment that only acknowledges.
func (p *Packet) isAck() bool {
	t := p.tcp()
	return t != nil && len(t.Payload) == 0 && t.Flags&(packet.SYN|packet.FIN|packet.RST) == 0
}

// ports are the addresses that a packet goes between. Those of what has no
// ports have the port 0.
func ports(p *packet.Packet) (from, to netip.AddrPort) {
	switch body := p.Body.(type) {
	case *packet.TCP:
		return netip.AddrPortFrom(p.Src, body.SrcPort), netip.AddrPortFrom(p.Dst, body.DstPort)
	case *packet.UDP:
		return netip.AddrPortFrom(p.Src, body.SrcPort), netip.AddrPortFrom(p.Dst, body.DstPort)
	}
	return netip.AddrPortFrom(p.Src, 0), netip.AddrPortFrom(p.Dst, 0)
}
