package packet

import (
	"net/netip"
	"slices"
	"strconv"
)

// A Base is what the numbers of a segment are relative to.
type Base struct {
	Seq, Ack     uint32 // the initial sequence numbers of the sender and of the receiver
	TSVal, TSEcr uint32 // what the timestamps of both count from
}

// Describe is the text of a packet: a pattern that says everything. base is
// asked for what the numbers of a segment are relative to, in the packet and in
// one that it quotes.
func Describe(p *Packet, base func(*Packet) Base) Pattern {
	text := Pattern{ECN: ECN(p.TOS&3) + NotECT, TTL: One(uint32(p.TTL))}
	switch body := p.Body.(type) {
	case *TCP:
		text.Body = body.describe(p, base(p))
	case *UDP:
		text.Body = &Datagram{Length: One(uint32(len(body.Payload) + p.Missing))}
	case *ICMP:
		text.Body = body.describe(p, base)
	case *IGMP:
		text.Body = body.describe()
	default:
		text.Body = &Unknown{Protocol: p.last(), Fragment: p.later()}
	}
	return text
}

// DescribeFrame is the text of what a frame carries. A frame that carries
// neither IP nor ARP is an [*Unknown].
func DescribeFrame(f *Frame, base func(*Packet) Base) Pattern {
	switch {
	case f.IP != nil:
		return Describe(f.IP, base)
	case f.ARP != nil:
		return Pattern{Body: f.ARP.describe()}
	}
	return Pattern{Body: &Unknown{EtherType: f.Type}}
}

// later reports whether a packet is a fragment after the first.
func (p *Packet) later() bool {
	if p.Src.Is4() {
		return p.Flags&fragmentOffset != 0
	}
	_, _, later := extensions(p.Protocol, append(slices.Clone(p.Options), make([]byte, 8)...))
	return later
}

func (t *TCP) describe(p *Packet, base Base) *Segment {
	first := t.Seq - base.Seq
	if t.Short {
		return &Segment{First: One(first), Last: Number{form: anyNumber}}
	}
	n := uint32(len(t.Payload) + p.Missing)
	s := &Segment{
		Flags: t.Flags, FlagsGiven: true,
		First: One(first), Last: One(first + n), Length: One(n),
		Window: One(uint32(t.Window)), OptionsGiven: len(t.Options) > 0 || len(t.Rest) > 0,
	}
	if t.Flags&ACK != 0 {
		s.Ack = One(t.Ack - base.Ack)
	}
	if t.Flags&URG != 0 || t.Urgent != 0 {
		s.Urgent = One(uint32(t.Urgent))
	}
	for _, o := range t.Options {
		s.Options = append(s.Options, known(OptionPattern{Kind: o.Kind, Data: o.Data}).relative(base))
	}
	if len(t.Rest) > 0 {
		s.Options = append(s.Options, OptionPattern{Bad: true, Data: t.Rest})
	}
	return s
}

