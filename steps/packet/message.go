package packet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Message is a message of ICMP as a text describes it. Type and Code are
// words, or numbers where there is no word.
type Message struct {
	Type, Code string
	MTU        Number // of an error that says one
	ID, Seq    Number // of an echo
	Length     Number // of the data of an echo
	Quote      *Pattern
	typeAt     int
	// Of a message that describes a packet, the numbers of type and code.
	typeNumber, codeNumber string
}

// An icmpWord is a type of messages with the names of its codes.
type icmpWord struct {
	word  string
	kind  byte
	codes []string // by number; empty where there is no word
}

// icmp4 and icmp6 are the types of both protocols (IANA). A code with a name
// may also be written with the type after it, as net_unreachable.
var (
	icmp4 = []icmpWord{
		{"unreachable", Unreachable4, []string{"net", "host", "protocol", "port", "frag_needed", "source_route_failed", "net_unknown", "host_unknown", "source_isolated", "net_prohibited", "host_prohibited", "net_tos", "host_tos", "admin_prohibited", "precedence_violation", "precedence_cutoff"}},
		{"echo", Echo4, nil},
		{"echo_reply", EchoReply4, nil},
		{"time_exceeded", Exceeded4, []string{"ttl", "reassembly"}},
		{"parameter_problem", Parameter4, []string{"pointer", "option", "length"}},
		{"source_quench", sourceQuench, nil},
		{"redirect", redirect, []string{"net", "host"}},
		{"router_advertisement", 9, nil},
		{"router_solicitation", 10, nil},
		{"timestamp", 13, nil},
		{"timestamp_reply", 14, nil},
	}
	icmp6 = []icmpWord{
		{"unreachable", Unreachable6, []string{"no_route", "admin_prohibited", "beyond_scope", "address", "port", "source_policy", "reject_route"}},
		{"packet_too_big", TooBig6, nil},
		{"time_exceeded", Exceeded6, []string{"ttl", "reassembly"}},
		{"parameter_problem", Parameter6, []string{"header", "next_header", "option"}},
		{"echo", Echo6, nil},
		{"echo_reply", EchoReply6, nil},
		{"mld_query", 130, nil},
		{"mld_report", 131, nil},
		{"mld_done", 132, nil},
		{"router_solicitation", 133, nil},
		{"router_advertisement", 134, nil},
		{"neighbor_solicitation", 135, nil},
		{"neighbor_advertisement", 136, nil},
		{"redirect", 137, nil},
		{"mldv2_report", 143, nil},
	}
)

// icmpWords are the types of a protocol.
func icmpWords(v4 bool) []icmpWord {
	if v4 {
		return icmp4
	}
	return icmp6
}

// typeOf is a type by its word or its number.
func typeOf(words []icmpWord, word string) (t icmpWord, ok bool) {
	for _, t := range words {
		if t.word == word {
			return t, true
		}
	}
	n, err := strconv.ParseUint(word, 10, 8)
	if err != nil {
		return t, false
	}
	return typeByNumber(words, byte(n)), true
}

// typeByNumber is the type with a number. The word for one that has no name is
// its number.
func typeByNumber(words []icmpWord, n byte) icmpWord {
	for _, t := range words {
		if t.kind == n {
			return t
		}
	}
	return icmpWord{word: strconv.Itoa(int(n)), kind: n}
}

// code is the number of a code by its word or its number.
func (t icmpWord) code(word string) (n byte, ok bool) {
	if i := slices.Index(t.codes, strings.TrimSuffix(word, "_"+t.word)); i >= 0 && word != "" {
		return byte(i), true
	}
	v, err := strconv.ParseUint(word, 10, 8)
	return byte(v), err == nil
}

// codeWord is the word of a code; none for the code 0 of a type that has no
// names for its codes.
func (t icmpWord) codeWord(n byte) string {
	switch {
	case int(n) < len(t.codes):
		return t.codes[n]
	case n == 0:
		return ""
	}
	return strconv.Itoa(int(n))
}

func (m *Message) write(b *strings.Builder) {
	parts := []string{"icmp", m.Type}
	if m.Code != "" {
		parts = append(parts, m.Code)
	}
	for _, n := range []namedNumber{{"mtu", m.MTU}, {"id", m.ID}, {"seq", m.Seq}} {
		if n.Given() {
			parts = append(parts, n.name+" "+n.String())
		}
	}
	if m.Length.Given() {
		parts = append(parts, fmt.Sprintf("(%v)", m.Length))
	}
	if m.Quote != nil {
		parts = append(parts, "["+m.Quote.String()+"]")
	}
	b.WriteString(strings.Join(parts, " "))
}

func (m *Message) numbers() []namedNumber {
	list := []namedNumber{{"mtu", m.MTU}, {"id", m.ID}, {"seq", m.Seq}, {"the length", m.Length}}
	if m.Quote != nil {
		list = append(list, m.Quote.Body.numbers()...)
	}
	return list
}

