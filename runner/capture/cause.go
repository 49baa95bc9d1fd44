package capture

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/sock"
)

// causes finds the steps that have caused frames, which it must be asked for in
// the order of their times.
type causes struct {
	*sockets
	epoch  time.Time
	flows  map[flow]*direction
	counts map[flow]int          // how many connections there were, by the direction of the first SYN
	taken  map[datagram]int      // how many frames have carried it
	pieces map[fragment][]string // what fragments belong to
}

// A flow is one direction between two ports, as frames show it at one point of
// the network: a frame that a router passes on is seen at several.
type flow struct {
	point    string
	src, dst netip.AddrPort
}

func (f flow) back() flow { return flow{f.point, f.dst, f.src} }

// A direction is one of the two of a TCP connection.
type direction struct {
	syn  uint32 // what its numbers count from
	nth  int    // among the connections of its two ports
	next int64  // the number behind all that was sent so far
	fin  []string
}

type datagram struct {
	point string
	by    *doer
	sum   uint64
}

type fragment struct {
	point    string
	src, dst netip.Addr
	id       uint32
}

func causesOf(r *history.Record) *causes {
	return &causes{
		sockets: socketsOf(r), epoch: r.Frames.Epoch, flows: make(map[flow]*direction), counts: make(map[flow]int),
		taken: make(map[datagram]int), pieces: make(map[fragment][]string),
	}
}

// kernel is what has caused a frame that belongs to no step: the kernel sends
// what its protocols need.
const kernel = "kernel"

// outside is what has caused a frame of a program.
const outside = "no step of the scenario"

// mostSteps is how many steps a comment names.
const mostSteps = 8

// comment says what has caused a frame, and what a fault has done to it.
func (c *causes) comment(f *event.Frame) string {
	text := kernel
	if by := c.of(f); len(by) > mostSteps {
		text = strings.Join(by[:mostSteps], "; ") + "; and more"
	} else if len(by) > 0 {
		text = strings.Join(by, "; ")
	}
	if f.Fault != "" {
		text += "; " + acted[f.Act] + " by " + f.Fault
	}
	return text
}

// acted says what faults have done to a frame.
var acted = map[string]string{
	"drop": "dropped", "duplicate": "duplicated", "delay": "delayed", "reorder": "reordered", "corrupt": "corrupted",
}

// of are the steps that have caused a frame, or what else is known of it.
func (c *causes) of(f *event.Frame) []string {
	d, err := packet.DecodeFrame(f.Bytes)
	at := f.At.Sub(c.epoch)
	if err == nil && d.IP != nil && !f.Received {
		if list := c.ofPacket(f, d.IP, at); list != nil {
			return list
		}
	}
	if by := c.other(f.Host, at); by != nil && !f.Received {
		return []string{by.String()}
	}
	if !f.Received || f.Link != "" {
		return nil
	}
	// A far end sends one packet with each step.
	if by := during(c.injects, at); by != nil {
		return []string{by.String()}
	}
	return nil
}

// ofPacket are the steps that have caused a packet.
func (c *causes) ofPacket(f *event.Frame, p *packet.Packet, at time.Duration) []string {
	id, fragmented := fragmentOf(p)
	key := fragment{point(f), p.Src, p.Dst, id}
	switch body := p.Body.(type) {
	case *packet.TCP:
		return c.ofSegment(f, p, body, at)
	case *packet.UDP:
		list := c.ofDatagram(f, p, body, fragmented)
		if fragmented {
			c.pieces[key] = list
		}
		return list
	}
	if fragmented {
		return c.pieces[key]
	}
	return nil
}

// fragmentOf is the number that the fragments of a packet share; ok is false
// for a whole packet.
func fragmentOf(p *packet.Packet) (id uint32, ok bool) {
	const header = 44 // RFC 8200, 4.5
	if p.Src.Is6() {
		if p.Protocol != header || len(p.Options) < 8 {
			return 0, false
		}
		return binary.BigEndian.Uint32(p.Options[4:]), true
	}
	const offset = 0x1fff
	return uint32(p.ID), p.Flags&(packet.MoreFragments|offset) != 0
}

// point is where a frame was seen.
func point(f *event.Frame) string {
	if f.Link != "" {
		return f.Link
	}
	return nameOf(f)
}

// nameOf is the interface of a frame, with its host.
func nameOf(f *event.Frame) string {
	if f.Host == "" {
		return f.Interface
	}
	return f.Host + "." + f.Interface
}

