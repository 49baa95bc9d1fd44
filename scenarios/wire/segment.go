package wire

import (
	"errors"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/packet"
)

// A Segment is a packet that must have crossed: its text, and what a line of
// the wire says of it besides.
type Segment struct {
	Pattern packet.Pattern
	// Fault is what a fault must have done to it: "dropped by lan.third"; "" is
	// for a packet of which that is not asked.
	Fault string
	// Again says that it must have crossed before.
	Again bool
	Node  *source.Node
}

// String is the segment as a line of the wire has it.
func (s Segment) String() string {
	text := s.Pattern.String()
	switch {
	case s.Fault != "":
		return text + "  " + s.Fault
	case s.Again:
		return text + "  " + againWord
	}
	return text
}

const againWord = "again"

// FaultWords are what faults do, by their acts.
var FaultWords = map[string]string{
	"drop": "dropped", "duplicate": "duplicated", "delay": "delayed", "reorder": "reordered", "corrupt": "corrupted",
}

// behind is what a line of the wire has behind a packet.
var behind = source.Pattern(`\s+(?:(?:dropped|duplicated|delayed|reordered|corrupted) by (\S+)|again)\s*$`)

// Parse reads a segment.
func Parse(text string) (Segment, *packet.SyntaxError) {
	var s Segment
	if at := behind().FindStringSubmatchIndex(text); at != nil {
		s.Fault = strings.TrimSpace(text[at[0]:])
		if s.Again = at[2] < 0; s.Again {
			s.Fault = ""
		}
		text = text[:at[0]]
	}
	var err error
	if s.Pattern, err = packet.Parse(text); err != nil {
		bad := new(packet.SyntaxError)
		errors.As(err, &bad)
		return s, bad
	}
	return s, nil
}

// faulty names the link and the fault that must have hit the packet; both are
// empty where that is not asked.
func (s Segment) faulty() (link, fault string) {
	_, name, _ := strings.Cut(s.Fault, " by ")
	link, fault, _ = strings.Cut(name, ".")
	return link, fault
}

// isAck reports a segment that only acknowledges.
func (s Segment) isAck() bool {
	t, ok := s.Pattern.Body.(*packet.Segment)
	if !ok || !t.FlagsGiven || t.Flags&packet.ACK == 0 || t.Flags&(packet.SYN|packet.FIN|packet.RST|packet.PSH) != 0 {
		return false
	}
	length, known := t.Length.Value()
	if !known && t.First.Given() {
		first, one := t.First.Value()
		last, other := t.Last.Value()
		length, known = last-first, one && other
	}
	return known && length == 0 || !t.Length.Given() && !t.First.Given()
}