func (m *Message) sendable() error {
	if m.Quote == nil {
		return nil
	}
	if t, ok := m.Quote.Body.(*Segment); ok && !t.FlagsGiven {
		return nil // those of any segment
	}
	return m.Quote.Body.sendable()
}

func (m *Message) differences(body PatternBody) []Difference {
	got, d := body.(*Message), differences{}
	d.words("the type", m.Type, got.Type, got.typeNumber)
	d.words("the code", m.Code, got.Code, got.codeNumber)
	d.number("mtu", m.MTU, got.MTU)
	d.number("id", m.ID, got.ID)
	d.number("seq", m.Seq, got.Seq)
	d.number("the length", m.Length, got.Length)
	switch {
	case m.Quote == nil:
	case got.Quote == nil:
		d.add("the quoted packet", m.Quote.String(), "")
	default:
		for _, q := range m.Quote.Differences(*got.Quote) {
			d.add("in the quoted packet, "+q.Field, q.Want, q.Got)
		}
	}
	return d
}

// A Datagram is a UDP datagram as a text describes it.
type Datagram struct{ Length Number }

func (u *Datagram) write(b *strings.Builder) {
	b.WriteString("udp")
	if u.Length.Given() {
		fmt.Fprintf(b, " (%v)", u.Length)
	}
}

func (u *Datagram) numbers() []namedNumber { return []namedNumber{{"the length", u.Length}} }

func (u *Datagram) sendable() error { return nil }

func (u *Datagram) differences(body PatternBody) []Difference {
	d := differences{}
	d.number("the length", u.Length, body.(*Datagram).Length)
	return d
}

// A Resolution is an ARP packet as a text describes it: a question who has
// Target, or an answer that it is at MAC.
type Resolution struct {
	Reply  bool
	Target Address // which is asked for, or which the answer is about
	Sender Address // of a question
	MAC    MAC     // of an answer
	AnyMAC bool
	macAt  int
}

func (a *Resolution) write(b *strings.Builder) {
	switch {
	case !a.Reply:
		fmt.Fprintf(b, "arp who-has %v tell %v", a.Target, a.Sender)
	case a.AnyMAC:
		fmt.Fprintf(b, "arp %v is-at any", a.Target)
	default:
		fmt.Fprintf(b, "arp %v is-at %v", a.Target, a.MAC)
	}
}

func (a *Resolution) numbers() []namedNumber { return nil }

func (a *Resolution) sendable() error {
	if a.AnyMAC {
		return &SyntaxError{a.macAt, "the link-layer address is any", "a packet to be sent needs a single address"}
	}
	return cmp.Or(a.Target.sendable(), a.Sender.sendable())
}

func (a *Resolution) differences(body PatternBody) []Difference {
	got, d := body.(*Resolution), differences{}
	if a.Reply != got.Reply {
		var want, is strings.Builder
		a.write(&want)
		got.write(&is)
		d.add("the operation", want.String(), is.String())
		return d
	}
	if !a.Target.fits(got.Target) {
		d.add("the address", a.Target.String(), got.Target.String())
	}
	if !a.Sender.fits(got.Sender) {
		d.add("the sender", a.Sender.String(), got.Sender.String())
	}
	if a.Reply && !a.AnyMAC && a.MAC != got.MAC {
		d.add("the link-layer address", a.MAC.String(), got.MAC.String())
	}
	return d
}

// A Membership is a message of IGMP as a text describes it.
type Membership struct {
	Version int
	Groups  []Group
}

// A Group is what a message says of one group: query, report or leave.
type Group struct {
	Word    string
	Address Address // that of a general query was left out
}

func (g Group) String() string {
	if !g.Address.given() {
		return g.Word
	}
	return g.Word + " " + g.Address.String()
}

func (m *Membership) write(b *strings.Builder) {
	var groups []string
	for _, g := range m.Groups {
		groups = append(groups, g.String())
	}
	fmt.Fprintf(b, "igmp v%d %s", m.Version, strings.Join(groups, ", "))
}

func (m *Membership) numbers() []namedNumber { return nil }

func (m *Membership) sendable() error {
	for _, g := range m.Groups {
		if err := g.Address.sendable(); err != nil {
			return err
		}
	}
	return nil
}

func (m *Membership) differences(body PatternBody) []Difference {
	got := body.(*Membership)
	same := func(a, b Group) bool {
		return a.Word == b.Word && a.Address.given() == b.Address.given() && a.Address.fits(b.Address)
	}
	if m.Version == got.Version && slices.EqualFunc(m.Groups, got.Groups, same) {
		return nil
	}
	var want, is strings.Builder
	m.write(&want)
	got.write(&is)
	return []Difference{{"the message", want.String(), is.String()}}
}
