package network

import (
	"slices"

	"github.com/sockscript/sockscript/steps/value"
)

// checkFaults reports faults that can never act.
func (v *Plan) checkFaults(d *value.Decoder, l *Link) {
	four, six := v.families(l)
	for k, f := range l.Faults {
		why := f.Match.never()
		switch {
		case why != "":
		case (f.Match.Protocol == "arp" || f.Match.Protocol == "igmp") && six && !four:
			why = "the addresses of the link are of IPv6, which has neither ARP nor IGMP"
		case f.Act == corruptAct && slices.Contains(bareSegments, f.Match.Kind) && f.Match.Protocol == "tcp":
			why = "these segments have no payload of which a byte could be inverted"
		default:
			why = hiddenBy(l.Faults[:k], f)
		}
		if why != "" {
			warn(d, f.Node, "the fault %s can never act: %s", f.Name, why)
		}
	}
}

// CheckSnooping reports links that are to snoop and cannot: snooping is the
// kernel's, and the kernel does not carry the frames of such a link. It must be
// known which links steps name.
func (v *Plan) CheckSnooping(d *value.Decoder) {
	for _, l := range v.Links {
		switch {
		case !l.Snooping && !l.Querier:
		case l.Impaired():
			warn(d, l.Node, "the link %s neither snoops nor asks for members: sockscript carries its frames, because of what it does to them", l.Name).Hint = "leave snooping and querier out, or join a router between this link and one that does nothing to frames"
		case l.Named:
			warn(d, l.Node, "the link %s neither snoops nor asks for members: sockscript carries its frames, because a step names it or may name it", l.Name).Hint = "leave snooping and querier out, or name another link in the steps link and fault"
		}
	}
}

// bareSegments are the kinds of TCP segments without data.
var bareSegments = []string{"syn", "syn+ack", "ack"}

// never says why a frame cannot be as the match describes it; "" where it can.
func (m *Match) never() string {
	stream := m.Protocol == "tcp"
	switch {
	case m.From >= 0 && m.From == m.To:
		return "a frame that an end sends does not come back to it"
	case m.Port > 0 && !stream && m.Protocol != "udp" && m.Protocol != "":
		return m.Protocol + " has no ports"
	case m.First > 0 && !stream && m.Protocol != "":
		return "only TCP has a stream of bytes"
	case m.First > 0 && stream && slices.Contains(bareSegments, m.Kind):
		return "a segment of this kind has no bytes of the stream"
	case len(m.Contains) > 0 && stream && slices.Contains(bareSegments, m.Kind):
		return "a segment of this kind has no payload"
	case m.Matches != nil && stream && slices.Contains(bareSegments, m.Kind) && !m.Matches.MatchString(""):
		return "a segment of this kind has no payload"
	case len(m.Contains) > value.MostMTU:
		return "no frame is so long"
	}
	return ""
}

// hiddenBy says which of the faults before one acts in its place each time; ""
// where none does.
func hiddenBy(before []*Fault, f *Fault) string {
	for _, b := range before {
		if b.Off || f.Off || !b.Match.covers(&f.Match) {
			continue
		}
		all := len(b.Nth) == 0
		same := b.Match.same(&f.Match) && len(f.Nth) > 0 && !slices.ContainsFunc(f.Nth, func(n int) bool { return !slices.Contains(b.Nth, n) })
		if all || same {
			return "the fault " + b.Name + " before it acts on each of these frames"
		}
	}
	return ""
}

// same reports whether two matches describe the same frames.
func (m *Match) same(o *Match) bool { return m.covers(o) && o.covers(m) }

// covers reports whether a match describes all frames that another does.
func (m *Match) covers(o *Match) bool {
	return (m.From < 0 || m.From == o.From) && (m.To < 0 || m.To == o.To) &&
		(m.Protocol == "" || m.Protocol == o.Protocol) && (m.Kind == "" || m.Kind == "any" || m.Kind == o.Kind) &&
		(m.ICMP < 0 || m.ICMP == o.ICMP) && (m.Port == 0 || m.Port == o.Port) &&
		(m.First == 0 || m.First == o.First && m.Last == o.Last) && (len(m.Contains) == 0 || string(m.Contains) == string(o.Contains)) &&
		(m.Matches == nil || o.Matches != nil && m.Matches.String() == o.Matches.String())
}

// families reports whether the ends of a link have addresses of IPv4 and of
// IPv6.
func (v *Plan) families(l *Link) (four, six bool) {
	for _, e := range l.Join {
		h := v.Host(e.Host)
		if h == nil || h.Interface(e.Interface) == nil {
			continue
		}
		for _, p := range h.Interface(e.Interface).Addresses {
			four, six = four || p.Addr().Is4(), six || p.Addr().Is6()
		}
	}
	return four, six
}
