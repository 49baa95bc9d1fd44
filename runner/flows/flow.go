package flows

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/steps/packet"
)

// A Proto is what the packets of a flow are.
type Proto int

// The protocols.
const (
	TCP   Proto = iota // of one connection
	UDP                // between two addresses with ports
	Other              // between two addresses: ICMP, IGMP and others
	Local              // ARP, and what is not IP
)

// A Flow is what went between two addresses at one point of the network.
type Flow struct {
	Point   string
	Host    string // of lo
	Proto   Proto
	Ends    [2]netip.AddrPort // the first is that of the one who began
	Packets []*Packet         // as they crossed the point

	begun [2]begin
	texts map[string]bool // of what has no numbers, with its end
}

// A begin is what the numbers of one direction count from.
type begin struct {
	known, stamped bool
	seq, stamp     uint32
	syn, fin       bool // crossed the point
	carried        spans
	last           uint32 // the number behind the FIN
	done           bool   // the FIN was acknowledged
	options        []byte // the kinds of those of the SYN
}

type key struct {
	point    string
	proto    Proto
	low, top netip.AddrPort
}

// of sorts frames into flows, in the order in which these began.
func of(frames []frame) []*Flow {
	s := sorter{current: make(map[key]*Flow), wholes: make(map[wholeKey]*whole)}
	for i := range frames {
		s.add(&frames[i], i)
	}
	return s.flows
}

type sorter struct {
	flows   []*Flow
	current map[key]*Flow
	wholes  map[wholeKey]*whole
}

func (s *sorter) add(f *frame, order int) {
	decoded, err := packet.DecodeFrame(f.Bytes)
	if err != nil {
		return
	}
	if decoded.IP != nil {
		if decoded.IP = s.join(f, decoded); decoded.IP == nil {
			return
		}
	}
	p := &Packet{Frame: *f, decoded: decoded.IP, order: order}
	if decoded.IP == nil {
		flow := s.flow(f, Local, netip.AddrPort{}, netip.AddrPort{}, false)
		p.Text = packet.DescribeFrame(decoded, nil)
		flow.take(p)
		return
	}
	from, to := ports(decoded.IP)
	proto, opens := Other, false
	switch body := decoded.IP.Body.(type) {
	case *packet.TCP:
		proto, opens = TCP, body.Flags&(packet.SYN|packet.ACK) == packet.SYN
	case *packet.UDP:
		proto = UDP
	case *packet.ICMP:
		if flow, end := s.quoted(f, decoded.IP, body); flow != nil {
			p.From = end
			p.Text = packet.Describe(decoded.IP, s.base(f))
			flow.take(p)
			return
		}
	}
	flow := s.flow(f, proto, from, to, opens && s.reopens(f, decoded.IP, from, to))
	if flow.Ends[0] != from {
		p.From = 1
	}
	flow.learn(p)
	p.Text = packet.Describe(decoded.IP, func(*packet.Packet) packet.Base { return flow.base(p.From) })
	if proto == Other {
		p.Text = packet.Describe(decoded.IP, s.base(f))
	}
	flow.take(p)
}

func keyOf(f *frame, proto Proto, from, to netip.AddrPort) key {
	k := key{f.point(), proto, from, to}
	if to.Compare(from) < 0 {
		k.low, k.top = to, from
	}
	return k
}

// flow is the one between two addresses, or a new one.
func (s *sorter) flow(f *frame, proto Proto, from, to netip.AddrPort, anew bool) *Flow {
	k := keyOf(f, proto, from, to)
	if flow := s.current[k]; flow != nil && !anew {
		return flow
	}
	flow := &Flow{Point: f.point(), Proto: proto, Ends: [2]netip.AddrPort{from, to}}
	if f.Link == "" {
		flow.Host = f.Host
	}
	s.current[k] = flow
	s.flows = append(s.flows, flow)
	return flow
}

// reopens reports whether a SYN begins another connection between the same
// addresses: its number is not that of the SYN before.
func (s *sorter) reopens(f *frame, p *packet.Packet, from, to netip.AddrPort) bool {
	flow := s.current[keyOf(f, TCP, from, to)]
	if flow == nil {
		return false
	}
	b := flow.begun[flow.end(from)]
	return b.syn && b.seq != p.Body.(*packet.TCP).Seq
}

// end is which end of the flow an address is.
func (f *Flow) end(a netip.AddrPort) int {
	if f.Ends[0] == a {
		return 0
	}
	return 1
}

