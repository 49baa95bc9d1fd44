package packet

import (
	"slices"
	"strconv"
	"strings"
)

// Parse reads the text of a packet. The error is a [*SyntaxError].
func Parse(text string) (Pattern, error) {
	s := &scanner{text: text}
	var p Pattern
	if s.is('<') || s.is('>') {
		p.Direction = Direction(s.rest()[0])
		s.at++
	}
	if s.take('[') {
		s.ip(&p)
	}
	p.Body = s.body()
	if r := s.rest(); r != "" {
		s.fail(s.at, "", "%q is one word too many", strings.Fields(r)[0])
	}
	if s.err != nil {
		return Pattern{}, s.err
	}
	return p, nil
}

// ip reads what is between brackets before the packet.
func (s *scanner) ip(p *Pattern) {
	for {
		s.space()
		begin := s.at
		w := s.letters()
		ecn := ECN(0)
		for value, word := range ecnWords {
			if word == w {
				ecn = value
			}
		}
		switch {
		case ecn != 0:
			p.ECN = ecn
		case w == "ttl":
			p.TTL = s.number("ttl", 255)
		default:
			s.unknown(begin, w, "what the IP header has", "noecn, ect0, ect1, ce or ttl 64 can be here", "%q is not about the IP header", w)
		}
		if !s.take(',') {
			break
		}
	}
	s.need(']', "after what the IP header has")
}

// body reads a packet of any protocol.
func (s *scanner) body() PatternBody {
	switch {
	case s.word("udp"):
		return s.datagram()
	case s.word("icmp"):
		return s.message()
	case s.word("arp"):
		return s.resolution()
	case s.word("igmp"):
		return s.membership()
	}
	return s.segment()
}

func (s *scanner) datagram() *Datagram {
	u := &Datagram{}
	switch {
	case s.is('('):
		u.Length = s.length(maxPacket - udpHeader)
	case s.startsNumber():
		s.fail(s.at, "write the length in brackets, as in udp (17)", "%q is one word too many", s.peek())
	}
	return u
}

// length reads a number in brackets.
func (s *scanner) length(limit uint32) Number {
	s.need('(', "before the length")
	n := s.number("the length", limit)
	s.need(')', "after the length")
	return n
}

// resolution reads an ARP packet.
func (s *scanner) resolution() *Resolution {
	a := &Resolution{}
	if s.word("who-has") {
		a.Target = s.address("the address that is asked for")
		if s.space(); !s.word("tell") {
			s.fail(s.at, "write arp who-has 192.0.2.1 tell 192.0.2.2", "\"tell\" is missing")
		}
		a.Sender = s.address("the address of the one who asks")
		return a
	}
	a.Reply = true
	a.Target = s.address("the address after arp, or \"who-has\",")
	if s.space(); !s.word("is-at") {
		s.fail(s.at, "write arp 192.0.2.1 is-at 02:00:00:00:00:01", "\"is-at\" is missing")
	}
	s.space()
	begin := s.at
	w := s.peek()
	s.at += len(w)
	a.macAt = begin
	if a.AnyMAC = w == "any"; a.AnyMAC {
		return a
	}
	mac, ok := parseMAC(w)
	if !ok {
		s.fail(begin, "write a link-layer address as 02:00:00:00:00:01, or any", "%q is not a link-layer address", w)
	}
	a.MAC = mac
	return a
}

func parseMAC(text string) (m MAC, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) != len(m) {
		return m, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 16, 8)
		if err != nil || len(p) != 2 {
			return m, false
		}
		m[i] = byte(n)
	}
	return m, true
}

// membership reads a message of IGMP.
func (s *scanner) membership() *Membership {
	m := &Membership{}
	s.space()
	begin := s.at
	w := s.letters()
	if m.Version = slices.Index([]string{"v1", "v2", "v3"}, w) + 1; m.Version == 0 {
		s.unknown(begin, w, "the version of IGMP", "it is v1, v2 or v3", "%q is not a version of IGMP", w)
	}
	if s.word("query") {
		g := Group{Word: "query"}
		if s.anything() {
			g.Address = s.address("the group")
		}
		m.Groups = []Group{g}
		return m
	}
	for s.err == nil {
		s.space()
		begin := s.at
		w := s.letters()
		if w != "report" && w != "leave" || w == "leave" && m.Version == 1 {
			s.unknown(begin, w, "the message of IGMP", "it is query, report or leave (from version 2 on)", "%q is not a message of IGMPv%d", w, m.Version)
		}
		m.Groups = append(m.Groups, Group{w, s.address("the group")})
		if at := s.at; !s.take(',') {
			break
		} else if m.Version < 3 {
			s.fail(at, "", "a message of IGMPv%d is about one group", m.Version)
		}
	}
	return m
}
