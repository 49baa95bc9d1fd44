package packet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// A Sender is what a packet needs that its text does not say.
type Sender struct {
	From, To netip.AddrPort
	Base     Base
	// What a segment has where its text leaves it out; Seq and Ack are
	// relative.
	Seq, Ack uint32
	Window   uint16
	Payload  []byte // nil: zeros of the length that the text says
}

// defaultTTL is that of Linux (ip_default_ttl).
const defaultTTL = 64

// Packet makes the packet that a pattern describes. Errors are a
// [*SyntaxError] where the text does not fit, and others where the packet is
// too large.
func (p Pattern) Packet(s Sender) (*Packet, error) {
	if err := p.Sendable(); err != nil {
		return nil, err
	}
	made := &Packet{Src: s.From.Addr(), Dst: s.To.Addr(), TTL: byte(p.TTL.or(defaultTTL))}
	if p.ECN != 0 {
		made.TOS = byte(p.ECN - NotECT)
	}
	var err error
	switch body := p.Body.(type) {
	case *Segment:
		made.Protocol = ProtoTCP
		made.Body, err = body.build(s)
	case *Datagram:
		made.Protocol = ProtoUDP
		made.Body, err = body.build(s)
	case *Message:
		made.Protocol = ProtoICMP
		if made.Src.Is6() {
			made.Protocol = ProtoV6
		}
		made.Body, err = body.build(s)
	case *Membership:
		made.Protocol = ProtoIGMP
		made.Body = body.build()
	default:
		return nil, &SyntaxError{0, "this is not an IP packet", "it can be tcp, udp, icmp or igmp"}
	}
	return made, err
}

// payload are the bytes of a packet: those that are given, or zeros.
func payload(s Sender, length Number) ([]byte, error) {
	n, given := length.Value()
	switch {
	case n > maxPacket:
		return nil, &SyntaxError{length.at, fmt.Sprintf("%d bytes do not fit into a packet", n), ""}
	case s.Payload == nil:
		return make([]byte, n), nil
	case given && int(n) != len(s.Payload):
		return nil, &SyntaxError{length.at, fmt.Sprintf("the length is %d, but there are %d bytes of data", n, len(s.Payload)), "the length may be left out"}
	}
	return s.Payload, nil
}

func (t *Segment) build(s Sender) (*TCP, error) {
	length := t.Length
	first, last := t.First.or(s.Seq), t.Last
	if end, ok := last.Value(); ok && !length.Given() {
		length = Number{oneNumber, end - first, end - first, t.First.at}
	}
	data, err := payload(s, length)
	if err != nil {
		return nil, err
	}
	tcp := &TCP{
		SrcPort: s.From.Port(), DstPort: s.To.Port(), Flags: t.Flags,
		Seq: first + s.Base.Seq, Window: uint16(t.Window.or(uint32(s.Window))),
		Urgent: uint16(t.Urgent.or(0)), Payload: data,
	}
	if t.Ack.Given() {
		tcp.Ack = t.Ack.or(0) + s.Base.Ack
	} else if t.Flags&ACK != 0 {
		tcp.Ack = s.Ack + s.Base.Ack
	}
	for _, o := range t.Options {
		if o.Bad {
			tcp.Rest = append(tcp.Rest, o.Data...)
			continue
		}
		if len(tcp.Rest) > 0 {
			return nil, &SyntaxError{o.at, "an option after bad bytes", "bad can only be the last"}
		}
		tcp.Options = append(tcp.Options, o.absolute(s.Base).bytes())
	}
	if n := tcp.optionBytes(); n > maxOptions {
		return nil, &SyntaxError{t.Options[0].at, fmt.Sprintf("the options have %d bytes", n), fmt.Sprintf("a segment has room for %d", maxOptions)}
	}
	return tcp, nil
}

// bytes is the option with its numbers as bytes.
func (o OptionPattern) bytes() Option {
	size := func(int) int { return 4 } // the blocks of SACK
	for _, k := range optionKinds {
		if k.kind == o.Kind {
			size = func(i int) int { return k.fields[i].size }
		}
	}
	data := slices.Clone(o.Data)
	for i, n := range o.Numbers {
		four := binary.BigEndian.AppendUint32(nil, n.first)
		data = append(data, four[4-size(i):]...)
	}
	return Option{o.Kind, data}
}

func (u *Datagram) build(s Sender) (*UDP, error) {
	data, err := payload(s, u.Length)
	return &UDP{SrcPort: s.From.Port(), DstPort: s.To.Port(), Payload: data}, err
}

