package flows

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/steps/packet"
)

// A talk is a TCP connection of which the lines are written.
type talk struct {
	flow *Flow
	ends [2]side
}

// lines are those of both directions.
func (t *talk) lines() (both [2][]line) {
	for i := range both {
		both[i] = t.opening(i)
	}
	for i := range both {
		both[i] = append(both[i], t.stream(i)...)
		if t.ending(i) {
			both[i] = append(both[i], t.control(t.of(i, packet.FIN), t.ends[i].socket.ended()*2)...)
		}
	}
	for i := range both {
		climb(both[i])
	}
	for i := range both {
		if !t.opaque() {
			both[i] = append(both[i], t.reset(i, both[1-i])...)
		}
	}
	return both
}

// opaque reports whether there is something above the connection, such as TLS:
// it says goodbye by itself, and whether the other side is still there for that
// is a matter of time.
func (t *talk) opaque() bool {
	for _, s := range t.ends {
		if s.socket != nil && s.socket.opaque > 0 {
			return true
		}
	}
	return false
}

// of are the packets that an end has sent with one of some flags.
func (t *talk) of(end int, flags packet.Flags) []*Packet {
	var list []*Packet
	for _, p := range t.flow.Packets {
		if p.From == end && flagsOf(p)&flags != 0 {
			list = append(list, p)
		}
	}
	return list
}

// opening are the lines of the SYNs of an end: without an acknowledgement they
// belong to its connect, with one they answer that of the other end.
func (t *talk) opening(end int) []line {
	syns := t.of(end, packet.SYN)
	var list []line
	for _, answer := range []packet.Flags{0, packet.ACK} {
		same := slices.DeleteFunc(slices.Clone(syns), func(p *Packet) bool { return flagsOf(p)&packet.ACK != answer })
		key := 1
		switch opener := t.ends[end].socket; {
		case answer != 0 && t.ends[1-end].socket != nil:
			key = t.ends[1-end].socket.opened*2 + 1
		case answer == 0 && opener != nil:
			key = opener.opened * 2
		case answer == 0:
			key = 0
		}
		list = append(list, t.control(same, key)...)
	}
	return list
}

// ending reports whether the FIN of an end crosses on every run: because a step
// has seen it, or one has sent it. Where the connection is reset, either may
// come first; and MPTCP (RFC 8684) sends it some time after the step.
func (t *talk) ending(end int) bool {
	own, other := t.ends[end].socket, t.ends[1-end].socket
	const multipath = 30
	if t.opaque() || t.flow.begun[end].has(multipath) {
		return false
	}
	reset := len(t.resets(0))+len(t.resets(1)) > 0
	return other != nil && other.sawEnd || own.ended() != unknownDepth && !reset
}

// control are the lines of segments that say the same, one of which may be sent
// again because of a fault.
func (t *talk) control(same []*Packet, key int) []line {
	if len(same) == 0 {
		return nil
	}
	text := controlFlags(same[0]).String()
	list := []line{{key, text}}
	for _, h := range hits(same, func(*Packet) span { return span{0, 1} }) {
		list = append(list, line{key, text + "  " + h.fault})
		if h.again(same, func(*Packet) span { return span{0, 1} }) {
			list = append(list, line{key, text + "  " + againWord})
		}
	}
	return list
}

// controlFlags are the flags of a segment as a line shows them: data that it
// carries besides has a line of its own.
func controlFlags(p *Packet) packet.Flags { return flagsOf(p) &^ (packet.PSH | packet.URG) }

// resets are the RST of an end, the first of them; none where the connection
// was closed before it.
func (t *talk) resets(end int) []*Packet {
	return slices.DeleteFunc(t.of(end, packet.RST), func(p *Packet) bool { return p.Again })
}

// reset is the line of an end's RSTs. One without an acknowledgement answers
// what the other end has sent after this one had closed.
func (t *talk) reset(end int, other []line) []line {
	resets := t.resets(end)
	if len(resets) == 0 {
		return nil
	}
	closed := t.ends[end].socket.ended()
	key := closed * 2
	if closed == unknownDepth && len(other) > 0 {
		key = other[0].key + 1
	} else if flagsOf(resets[0])&packet.ACK == 0 {
		for _, l := range other {
			if l.key >= closed*2 {
				key = l.key + 1
				break
			}
		}
	}
	return t.control(resets, key)
}

