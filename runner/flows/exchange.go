package flows

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/sock"
)

// An exchange are the datagrams between two addresses, and the ICMP messages
// about them, of which the lines are written.
type exchange struct {
	flow  *Flow
	ends  [2]side
	taken map[*message]bool

	latest [2]int  // the keys of the lines so far
	hidden [2]bool // a quiet step has sent the latest datagram
	more   [2]int  // datagrams of rounds that are folded
}

// lines are those of both directions.
func (x *exchange) lines() (both [2][]line) {
	x.taken = make(map[*message]bool)
	for _, p := range x.flow.Packets {
		l, shown := x.line(p)
		if !shown {
			continue
		}
		if fault := p.Frame.ruled(); fault != "" {
			l.text += "  " + fault
		}
		if l.key == unknownDepth {
			l.key = x.latest[p.From]
		}
		x.latest[p.From] = max(x.latest[p.From], l.key)
		both[p.From] = append(both[p.From], l)
	}
	for i := range both {
		if own := x.ends[i].socket; x.more[i] > 0 && own.rounds > 0 {
			both[i] = append(both[i], line{own.rounds * 2, fmt.Sprintf("... %s", source.Count(x.more[i], "more datagram", "more datagrams"))})
		}
		slices.SortStableFunc(both[i], func(a, b line) int { return cmp.Compare(a.key, b.key) })
	}
	return both
}

// line is that of a packet; it is not shown where it belongs to a quiet step,
// or to rounds that are folded.
func (x *exchange) line(p *Packet) (l line, shown bool) {
	switch body := p.Text.Body.(type) {
	case *packet.Datagram:
		m, late := x.message(p)
		own := x.ends[p.From].socket
		folded := m == nil && own != nil && own.folded
		if folded {
			x.more[p.From]++
		}
		x.hidden[p.From] = folded || m != nil && m.hidden
		switch {
		case m == nil:
			return line{0, text(body)}, !folded
		case m.varies:
			return line{m.depth*2 - late, "udp (any)"}, !m.hidden
		}
		return line{m.depth*2 - late, text(body)}, !m.hidden
	case *packet.Message:
		return line{x.latest[1-p.From] + 1, stableMessage(body)}, !x.hidden[1-p.From]
	}
	return line{}, false
}

// message is the one that a datagram carries: that of the send which it is
// from, or of the receive that took it, which is later than the datagram. Nil:
// no step is known.
func (x *exchange) message(p *Packet) (m *message, late int) {
	body := p.decoded.Body.(*packet.UDP)
	d := event.NewDatagram(body.Payload, sock.Addr{})
	if own := x.ends[p.From].socket; own != nil {
		to := x.flow.Ends[1-p.From]
		return x.find(own.sent, func(m *message) bool { return m.sum == d.Sum && m.length == d.Len && m.remote == to }), 0
	}
	taker := x.ends[1-p.From].socket
	if taker == nil {
		return nil, 0
	}
	return x.find(taker.came, func(m *message) bool { return m.sum == d.Sum && m.length == d.Len }), 1
}

// text is that of what a packet carries.
func text(b packet.PatternBody) string { return packet.Pattern{Body: b}.String() }

// find is the first message that fits and that no packet has yet.
func (x *exchange) find(list []message, fits func(*message) bool) *message {
	for i := range list {
		if m := &list[i]; !x.taken[m] && fits(m) {
			x.taken[m] = true
			return m
		}
	}
	return nil
}

// stableMessage is an ICMP message without the identifier that the kernel may
// have chosen.
func stableMessage(m *packet.Message) string {
	stable := *m
	stable.ID = packet.Number{}
	return packet.Pattern{Body: &stable}.String()
}