func (m *Message) build(s Sender) (*ICMP, error) {
	v4 := s.From.Addr().Is4()
	t, ok := typeOf(icmpWords(v4), m.Type)
	if !ok {
		return nil, &SyntaxError{m.typeAt, fmt.Sprintf("%s has no %s", icmpName(v4), m.Type), "its types are " + typeNames(icmpWords(v4))}
	}
	made := &ICMP{Type: t.kind}
	if m.Code != "" {
		if made.Code, ok = t.code(m.Code); !ok {
			return nil, &SyntaxError{m.typeAt, fmt.Sprintf("%s of %s has no code %s", m.Type, icmpName(v4), m.Code), "the codes are " + codeNames(t)}
		}
	}
	made.Field = m.MTU.or(m.ID.or(0)<<16 | m.Seq.or(0))
	if m.Quote == nil {
		var err error
		made.Data, err = payload(s, m.Length)
		return made, err
	}
	back := Sender{
		From: s.To, To: s.From,
		Base: Base{Seq: s.Base.Ack, Ack: s.Base.Seq, TSVal: s.Base.TSEcr, TSEcr: s.Base.TSVal},
		Seq:  s.Ack, Ack: s.Seq,
	}
	quote := *m.Quote
	if seg, ok := quote.Body.(*Segment); ok && !seg.FlagsGiven {
		whole := *seg
		whole.Flags, whole.FlagsGiven = ACK, true
		quote.Body = &whole
	}
	p, err := quote.Packet(back)
	if err != nil {
		return nil, err
	}
	if made.Data, err = p.Append(nil); err != nil {
		return nil, err
	}
	limit := maxQuoted4
	if !v4 {
		limit = maxQuoted6
	}
	made.Data = made.Data[:min(limit, len(made.Data))]
	return made, nil
}

func icmpName(v4 bool) string {
	if v4 {
		return "ICMP"
	}
	return "ICMPv6"
}

func (m *Membership) build() *IGMP {
	if m.Version == 3 && m.Groups[0].Word != "query" {
		g := &IGMP{Type: IGMPReport3}
		for _, one := range m.Groups {
			kind := byte(ToExclude)
			if one.Word == "leave" {
				kind = ToInclude
			}
			g.Records = append(g.Records, GroupRecord{Type: kind, Group: one.Address.IP})
		}
		return g
	}
	g := &IGMP{Group: m.Groups[0].Address.IP}
	switch word := m.Groups[0].Word; {
	case word == "leave":
		g.Type = IGMPLeave
	case word == "report" && m.Version == 1:
		g.Type = IGMPReport1
	case word == "report":
		g.Type = IGMPReport2
	default:
		g.Type = IGMPQuery
		if m.Version > 1 {
			g.Delay = 100 // RFC 2236, 8.3
		}
		if m.Version == 3 {
			g.Rest = make([]byte, 4) // flags, interval, and no sources
		}
	}
	return g
}

// ARP makes the ARP packet that a pattern describes, from the one who has mac.
func (a *Resolution) ARP(mac MAC, to netip.Addr, toMAC MAC) *ARP {
	if !a.Reply {
		return &ARP{Operation: ARPRequest, SenderMAC: mac, SenderIP: a.Sender.IP, TargetIP: a.Target.IP}
	}
	return &ARP{Operation: ARPReply, SenderMAC: a.MAC, SenderIP: a.Target.IP, TargetMAC: toMAC, TargetIP: to}
}

// Possible is an error where no packet of an IP version can be made of the
// pattern, with a payload of these bytes, or, if it is nil, of zeros.
func (p Pattern) Possible(v6 bool, payload []byte) error {
	s := Sender{From: netip.AddrPortFrom(netip.IPv4Unspecified(), 0), Payload: payload}
	if v6 {
		s.From = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
	}
	s.To = s.From
	made, err := p.Packet(s)
	if err == nil {
		_, err = made.Append(nil)
	}
	return err
}

// Length is how many bytes of data a segment says that it carries; 0 where it
// does not say it.
func (p Pattern) Length() uint32 { return p.length().or(0) }

// length is that of the data, from the sequence numbers where it was left out.
func (p Pattern) length() Number {
	switch body := p.Body.(type) {
	case *Segment:
		first, ok1 := body.First.Value()
		last, ok2 := body.Last.Value()
		if ok1 && ok2 && !body.Length.Given() {
			return Number{oneNumber, last - first, last - first, body.First.at}
		}
		return body.Length
	case *Datagram:
		return body.Length
	}
	return Number{}
}
