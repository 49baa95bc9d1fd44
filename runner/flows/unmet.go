package flows

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/scenarios/wire"
	"github.com/sockscript/sockscript/steps/packet"
)

// check compares a meeting with an expectation.
func (t *meeting) check(e *wire.Expectation) *Unmet {
	s := t.search(e.Segments)
	if s.failed < 0 {
		if i := s.surplus(e); e.Exactly && i >= 0 {
			head := fmt.Sprintf("%s crossed %s%s, and nothing says that it may", s.came(i), e.At, t.who)
			return &Unmet{e.Node, head + "\n" + s.table(e, i, nil)}
		}
		return nil
	}
	want := e.Segments[s.failed]
	closest, differences := s.closest(&want)
	early := s.early(&want)
	head := fmt.Sprintf("expected %s at %s%s, ", want, e.At, t.who)
	switch {
	case early >= 0:
		closest, differences = early, []string{"it came before"}
		head += fmt.Sprintf("and it came only before %s", e.Segments[s.failed-1])
	case closest < 0 && s.failed == 0:
		head += "and no such packet came"
	case closest < 0:
		head += fmt.Sprintf("and no such packet came after %s", e.Segments[s.failed-1])
	default:
		head += fmt.Sprintf("got %s: %s", s.came(closest), strings.Join(differences, "; "))
	}
	return &Unmet{want.Node, head + "\n" + s.table(e, closest, differences)}
}

// early is a packet that fits, but came before the segment that is named first;
// -1: there is none.
func (s *search) early(want *wire.Segment) int {
	if n := len(s.matches); n > 1 {
		for i := range s.matches[n-2].first {
			if s.fits(want, i).found {
				return i
			}
		}
	}
	return -1
}

// closest is the packet behind those that were found which differs least from
// the one that was not, with the differences; -1: none is like it.
func (s *search) closest(want *wire.Segment) (best int, fields []string) {
	from := 0
	if n := len(s.matches); n > 1 {
		from = s.matches[n-2].first + 1
	}
	best = -1
	least := 0
	for i := from; i < len(s.packets); i++ {
		var differ []string
		got := s.texts[i]
		if d := want.Pattern.Direction; d != 0 && d != got.Direction || !alike(want.Pattern.Body, got.Body) {
			continue
		}
		for _, d := range want.Pattern.Differences(got) {
			differ = append(differ, d.String())
		}
		fault := s.packets[i].Frame.fault()
		switch {
		case want.Fault != "" && fault == "":
			differ = append(differ, "no fault has hit it")
		case want.Fault != "" && fault != want.Fault:
			differ = append(differ, "it is "+fault+", not "+want.Fault)
		case want.Again && !s.packets[i].Again:
			differ = append(differ, "it has not crossed before")
		}
		cost := 2 * len(differ)
		if !s.overlaps(want, i) {
			cost++
		}
		if len(differ) > 0 && (best < 0 || cost < least) {
			best, fields, least = i, differ, cost
		}
	}
	return best, fields
}

// alike reports whether two texts are of one protocol, and if of TCP, of one
// kind of segment.
func alike(want, got packet.PatternBody) bool {
	a, segment := want.(*packet.Segment)
	b, other := got.(*packet.Segment)
	if !segment || !other {
		return fmt.Sprintf("%T", want) == fmt.Sprintf("%T", got)
	}
	const kinds = packet.SYN | packet.FIN | packet.RST
	return !a.FlagsGiven || a.Flags&kinds == b.Flags&kinds
}

// overlaps reports whether a packet has some of the data that a segment names.
func (s *search) overlaps(want *wire.Segment, i int) bool {
	b, ok := want.Pattern.Body.(*packet.Segment)
	if !ok {
		return true
	}
	first, one := b.First.Value()
	last, other := b.Last.Value()
	r := span{int64(first), int64(last)}
	return !one || !other || r.empty() || !s.packets[i].data().meet(r).empty()
}

// came is a packet as a failure shows it.
func (s *search) came(i int) string {
	text := s.texts[i].Brief().String()
	if fault := s.packets[i].Frame.fault(); fault != "" {
		text += "  " + fault
	}
	return text
}

// aside is how many packets before and behind the place of the failure are
// shown.
const aside = 12

// table sets the packets that came beside the segments that were expected, with
// what differs at the packet at which it does.
func (s *search) table(e *wire.Expectation, at int, differences []string) string {
	beside := make(map[int][]string) // by the packet
	width := len("expected")
	for k, want := range e.Segments {
		text := want.String()
		width = max(width, len(text))
		switch {
		case k < len(s.matches) && s.matches[k].found:
			beside[s.matches[k].first] = append(beside[s.matches[k].first], text)
		case k == s.failed && at >= 0:
			beside[at] = append(beside[at], text)
		}
	}
	width = min(width, 40)
	var b strings.Builder
	row := func(want, got string) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-*s  %s", width, want, got), " "))
	}
	row("expected", "came")
	place := at
	if n := len(s.matches); place < 0 && n > 1 {
		place = s.matches[n-2].first
	}
	low, high := max(0, place-aside), min(len(s.packets), max(0, place)+aside+1)
	if low > 0 {
		row("", "... "+source.Count(low, "packet", "packets")+" before")
	}
	for i := low; i < high; i++ {
		want, more := "", beside[i]
		if len(more) > 0 {
			want, more = more[0], more[1:]
		}
		row(want, s.came(i))
		for _, want := range more {
			row(want, "")
		}
		if i == at {
			for _, d := range differences {
				row("", "  "+d)
			}
		}
	}
	if high < len(s.packets) {
		row("", "... "+source.Count(len(s.packets)-high, "more packet", "more packets"))
	}
	for k, want := range e.Segments {
		if s.failed >= 0 && (k > s.failed || k == s.failed && at < 0) {
			row(want.String(), "")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
