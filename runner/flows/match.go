package flows

import (
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/packet"
)

// A match is where a segment of the file was found.
type match struct {
	first   int   // the first of the packets
	packets []int // all of them
	bytes   span  // the range that it stands for; empty where it stands for packets
	fault   bool  // that a fault has hit it was asked
	found   bool
}

// A search finds the segments of an expectation one after the other.
type search struct {
	*meeting
	matches []match
	failed  int // the first that was not found; -1: all were
}

func (t *meeting) search(list []wire.Segment) *search {
	s := &search{meeting: t, failed: -1}
	for k := range list {
		m := s.next(&list[k])
		s.matches = append(s.matches, m)
		if !m.found {
			s.failed = k
			break
		}
	}
	return s
}

// next finds a segment behind those before it. One packet may stand for several
// segments, where it carries the ranges of both, or data and a FIN, or where
// one says what a fault did to the range of the other.
func (s *search) next(want *wire.Segment) match {
	from := 0
	if n := len(s.matches); n > 0 {
		from = s.matches[n-1].first
	}
	for i := from; i < len(s.packets); i++ {
		m := s.fits(want, i)
		if m.found && (i > from || len(s.matches) == 0 || s.shares(m, want)) {
			m.fault = want.Fault != ""
			return m
		}
	}
	return match{}
}

// shares reports whether a match may begin with the packet with which the one
// before it begins: it stands for what that one does not.
func (s *search) shares(m match, want *wire.Segment) bool {
	before := &s.matches[len(s.matches)-1]
	return !before.bytes.empty() && (m.bytes.first >= before.bytes.last || want.Fault != "" && !before.fault)
}

// fits compares a segment with what begins at a packet.
func (s *search) fits(want *wire.Segment, i int) match {
	p := s.packets[i]
	if want.Fault != "" && p.Frame.fault() != want.Fault {
		return match{}
	}
	if b, ok := want.Pattern.Body.(*packet.Segment); ok && p.tcp() != nil {
		switch r, ranged := bare(b); {
		case ranged:
			return s.carries(want, i, r)
		case endsStream(b) && p.fin() > 0:
			if m := s.finish(want, i); m.found {
				return m
			}
		case b.Length.Given() && len(p.tcp().Payload) > 0:
			return s.joined(want, i, b)
		}
	}
	if want.Again && !p.Again {
		return match{}
	}
	return match{first: i, packets: []int{i}, found: want.Pattern.Fits(s.texts[i])}
}

// bare is the range of a segment without flags: it stands for its bytes, in
// whichever segments they are.
func bare(b *packet.Segment) (span, bool) {
	first, one := b.First.Value()
	last, other := b.Last.Value()
	r := span{int64(first), int64(last)}
	return r, !b.FlagsGiven && one && other && !r.empty()
}

// carries looks for the bytes of a range from a packet on that has the first of
// them.
func (s *search) carries(want *wire.Segment, i int, r span) match {
	head := s.packets[i].data()
	text := s.texts[i]
	got := *text.Body.(*packet.Segment)
	b := *want.Pattern.Body.(*packet.Segment)
	got.First, got.Last, got.Length = b.First, b.Last, packet.One(uint32(r.last-r.first))
	text.Body = &got
	if head.first > r.first || head.last <= r.first || !want.Pattern.Fits(text) || want.Again && !s.before(i, r) {
		return match{}
	}
	m := match{first: i, bytes: r}
	var have spans
	for k := i; k < len(s.packets) && !have.hold(r); k++ {
		p := s.packets[k]
		if p.From != s.packets[i].From || want.Fault != "" && p.Frame.fault() != want.Fault {
			continue
		}
		if part := p.data().meet(r); !part.empty() {
			have.add(part)
			m.packets = append(m.packets, k)
		}
	}
	m.found = have.hold(r)
	return m
}

// before reports whether a range crossed before a packet.
func (s *search) before(i int, r span) bool {
	var have spans
	for _, p := range s.packets[:i] {
		if p.From == s.packets[i].From {
			have.add(p.data())
		}
	}
	return have.hold(r)
}

// endsStream reports a FIN of which no data is said.
func endsStream(b *packet.Segment) bool {
	length, known := b.Length.Value()
	return b.FlagsGiven && b.Flags&packet.FIN != 0 && b.Flags&packet.PSH == 0 && (!b.First.Given() && !b.Length.Given() || known && length == 0)
}

// finish compares a FIN with the one of a segment that may carry data before
// it.
func (s *search) finish(want *wire.Segment, i int) match {
	p, text := s.packets[i], s.texts[i]
	got := *text.Body.(*packet.Segment)
	end := packet.One(uint32(p.fin()))
	got.Flags &^= packet.PSH
	got.First, got.Last, got.Length = end, end, packet.One(0)
	text.Body = &got
	return match{first: i, packets: []int{i}, bytes: span{p.fin(), p.fin() + 1}, found: want.Pattern.Fits(text) && (!want.Again || p.Again)}
}

// joined compares a segment with data: a longer range than a segment has room
// for stands for the segments that carry it one after the other.
func (s *search) joined(want *wire.Segment, i int, b *packet.Segment) match {
	text := s.texts[i]
	first := text.Body.(*packet.Segment)
	length, known := b.Length.Value()
	m := match{first: i, packets: []int{i}}
	whole := *first
	at := s.packets[i].data()
	for k := i + 1; known && k < len(s.packets) && at.last-at.first < int64(length); k++ {
		p := s.packets[k]
		if p.From != s.packets[i].From || p.data().empty() || p.data().first != at.last {
			continue
		}
		whole = *s.texts[k].Body.(*packet.Segment)
		at.last = p.data().last
		m.packets = append(m.packets, k)
	}
	whole.First, whole.Last, whole.Length = first.First, packet.One(uint32(at.last)), packet.One(uint32(at.last-at.first))
	if whole.Flags&packet.SYN != 0 {
		whole.Last = packet.One(uint32(at.last) - 1)
	}
	text.Body = &whole
	m.found = want.Pattern.Fits(text) && (!want.Again || s.packets[i].Again)
	return m
}

// surplus is the first packet that an exact list does not allow; -1: there is
// none.
func (s *search) surplus(e *wire.Expectation) int {
	used := make(map[int]bool)
	var ranges [2]spans
	for _, m := range s.matches {
		for _, i := range m.packets {
			used[i] = true
		}
		if len(m.packets) > 0 {
			ranges[s.packets[m.first].From].add(m.bytes)
		}
	}
	named := e.NamesAck()
	var acked [2]int64
	for i, p := range s.packets {
		ack := int64(-1)
		if b, ok := s.texts[i].Body.(*packet.Segment); ok {
			n, _ := b.Ack.Value()
			ack = int64(n)
		}
		again := p.Again && (!p.isAck() || !named || ack <= acked[p.From])
		acked[p.From] = max(acked[p.From], ack)
		inRange := !p.data().empty() && flagsOf(p)&(packet.SYN|packet.FIN|packet.RST) == 0 && ranges[p.From].hold(p.data())
		if !used[i] && !again && !inRange && !(p.isAck() && !named) {
			return i
		}
	}
	return -1
}
