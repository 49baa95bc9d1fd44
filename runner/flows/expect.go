package flows

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/packet"
)

// An Unmet is what a scenario expects of the wire and did not come.
type Unmet struct {
	Node    *source.Node // of the segment, or of the item
	Message string       // of several lines
}

// Check compares what crossed the network with what a scenario expects, and
// says what is the first that is not met; nil: all is.
func Check(r *history.Record, list []*wire.Expectation) *Unmet {
	if why := Unseen(r); why != "" && len(list) > 0 {
		return &Unmet{list[0].Node, why}
	}
	for _, e := range list {
		if u := check(r, e); u != nil {
			return u
		}
	}
	return nil
}

func check(r *history.Record, e *wire.Expectation) *Unmet {
	s := newSides(r)
	seen := of(at(framesOf(r), e))
	talks := s.between(seen, e)
	if len(talks) == 0 && len(e.Segments) > 0 {
		return &Unmet{e.Segments[0].Node, s.nothing(seen, e)}
	}
	for _, t := range talks {
		if u := t.check(e); u != nil {
			return u
		}
	}
	return nil
}

// at are the frames that crossed the point of an expectation. Those that an
// interface has taken are not known by it, but by their destination.
func at(frames []frame, e *wire.Expectation) []frame {
	macs := make(map[string]packet.MAC) // of interfaces that have sent something
	for i := range frames {
		if f := &frames[i]; len(f.Bytes) >= 12 && f.Link == e.Link && !f.Received {
			macs[f.sender()] = packet.MAC(f.Bytes[6:12])
		}
	}
	var list []frame
	for _, f := range frames {
		from := f.sender()
		switch {
		case f.point() == e.At || from == e.At:
		case e.Link != "" && f.Link == e.Link && len(f.Bytes) >= 6 && comes(macs, packet.MAC(f.Bytes[:6]), e.At):
		default:
			continue
		}
		f.seen = e.At
		list = append(list, f)
	}
	return list
}

// comes reports whether a frame with a destination comes to an interface.
func comes(macs map[string]packet.MAC, to packet.MAC, at string) bool {
	if to[0]&1 != 0 { // a group
		return true
	}
	if own, known := macs[at]; known {
		return to == own
	}
	for _, mac := range macs {
		if mac == to {
			return false
		}
	}
	return true
}

// A meeting are the packets that an expectation is about, in the order in which
// they crossed the point, each with its direction.
type meeting struct {
	packets []*Packet
	texts   []packet.Pattern
	who     string // for messages
}

func (t *meeting) add(p *Packet, d packet.Direction) {
	text := p.Text
	text.Direction = d
	t.packets, t.texts = append(t.packets, p), append(t.texts, text)
}

// between are the meetings of two ends: one for each connection of two sockets,
// one for all that went between addresses. Without ends it is all at the point.
func (s *sides) between(list []*Flow, e *wire.Expectation) []*meeting {
	var meetings []*meeting
	var all *meeting
	type seen struct {
		p *Packet
		d packet.Direction
	}
	var packets []seen
	for _, f := range list {
		ends, _ := s.of(f)
		first, fits := 0, true
		if e.Ends != nil {
			first, fits = orient(f, ends, e.Ends)
		}
		if !fits {
			continue
		}
		named := e.Ends != nil && (e.Ends[0].Actor != "" || e.Ends[1].Actor != "")
		if named && f.Proto == TCP {
			m := &meeting{who: between(e)}
			for _, p := range f.Packets {
				m.add(p, direction(p, e, first))
			}
			meetings = append(meetings, m)
			continue
		}
		all = &meeting{who: between(e)}
		for _, p := range f.Packets {
			packets = append(packets, seen{p, direction(p, e, first)})
		}
	}
	if all == nil {
		return meetings
	}
	slices.SortFunc(packets, func(a, b seen) int { return cmp.Compare(a.p.order, b.p.order) })
	for _, one := range packets {
		all.add(one.p, one.d)
	}
	return append(meetings, all)
}

// direction is that of a packet: from the end with an index, or out of the
// interface where there are no ends. On a link there is none then.
func direction(p *Packet, e *wire.Expectation, first int) packet.Direction {
	from := p.Frame.sender()
	switch {
	case e.Ends == nil && e.At == e.Link, e.Ends == nil && p.Frame.Link != "" && p.Frame.Link == e.At:
		return 0
	case e.Ends == nil && (from == e.At || p.Frame.Link == ""), e.Ends != nil && p.From == first:
		return packet.Out
	}
	return packet.In
}

func between(e *wire.Expectation) string {
	if e.Ends == nil {
		return ""
	}
	return fmt.Sprintf(" between %s and %s", e.Ends[0], e.Ends[1])
}

// orient is which end of a flow is the first of two.
func orient(f *Flow, ends [2]side, want []wire.End) (first int, fits bool) {
	for first := range 2 {
		if is(f, ends, first, want[0]) && is(f, ends, 1-first, want[1]) {
			return first, true
		}
	}
	return 0, false
}

func is(f *Flow, ends [2]side, end int, want wire.End) bool {
	if want.Actor != "" {
		return ends[end].name == want.String()
	}
	a := f.Ends[end]
	return a.Addr() == want.Addr.Addr() && (want.Addr.Port() == 0 || a.Port() == want.Addr.Port())
}

// nothing says that no packet crossed between two ends, and between which other
// ends some did.
func (s *sides) nothing(list []*Flow, e *wire.Expectation) string {
	text := fmt.Sprintf("no packet crossed %s%s", e.At, between(e))
	others := make(map[string]bool)
	again := newSides(s.record)
	for _, f := range list {
		if f.Proto == Local {
			continue
		}
		ends, _ := again.of(f)
		if name := ends[0].name + " and " + ends[1].name; !others[name] {
			if others[name] = true; len(others) == 1 {
				text += "\nwhat crossed there was between"
			}
			text += "\n  " + name
		}
	}
	return text
}