// ofSegment are the steps that have caused a TCP segment.
func (c *causes) ofSegment(f *event.Frame, p *packet.Packet, t *packet.TCP, at time.Duration) []string {
	key := flow{point(f), netip.AddrPortFrom(p.Src, t.SrcPort), netip.AddrPortFrom(p.Dst, t.DstPort)}
	d := c.direction(key, t)
	one := c.connected(f.Host, key.src, key.dst, d.nth)
	first := int64(t.Seq - d.syn)
	if t.Flags&packet.SYN != 0 {
		first++
	}
	size := int64(len(t.Payload) + p.Missing)
	end := first + size
	if t.Flags&packet.FIN != 0 {
		end++
	}
	again := end > first && end <= d.next || t.Flags&packet.SYN != 0 && d.next > 0
	d.next = max(d.next, end)
	if t.Flags&(packet.SYN|packet.ACK) == packet.SYN {
		return repeated(c.opening(one, key.dst, at), again)
	}
	switch {
	case one == nil && end == first:
		return nil
	case one == nil:
		return []string{outside}
	case size > 0 && one.opaque:
		return repeated(one.latest(at), again)
	case size > 0:
		if list := one.wrote(first, first+size); list != nil {
			return repeated(list, again)
		}
	case t.Flags&packet.FIN != 0 && len(one.ends) > 0:
		if d.fin == nil {
			d.fin = one.ended(at)
		}
		return repeated(slices.Clone(d.fin), again)
	case t.Flags&packet.RST != 0:
		if k := slices.IndexFunc(one.ends, func(d *doer) bool { return d.at(at) }); k >= 0 {
			return []string{one.ends[k].String()}
		}
	}
	return []string{kernel + ", for " + one.name}
}

// direction is what is known of a flow. A SYN with another number begins
// another connection; a flow whose SYN was not seen begins with its first
// segment.
func (c *causes) direction(key flow, t *packet.TCP) *direction {
	d, back := c.flows[key], c.flows[key.back()]
	syn := t.Flags&packet.SYN != 0
	switch {
	case d != nil && (!syn || d.syn == t.Seq):
		return d
	case syn && t.Flags&packet.ACK == 0 && (d != nil || back == nil):
		// The first SYN of a connection; that of a simultaneous open is the
		// second.
		opener := key
		if _, known := c.counts[key]; !known {
			if _, known := c.counts[key.back()]; known {
				opener = key.back()
			}
		}
		nth := c.counts[opener]
		c.counts[opener]++
		delete(c.flows, key.back())
		d = &direction{syn: t.Seq, nth: nth}
	default:
		d = &direction{syn: t.Seq - 1}
		if syn {
			d.syn = t.Seq
		}
		if back != nil {
			d.nth = back.nth
		}
	}
	c.flows[key] = d
	return d
}

// repeated adds to steps that what they have caused was sent before.
func repeated(list []string, again bool) []string {
	if again && len(list) > 0 {
		list = append(list, "sent again")
	}
	return list
}

// opening is the step that opens a connection.
func (c *causes) opening(one *socket, to netip.AddrPort, at time.Duration) []string {
	if one != nil && one.opener != nil {
		return []string{one.opener.String()}
	}
	var tries []*doer
	for _, x := range c.failed {
		if x.remote == to {
			tries = append(tries, x.opener)
		}
	}
	if by := during(tries, at); by != nil {
		return []string{by.String()}
	}
	return []string{outside}
}

// during is the step of a list that was under way at a time, or the last that
// began before it.
func during(list []*doer, at time.Duration) (by *doer) {
	for _, d := range list {
		switch {
		case d.at(at):
			return d
		case d.start <= at && (by == nil || by.start < d.start):
			by = d
		}
	}
	return by
}

// wrote are the steps that have written a range of the stream, whose first byte
// has the number 1.
func (s *socket) wrote(first, last int64) []string {
	k := sort.Search(len(s.writes), func(k int) bool { return s.writes[k].end >= first })
	var list []string
	for ; k < len(s.writes) && len(list) <= mostSteps; k++ {
		if by := s.writes[k].by.String(); !slices.Contains(list, by) {
			list = append(list, by)
		}
		if s.writes[k].end >= last-1 {
			break
		}
	}
	return list
}

// ended are the steps that may have ended the sending of a socket by a time: of
// each actor the first. The clock does not say which of several it was.
func (s *socket) ended(at time.Duration) []string {
	var list []*doer
	for _, by := range s.ends {
		before := func(d *doer) bool { return d.branch == by.branch || by.start > at }
		if !slices.ContainsFunc(list, before) {
			list = append(list, by)
		}
	}
	var names []string
	for _, by := range list {
		names = append(names, by.String())
	}
	return names
}

// latest is the step that has written to the socket last before a time.
func (s *socket) latest(at time.Duration) []string {
	list := slices.Clone(s.ends)
	for _, w := range s.writes {
		list = append(list, w.by)
	}
	if by := during(list, at); by != nil {
		return []string{by.String()}
	}
	return nil
}

// ofDatagram is the step that has sent a datagram: of several alike one after
// the other.
func (c *causes) ofDatagram(f *event.Frame, p *packet.Packet, u *packet.UDP, fragmented bool) []string {
	src, dst := netip.AddrPortFrom(p.Src, u.SrcPort), netip.AddrPortFrom(p.Dst, u.DstPort)
	d := event.NewDatagram(u.Payload, sock.Addr{})
	senders := c.senders(f.Host, src)
	var last []string
	for _, one := range senders {
		for i := range one.messages {
			m := &one.messages[i]
			switch {
			case m.remote.Port() != dst.Port() || !m.remote.Addr().IsUnspecified() && m.remote.Addr() != dst.Addr():
				continue
			case !fragmented && (m.sum != d.Sum || m.length != d.Len):
				continue
			case fragmented && m.head != d.Head:
				continue
			}
			key := datagram{point(f), m.by, m.sum}
			last = []string{m.by.String()}
			if c.taken[key]++; c.taken[key] == 1 {
				return last
			}
		}
	}
	if last != nil {
		return last
	}
	return []string{outside}
}
