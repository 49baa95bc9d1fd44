package wire

import "testing"

// A segment is a packet, with what a line of the wire says of it besides; what
// it is written as reads the same again.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, want, fault string
		again, ack        bool
	}{
		{text: "> S", want: "> S"},
		{text: "< S. ack 1 <mss 1460,...>", want: "< S. ack 1 <mss 1460,...>"},
		{text: "> 1:18(17)", want: "> 1:18(17)"},
		{text: "> (any)", want: "> (any)"},
		{text: "> 1:any", want: "> 1:any"},
		{text: "> 1:18(17) dropped by lan.lost", want: "> 1:18(17)  dropped by lan.lost", fault: "dropped by lan.lost"},
		{text: "> S  again", want: "> S  again", again: true},
		{text: "udp (5)   delayed by lan.late ", want: "udp (5)  delayed by lan.late", fault: "delayed by lan.late"},
		{text: "arp who-has 10.0.0.2 tell any", want: "arp who-has 10.0.0.2 tell any"},
		{text: "> .", want: "> .", ack: true},
		{text: "> . 1:1(0) ack 1", want: "> . 1:1(0) ack 1", ack: true},
		{text: "> . 7:7 ack 1", want: "> . 7:7 ack 1", ack: true},
		{text: "> . 1:2(1) ack 1", want: "> . 1:2(1) ack 1"},
		{text: "> P. 1:1(0)", want: "> P. 1:1(0)"},
		{text: "> F. 1:1(0)", want: "> F. 1:1(0)"},
	} {
		s, err := Parse(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := s.String(); got != c.want || s.Fault != c.fault || s.Again != c.again || s.isAck() != c.ack {
			t.Errorf("%q is %q, with %q, again %v, an acknowledgement alone %v", c.text, got, s.Fault, s.Again, s.isAck())
		}
		if again, err := Parse(s.String()); err != nil || again.String() != s.String() {
			t.Errorf("%q reads as %q: %v", s, again, err)
		}
	}
}

// What is wrong is told at its place.
func TestParseErrors(t *testing.T) {
	for text, at := range map[string]int{
		"> X": 2, "> P. 1:6(4)": 5, "> S again and again": 4, "> S dropped by": 4, "> S dropped by a b": 4, "": 0,
	} {
		_, err := Parse(text)
		if err == nil || err.Offset != at {
			t.Errorf("%q: %v, not at %d", text, err, at)
		}
	}
}

// An end is a socket of an actor, or an address.
func TestParseEnd(t *testing.T) {
	for text, want := range map[string]string{
		"client.sock": "client.sock", "10.0.0.1": "10.0.0.1", "10.0.0.1:80": "10.0.0.1:80", "[fd00::1]:80": "[fd00::1]:80", "fd00::1": "fd00::1",
		"::ffff:10.0.0.1": "10.0.0.1", "client": "", "client.": "", ".sock": "", "client[1].sock.x": "",
	} {
		end, ok := parseEnd(text)
		if ok != (want != "") || ok && end.String() != want {
			t.Errorf("%q is %q, %v", text, end, ok)
		}
	}
}