// known reads the numbers of an option whose fields are known. An option of
// another size keeps its bytes.
func known(o OptionPattern) OptionPattern {
	var fields []optionField
	switch {
	case o.AnyData:
		return o
	case o.Kind == SACK && len(o.Data)%8 == 0:
		fields = slices.Repeat([]optionField{{size: 4}}, len(o.Data)/4)
	default:
		for _, k := range optionKinds {
			if k.kind == o.Kind {
				fields = k.fields
			}
		}
	}
	total := 0
	for _, f := range fields {
		total += f.size
	}
	if fields == nil || total != len(o.Data) {
		return o
	}
	known := OptionPattern{Kind: o.Kind, Numbers: make([]Number, 0, len(fields))}
	for _, f := range fields {
		known.Numbers = append(known.Numbers, One(uint32(bigEndian(o.Data[:f.size]))))
		o.Data = o.Data[f.size:]
	}
	return known
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// relative turns the numbers of an option into those of a text.
func (o OptionPattern) relative(base Base) OptionPattern {
	return o.moved(-base.Ack, -base.TSVal, -base.TSEcr)
}

// absolute turns the numbers of a text into those of a packet.
func (o OptionPattern) absolute(base Base) OptionPattern {
	return o.moved(base.Ack, base.TSVal, base.TSEcr)
}

func (o OptionPattern) moved(ack, val, ecr uint32) OptionPattern {
	numbers := slices.Clone(o.Numbers)
	for i := range numbers {
		by := ack
		switch {
		case o.Kind == Timestamp && i == 0:
			by = val
		case o.Kind == Timestamp:
			by = ecr
		case o.Kind != SACK:
			continue
		}
		numbers[i] = One(numbers[i].first + by)
	}
	o.Numbers = numbers
	return o
}

func (m *ICMP) describe(p *Packet, base func(*Packet) Base) *Message {
	v4 := p.Src.Is4()
	t := typeByNumber(icmpWords(v4), m.Type)
	text := &Message{
		Type: t.word, Code: t.codeWord(m.Code),
		typeNumber: strconv.Itoa(int(m.Type)), codeNumber: strconv.Itoa(int(m.Code)),
	}
	switch {
	case m.isEcho(v4):
		text.ID, text.Seq = One(m.Field>>16), One(m.Field&0xffff)
		text.Length = One(uint32(len(m.Data) + p.Missing))
	case m.hasMTU(v4):
		text.MTU = One(m.Field)
	}
	if !m.isError(v4) {
		return text
	}
	if q, err := m.Quoted(); err == nil {
		text.Quote = quote(q, base)
	}
	return text
}

// quote describes a packet that is quoted, without one that it quotes in turn.
// Nil: no text can ask for it.
func quote(p *Packet, base func(*Packet) Base) *Pattern {
	var text Pattern
	switch body := p.Body.(type) {
	case *ICMP:
		alone := *body
		alone.Data = nil
		text = Describe(&Packet{Src: p.Src, Dst: p.Dst, Body: &alone, Missing: len(body.Data) + p.Missing}, base)
	default:
		text = Describe(p, base)
	}
	if _, unknown := text.Body.(*Unknown); unknown {
		return nil
	}
	return &Pattern{Body: text.Body}
}

// isEcho reports whether a message has an identifier and a sequence number.
func (m *ICMP) isEcho(v4 bool) bool {
	if v4 {
		return m.Type == Echo4 || m.Type == EchoReply4
	}
	return m.Type == Echo6 || m.Type == EchoReply6
}

// hasMTU reports whether an error says an MTU.
func (m *ICMP) hasMTU(v4 bool) bool {
	return v4 && m.Type == Unreachable4 && m.Code == fragNeeded || !v4 && m.Type == TooBig6
}

func (g *IGMP) describe() PatternBody {
	one := func(version int, word string) *Membership {
		group := Group{Word: word}
		if word != "query" || g.Group != netip.IPv4Unspecified() {
			group.Address.IP = g.Group
		}
		return &Membership{version, []Group{group}}
	}
	switch g.Type {
	case IGMPQuery:
		switch {
		case len(g.Rest) > 0:
			return one(3, "query")
		case g.Delay > 0:
			return one(2, "query")
		}
		return one(1, "query")
	case IGMPReport1:
		return one(1, "report")
	case IGMPReport2:
		return one(2, "report")
	case IGMPLeave:
		return one(2, "leave")
	case IGMPReport3:
		m := &Membership{Version: 3}
		for _, r := range g.Records {
			m.Groups = append(m.Groups, Group{r.word(), Address{IP: r.Group}})
		}
		if m.Groups != nil {
			return m
		}
	}
	return &Unknown{Protocol: ProtoIGMP}
}

// word says whether the host still wants something of the group: it leaves when
// it wants nothing from any source (RFC 3376, 4.2.12).
func (r GroupRecord) word() string {
	if len(r.Sources) == 0 && (r.Type == IsInclude || r.Type == ToInclude) {
		return "leave"
	}
	return "report"
}

func (a *ARP) describe() PatternBody {
	if a.Operation == ARPReply {
		return &Resolution{Reply: true, Target: Address{IP: a.SenderIP}, MAC: a.SenderMAC}
	}
	if a.Operation != ARPRequest {
		return &Unknown{EtherType: EtherARP}
	}
	return &Resolution{Target: Address{IP: a.TargetIP}, Sender: Address{IP: a.SenderIP}}
}

// maxFlows is how many directions of connections are remembered.
const maxFlows = 1 << 16

// Numbers remembers the initial sequence numbers of connections. The zero value
// is ready for use.
type Numbers struct{ initial map[direction]uint32 }

// A direction is one of the two of a connection.
type direction struct{ src, dst netip.AddrPort }

// Base is what the numbers of a packet are relative to. A SYN begins a
// direction. One whose SYN was not seen begins with the first packet of it, or
// of the other direction: its next byte then has number 1. It does not learn
// from a packet that lacks its end: such a one is quoted.
func (n *Numbers) Base(p *Packet) (base Base) {
	t, ok := p.Body.(*TCP)
	if !ok {
		return base
	}
	there := direction{netip.AddrPortFrom(p.Src, t.SrcPort), netip.AddrPortFrom(p.Dst, t.DstPort)}
	back := direction{there.dst, there.src}
	if p.Missing == 0 && !t.Short {
		if t.Flags&SYN != 0 {
			n.set(there, t.Seq)
		}
		n.guess(there, t.Seq-1)
		if t.Flags&ACK != 0 {
			n.guess(back, t.Ack-1)
		}
	}
	return Base{Seq: n.initial[there], Ack: n.initial[back]}
}

func (n *Numbers) guess(d direction, seq uint32) {
	if _, known := n.initial[d]; !known {
		n.set(d, seq)
	}
}

func (n *Numbers) set(d direction, seq uint32) {
	if n.initial == nil {
		n.initial = map[direction]uint32{}
	}
	if len(n.initial) >= maxFlows {
		for one := range n.initial {
			delete(n.initial, one)
			break
		}
	}
	n.initial[d] = seq
}
