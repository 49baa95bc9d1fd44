package packet

import (
	"slices"
	"strings"
)

// message reads a message of ICMP.
func (s *scanner) message() *Message {
	s.space()
	m := &Message{typeAt: s.at}
	m.Type = s.letters()
	t4, ok4 := typeOf(icmp4, m.Type)
	t6, ok6 := typeOf(icmp6, m.Type)
	if !ok4 && !ok6 {
		s.unknown(m.typeAt, m.Type, "the type of ICMP", "it is a word as unreachable, echo, echo_reply, time_exceeded, packet_too_big, or its number", "%q is not a type of ICMP", m.Type)
		return m
	}
	if w := s.peek(); s.anything() && !s.is('(') && !s.is('[') && !slices.Contains([]string{"mtu", "id", "seq"}, w) {
		begin := s.at
		m.Code = s.letters()
		_, is4 := t4.code(m.Code)
		_, is6 := t6.code(m.Code)
		if !is4 && !is6 {
			s.fail(begin, "the codes are "+codeNames(t4, t6), "%q is not a code of %s", m.Code, m.Type)
		}
		m.Code = strings.TrimSuffix(m.Code, "_"+m.Type)
	}
	s.messageNumbers(m)
	if s.is('(') {
		m.Length = s.length(maxPacket)
	}
	if s.take('[') {
		if s.quotes {
			s.fail(s.at-1, "", "a quoted packet does not quote another one")
		}
		s.quotes = true
		m.Quote = &Pattern{Body: s.quoted()}
		s.need(']', "after the quoted packet")
	}
	return m
}

// messageNumbers reads the numbers of a message, in any order.
func (s *scanner) messageNumbers(m *Message) {
	for {
		s.space()
		begin := s.at
		n, limit := &m.ID, uint32(1<<16-1)
		w := s.peek()
		switch w {
		case "mtu":
			n = &m.MTU
			if m.Code != "frag_needed" { // packet_too_big has 32 bits for it
				limit = maxNumber
			}
		case "id":
		case "seq":
			n = &m.Seq
		default:
			return
		}
		if s.at += len(w); n.Given() {
			s.fail(begin, "", "%s is there twice", w)
		}
		*n = s.number(w, limit)
	}
}

func codeNames(types ...icmpWord) string {
	var names []string
	for _, t := range types {
		for _, c := range t.codes {
			if !slices.Contains(names, c) {
				names = append(names, c)
			}
		}
	}
	return strings.Join(append(names, "and numbers"), ", ")
}

func typeNames(types []icmpWord) string {
	var names []string
	for _, t := range types {
		names = append(names, t.word)
	}
	return strings.Join(append(names, "and numbers"), ", ")
}

// quoted reads the packet that an error is about. It may be no more than the
// sequence numbers of a segment.
func (s *scanner) quoted() PatternBody {
	if s.peek() == "arp" {
		s.fail(s.at, "", "only an IP packet is quoted")
	}
	return s.body()
}
