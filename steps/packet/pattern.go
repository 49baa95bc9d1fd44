package packet

import (
	"fmt"
	"strings"
)

// A Pattern is a packet as a text describes it: one to send, or those that are
// expected. What was left out is not compared.
type Pattern struct {
	Direction Direction
	ECN       ECN
	TTL       Number
	Body      PatternBody
}

// A PatternBody is what a pattern says of what an IP packet carries, or of an
// ARP packet: a [*Segment], [*Datagram], [*Message], [*Resolution] or
// [*Membership].
type PatternBody interface {
	write(b *strings.Builder)
	// differences compares with a body of the same type that describes a
	// packet.
	differences(got PatternBody) []Difference
	// numbers are all numbers, with their names.
	numbers() []namedNumber
	// sendable is an error where something else than a number is missing.
	sendable() error
}

type namedNumber struct {
	name string
	Number
}

// A Direction says which way a packet goes. The zero value was left out.
type Direction byte

// The directions.
const (
	Out Direction = '>'
	In  Direction = '<'
)

// An ECN is the value of that field (RFC 3168). The zero value was left out.
type ECN byte

// The values of ECN, one more than those in the header.
const (
	NotECT ECN = 1 + iota
	ECT1
	ECT0
	CE
)

var ecnWords = map[ECN]string{NotECT: "noecn", ECT1: "ect1", ECT0: "ect0", CE: "ce"}

// A Difference is a field that is not as expected.
type Difference struct{ Field, Want, Got string }

func (d Difference) String() string {
	verb := "is"
	if strings.HasSuffix(d.Field, "the flags") || strings.HasSuffix(d.Field, "the options") {
		verb = "are"
	}
	return fmt.Sprintf("%s %s %s, not %s", d.Field, verb, d.Got, d.Want)
}

// String is the text of the pattern. Parsing it returns the same pattern.
func (p Pattern) String() string {
	var b strings.Builder
	if p.Direction != 0 {
		b.WriteByte(byte(p.Direction))
		b.WriteByte(' ')
	}
	var ip []string
	if p.ECN != 0 {
		ip = append(ip, ecnWords[p.ECN])
	}
	if p.TTL.Given() {
		ip = append(ip, "ttl "+p.TTL.String())
	}
	if ip != nil {
		fmt.Fprintf(&b, "[%s] ", strings.Join(ip, ","))
	}
	p.Body.write(&b)
	return b.String()
}

// Stable is what of a pattern does not depend on the machine: of a segment its
// flags and sequence numbers.
func (p Pattern) Stable() Pattern {
	p = p.Brief()
	if s, ok := p.Body.(*Segment); ok {
		p.Body = &Segment{Flags: s.Flags, FlagsGiven: true, First: s.First, Last: s.Last, Length: s.Length, Ack: s.Ack}
	}
	return p
}

// Differences compares what the pattern says with a pattern that describes a
// packet, as [Describe] returns it. No differences: the packet is as expected.
func (p Pattern) Differences(got Pattern) []Difference {
	var d differences
	if p.Direction != 0 && p.Direction != got.Direction {
		d.add("the direction", string(rune(p.Direction)), string(rune(got.Direction)))
	}
	if p.ECN != 0 && p.ECN != got.ECN {
		d.add("ECN", ecnWords[p.ECN], ecnWords[got.ECN])
	}
	d.number("ttl", p.TTL, got.TTL)
	if want, is := protocol(p.Body), protocol(got.Body); want != is {
		d.add("the packet", want, is)
		return d
	}
	return append(d, p.Body.differences(got.Body)...)
}

// Fits reports whether there are no differences.
func (p Pattern) Fits(got Pattern) bool { return len(p.Differences(got)) == 0 }

// protocol names what a body describes.
func protocol(b PatternBody) string {
	switch b.(type) {
	case *Segment:
		return "tcp"
	case *Datagram:
		return "udp"
	case *Message:
		return "icmp"
	case *Resolution:
		return "arp"
	case *Membership:
		return "igmp"
	}
	var other strings.Builder
	b.write(&other)
	return other.String()
}

// Brief is the pattern without the fields of the IP header that a reader seldom
// asks for: the TTL, and ECN where there is none.
func (p Pattern) Brief() Pattern {
	if p.TTL = (Number{}); p.ECN == NotECT {
		p.ECN = 0
	}
	return p
}

// Sendable is an error where a packet cannot be made of the pattern, because a
// number is not a single one. It is a [*SyntaxError].
func (p Pattern) Sendable() error {
	for _, n := range append(p.Body.numbers(), namedNumber{"ttl", p.TTL}) {
		if n.form > oneNumber {
			return &SyntaxError{n.at, fmt.Sprintf("%s is %s", n.name, n.Number), "a packet to be sent needs a single number"}
		}
	}
	return p.Body.sendable()
}

// differences collects them.
type differences []Difference

func (d *differences) add(field, want, got string) {
	if got == "" {
		got = "unknown"
	}
	*d = append(*d, Difference{field, want, got})
}

func (d *differences) number(field string, want, got Number) {
	if !want.fits(got) {
		d.add(field, want.String(), got.String())
	}
}

// words compares a word, which may have been left out or be a number.
func (d *differences) words(field, want, got, number string) {
	if want != "" && want != got && want != number {
		d.add(field, want, got)
	}
}