// A piece is a range of a stream that one step has written, or taken.
type piece struct {
	span
	key           int
	known, varies bool
}

// stream are the lines of the data that an end has sent.
func (t *talk) stream(end int) []line {
	carried := t.flow.begun[end].carried
	if len(carried) == 0 {
		return nil
	}
	var list []line
	packets := make([]*Packet, 0)
	for _, p := range t.flow.Packets {
		if p.From == end && !p.data().empty() {
			packets = append(packets, p)
		}
	}
	faulty := slices.ContainsFunc(packets, func(p *Packet) bool { return p.Frame.ruled() != "" })
	for _, one := range t.pieces(end, span{1, carried[len(carried)-1].last}) {
		list = append(list, line{one.key, rangeText(one.span, one.known, one.varies)})
		if !faulty {
			continue
		}
		part := func(p *Packet) span { return p.data().meet(one.span) }
		for _, h := range hits(packets, part) {
			text := rangeText(h.span, one.known && !one.varies, false)
			list = append(list, line{one.key, text + "  " + h.fault})
			if h.again(packets, part) {
				list = append(list, line{one.key, text + "  " + againWord})
			}
		}
	}
	return list
}

// pieces cuts what an end has sent at the sends that wrote it; where these are
// not known, at the receives that took it.
func (t *talk) pieces(end int, all span) []piece {
	own, other := t.ends[end].socket, t.ends[1-end].socket
	var moves []moved
	late, opaque, secured := 0, int64(0), 0
	switch {
	case own != nil && (len(own.sends) > 0 || own.opaque > 0):
		moves, opaque, secured = own.sends, own.opaque, own.secured
	case other != nil:
		moves, opaque, secured, late = other.recvs, other.opaque, other.secured, 1
	}
	list, at, known := []piece(nil), all.first, true
	for _, m := range moves {
		s := span{at, min(m.end+1, all.last)}
		if s.empty() || opaque > 0 && s.last > opaque {
			continue
		}
		if m.open {
			return append(list, piece{span{at, all.last}, m.depth*2 - late, known, true})
		}
		m.varies = m.varies || s.last <= m.end // not all of it crossed
		list = append(list, piece{s, m.depth*2 - late, known, m.varies})
		at, known = s.last, known && !m.varies
	}
	if at >= all.last {
		return list
	}
	rest := piece{span{at, all.last}, secured * 2, known, opaque > 0 || !known}
	for _, m := range moves {
		if m.end >= at && rest.key == 0 {
			rest.key = m.depth*2 - late
		}
	}
	return append(list, rest)
}

// A hit is a range that a fault has hit.
type hit struct {
	span
	fault string
	order int // of the last of the packets
}

// againWord is what a line says of what was sent again because of a fault.
const againWord = "again"

// hits are the ranges that faults have hit, part being what of a packet counts.
func hits(packets []*Packet, part func(*Packet) span) []hit {
	var list []hit
	for _, p := range packets {
		s := part(p)
		if p.Frame.ruled() == "" || s.empty() {
			continue
		}
		k := slices.IndexFunc(list, func(h hit) bool {
			return h.fault == p.Frame.ruled() && h.first <= s.last && s.first <= h.last
		})
		if k < 0 {
			list = append(list, hit{s, p.Frame.ruled(), p.order})
			continue
		}
		h := &list[k]
		h.span = span{min(h.first, s.first), max(h.last, s.last)}
		h.order = p.order
	}
	slices.SortStableFunc(list, func(a, b hit) int { return int(a.first - b.first) })
	return list
}

// again reports whether all of the range was sent again and not hit again. What
// a fault has let through, only later or twice, is not sent again because of
// it.
func (h hit) again(packets []*Packet, part func(*Packet) span) bool {
	if !loses(h.fault) {
		return false
	}
	var after spans
	for _, p := range packets {
		if p.order > h.order && p.Frame.ruled() == "" {
			after.add(part(p))
		}
	}
	return after.hold(h.span)
}

// loses reports whether a fault keeps frames from their receiver.
func loses(fault string) bool {
	word, _, _ := strings.Cut(fault, " ")
	return word == "dropped" || word == "corrupted" || word == "lost"
}
