package flows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/packet"
)

// A Section is what the transcript says of one connection, or of what went
// between two sockets for datagrams.
type Section struct {
	Head  string   // client.sock <-> server.conn
	Lines []string // > 1:18(17)
	Alike int      // how many there were with the same head and the same lines
	// Between are the addresses of both ends, and Untold counts what the lines
	// leave out because another run may have more of it or less. Both are those
	// of the first.
	Between, Untold string

	Ends   [2]uint64 // the descriptions of the ends that the head names; 0 for one that is not the scenario's
	Depths []int     // of the steps that the lines belong to; 0 where that is not known
}

// Sections are the lines of the wire, the same on every run as far as what the
// steps did is the same. Of each connection and direction there are, in the
// order of the sequence numbers, the SYN, the data as ranges cut at the sends
// that wrote them, each fault with its range, what was sent again because of a
// fault, the FIN and the RST. Both directions are interleaved by the causal
// depth of the steps that they belong to. What depends on the machine's speed
// is left out: acknowledgements alone, windows, the boundaries of segments,
// retransmissions that no fault has caused.
func Sections(r *history.Record) []Section {
	s, links := newSides(r), make(map[string]bool)
	var all []*section
	for _, f := range of(framesOf(r)) {
		if sec := s.section(f); sec != nil {
			all = append(all, sec)
			if f.Packets[0].Frame.Link != "" {
				links[f.Point] = true
			}
		}
	}
	list := make([]Section, 0, len(all))
	index := make(map[string]int)
	for _, sec := range all {
		if sec.flow.Host != "" || len(links) > 1 {
			sec.head += "  at " + sec.flow.Point
		}
	}
	slices.SortStableFunc(all, (*section).compare)
	for _, sec := range all {
		text := sec.head + "\n" + strings.Join(sec.texts, "\n")
		if at, known := index[text]; known {
			list[at].Alike++
			continue
		}
		index[text] = len(list)
		list = append(list, Section{sec.head, sec.texts, 1, sec.between, sec.flow.untold(), sec.ends, sec.depths})
	}
	return list
}

// Unseen says why a record does not show all that crossed its network; "" where
// it does.
func Unseen(r *history.Record) string {
	switch f := r.Frames; {
	case f == nil:
		return "nothing of the wire was recorded; run the scenario with --wire, in a network of its own: network: private, or --private"
	case f.Lost > 0:
		return fmt.Sprintf("not all of the wire was seen: the kernel had no room for %s", source.Count(f.Lost, "frame", "frames"))
	case f.Beyond > 0:
		return fmt.Sprintf("not all of the wire was seen: %s came after the most that is kept", source.Count(f.Beyond, "frame", "frames"))
	}
	return ""
}

// A section is one under way.
type section struct {
	flow  *Flow
	key   int // of its first line
	head  string
	texts []string

	ends    [2]uint64
	depths  []int  // of the texts
	between string // addresses
}

func (s *section) compare(o *section) int {
	return cmp.Or(cmp.Compare(s.key, o.key), cmp.Compare(s.head, o.head), slices.Compare(s.texts, o.texts))
}

// A line has a key by which those of both directions are interleaved: twice the
// depth of its step, and one more for an answer of the kernel.
type line struct {
	key  int
	text string
}

// section is what is said of a flow; nil where that is nothing.
func (s *sides) section(f *Flow) *section {
	ends, hidden := s.of(f)
	strangers := ends[0].socket == nil && ends[1].socket == nil
	if hidden || f.Proto == Local || strangers || f.cable() {
		return nil
	}
	var both [2][]line
	if f.Proto == TCP {
		t := talk{flow: f, ends: ends}
		both = t.lines()
	} else {
		d := exchange{flow: f, ends: ends}
		both = d.lines()
	}
	if len(both[0])+len(both[1]) == 0 {
		return nil
	}
	first := 0
	if cmp.Or(cmp.Compare(firstKey(both[0]), firstKey(both[1])), cmp.Compare(ends[0].name, ends[1].name)) > 0 {
		first = 1
	}
	sec := &section{flow: f, key: firstKey(both[first]), head: ends[first].name + " <-> " + ends[1-first].name}
	sec.ends = [2]uint64{ends[first].id(), ends[1-first].id()}
	sec.texts, sec.depths = interleave(both[first], both[1-first])
	sec.between = f.Ends[first].String() + " <-> " + f.Ends[1-first].String()
	return sec
}

// untold counts what the lines leave out: it depends on time.
func (f *Flow) untold() string {
	acks, lost, again := 0, 0, 0
	for _, p := range f.Packets {
		switch {
		case p.isAck():
			acks++
		case p.Frame.Dropped() && p.Frame.ruled() == "":
			lost++
		case p.Again:
			again++
		}
	}
	var parts []string
	for _, c := range []struct {
		n         int
		one, many string
	}{{acks, "acknowledgement alone", "acknowledgements alone"}, {lost, "frame lost by the link", "frames lost by the link"}, {again, "packet sent again", "packets sent again"}} {
		if c.n > 0 {
			parts = append(parts, source.Count(c.n, c.one, c.many))
		}
	}
	return strings.Join(parts, ", ")
}

// firstKey is that of the first line; later than all others where there is
// none.
func firstKey(list []line) int {
	if len(list) == 0 {
		return int(^uint(0) >> 1)
	}
	return list[0].key
}

// interleave merges the lines of both directions by their keys, without
// changing the order of either.
func interleave(there, back []line) (texts []string, depths []int) {
	climb(there)
	climb(back)
	for len(there)+len(back) > 0 {
		way, next := packet.Out, &there
		if len(there) == 0 || len(back) > 0 && back[0].key < there[0].key {
			way, next = packet.In, &back
		}
		one := (*next)[0]
		texts, depths, *next = append(texts, string(way)+" "+one.text), append(depths, one.key/2), (*next)[1:]
	}
	return texts, depths
}

// climb gives each line at least the key of the line before it.
func climb(list []line) {
	for i := 1; i < len(list); i++ {
		list[i].key = max(list[i].key, list[i-1].key)
	}
}

// rangeText is how a range of a stream is written. One that may have another
// length in another run has any there, and those behind it have no numbers.
func rangeText(s span, known, varies bool) string {
	switch {
	case !known && varies:
		return "(any)"
	case !known:
		return fmt.Sprintf("(%d)", s.last-s.first)
	case varies:
		return fmt.Sprintf("%d:any", s.first)
	}
	return fmt.Sprintf("%d:%d(%d)", s.first, s.last, s.last-s.first)
}