// quoted is the flow that an ICMP error is about, and which end of it did not
// send the packet that is quoted.
func (s *sorter) quoted(f *frame, p *packet.Packet, m *packet.ICMP) (*Flow, int) {
	q, err := m.Quoted()
	if err != nil {
		return nil, 0
	}
	proto := UDP
	switch q.Body.(type) {
	case *packet.TCP:
		proto = TCP
	case *packet.UDP:
	default:
		return nil, 0
	}
	from, to := ports(q)
	flow := s.current[keyOf(f, proto, from, to)]
	if flow == nil {
		return nil, 0
	}
	return flow, 1 - flow.end(from)
}

// base is what the numbers of a quoted segment are relative to.
func (s *sorter) base(f *frame) func(*packet.Packet) packet.Base {
	return func(q *packet.Packet) packet.Base {
		from, to := ports(q)
		flow := s.current[keyOf(f, TCP, from, to)]
		if flow == nil {
			return packet.Base{}
		}
		return flow.base(flow.end(from))
	}
}

// base is what the numbers of a direction are relative to.
func (f *Flow) base(end int) packet.Base {
	own, other := &f.begun[end], &f.begun[1-end]
	return packet.Base{Seq: own.seq, Ack: other.seq, TSVal: own.stamp, TSEcr: other.stamp}
}

// learn takes the initial numbers from a segment. A direction whose SYN was not
// seen begins so that its next byte has number 1.
func (f *Flow) learn(p *Packet) {
	t := p.tcp()
	if t == nil {
		return
	}
	own, other := &f.begun[p.From], &f.begun[1-p.From]
	if syn := t.Flags&packet.SYN != 0; syn && !own.syn {
		own.seq, own.known, own.syn = t.Seq, true, true
		for _, o := range t.Options {
			own.options = append(own.options, o.Kind)
		}
	} else if !own.known {
		own.seq, own.known = t.Seq-1, true
	}
	if !other.known && t.Flags&packet.ACK != 0 {
		other.seq, other.known = t.Ack-1, true
	}
	if own.stamped {
		return
	}
	for _, o := range t.Options {
		if o.Kind == packet.Timestamp && len(o.Data) == 8 {
			own.stamped = true
			own.stamp = uint32(o.Data[0])<<24 | uint32(o.Data[1])<<16 | uint32(o.Data[2])<<8 | uint32(o.Data[3])
		}
	}
}

// has reports whether the SYN had an option.
func (b *begin) has(option byte) bool { return slices.Contains(b.options, option) }

// take adds a packet.
func (f *Flow) take(p *Packet) {
	p.Again = f.repeats(p)
	f.Packets = append(f.Packets, p)
}

// repeats reports whether all that a packet carries crossed the point before,
// and notes that it has now. A datagram never does.
func (f *Flow) repeats(p *Packet) bool {
	t := p.tcp()
	switch {
	case f.Proto == UDP:
		return false
	case t == nil:
		if f.texts == nil {
			f.texts = make(map[string]bool)
		}
		text := fmt.Sprint(p.From, p.Text)
		before := f.texts[text]
		f.texts[text] = true
		return before
	case t.Flags&packet.RST != 0:
		return f.over() || f.has(p, func(o *Packet) bool { return flagsOf(o)&packet.RST != 0 })
	}
	b := &f.begun[p.From]
	if other := &f.begun[1-p.From]; other.fin && t.Flags&packet.ACK != 0 && t.Ack == other.last && !p.Frame.Dropped() {
		other.done = true
	}
	anew := false
	if t.Flags&packet.SYN != 0 {
		// In a simultaneous open the SYN comes again with an acknowledgement.
		const both = packet.SYN | packet.ACK
		anew = !f.has(p, func(o *Packet) bool { return flagsOf(o)&both == t.Flags&both })
	}
	if data := p.data(); !data.empty() {
		anew = anew || !b.carried.hold(data)
		b.carried.add(data)
	}
	if t.Flags&packet.FIN != 0 {
		anew, b.fin = anew || !b.fin, true
		b.last = t.Seq + uint32(len(t.Payload)) + 1
	}
	return !anew
}

// over reports whether both directions have ended and each end knows it. An RST
// after that answers a segment that was sent twice, and one acknowledgement of
// it has closed the connection before the other comes.
func (f *Flow) over() bool {
	return f.begun[0].done && f.begun[1].done
}

// cable reports whether a far end that the script plays has a part in the flow.
func (f *Flow) cable() bool {
	return slices.ContainsFunc(f.Packets, func(p *Packet) bool { return p.Frame.Received })
}

// has reports whether the end that sent a packet has sent another one before.
func (f *Flow) has(p *Packet, other func(*Packet) bool) bool {
	return slices.ContainsFunc(f.Packets, func(o *Packet) bool { return o.From == p.From && other(o) })
}

func flagsOf(p *Packet) packet.Flags {
	if t := p.tcp(); t != nil {
		return t.Flags
	}
	return 0
}
