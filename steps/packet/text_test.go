package packet

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

var (
	near4 = netip.MustParseAddrPort("192.168.0.1:8080")
	far4  = netip.MustParseAddrPort("192.0.2.1:40001")
	near6 = netip.MustParseAddrPort("[fd00::1]:8080")
	far6  = netip.MustParseAddrPort("[fd00::2]:40001")
	base  = Base{Seq: 1<<32 - 2, Ack: 7000, TSVal: 500, TSEcr: 900}
)

// parse is [Parse] for texts that are right.
func parse(t testing.TB, text string) Pattern {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// Each text becomes bytes, and the bytes the same text again: those that are
// here in a line, with what the text leaves out filled in.
func TestTextToBytesAndBack(t *testing.T) {
	for _, c := range []struct{ text, full string }{
		{"S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>", "="},
		{"[ect0] SEW. 0:10(10) ack 1 win 257 <mss 1460,sackOK,TS val 1 ecr 100,nop,wscale 8,FO abcd1234>", "="},
		{"[ce] S. 0:0(0) ack 1 win 1", "="},
		{"[noecn,ttl 1] . 1:1(0) ack 1 win 0", "[ttl 1] . 1:1(0) ack 1 win 0"},
		{"FP. 4294967295:5(6) ack 4294967295 win 65535", "="},
		{"R 1:1(0)", "R 1:1(0) win 4096"},
		{"- 0:0(0) win 1", "="},
		{"FRPUEWA. 1:2(1) ack 3 win 4 urg 5", "="},
		{"SF 0:0(0) win 1", "="},
		{"P.", "P. 11:11(0) ack 22 win 4096"},
		{".P (3)", "P. 11:14(3) ack 22 win 4096"},
		{"P. 1:4", "P. 1:4(3) ack 22 win 4096"},
		{"S 0:0(0) ack 5 win 1", "S 0:0(0) win 1"},
		{". 1:1(0) ack 1 win 1 <nop,nop,sack 1001:2001 3001:4001>", "="},
		{". 1:1(0) ack 1 win 1 <sack>", "="},
		{"S 0:0(0) win 1 <FO,nop,nop>", "="},
		{"S 0:0(0) win 1 <opt 99 dead>", "="},
		{"S 0:0(0) win 1 <opt 99>", "S 0:0(0) win 1 <opt 99>"},
		{"S 0:0(0) win 1 <opt 2 05b4>", "S 0:0(0) win 1 <mss 1460>"},
		{"S 0:0(0) win 1 <opt 2 05>", "="},
		{"S 0:0(0) win 1 <mss 1460,eol>", "S 0:0(0) win 1 <mss 1460>"},
		{"S 0:0(0) win 1 <eol,eol,eol,eol,nop>", "S 0:0(0) win 1 <eol,eol,eol,eol,bad 01000000>"},
		{"S 0:0(0) win 1 <nop,bad 02ff01>", "="},
		{"S 0:0(0) win 1 <>", "S 0:0(0) win 1"},
		{"udp (17)", "="},
		{"udp", "udp (0)"},
		{"[ect1,ttl 3] udp (1)", "="},
		{"icmp unreachable frag_needed mtu 800 [0:1000(1000)]", "4 icmp unreachable frag_needed mtu 800 [. 0:1000(1000) ack 11 win 0]"},
		{"icmp unreachable port [udp (17)]", "="},
		{"icmp unreachable port_unreachable [S 0:0(0) win 9 <mss 1460>]", "icmp unreachable port [S 0:0(0) win 9 <mss 1460>]"},
		{"icmp 3 1 [P. 1:3(2) ack 3 win 4]", "4 icmp unreachable host [P. 1:3(2) ack 3 win 4]"},
		{"icmp time_exceeded ttl [udp (600)]", "="},
		{"icmp time_exceeded ttl [icmp echo id 7 seq 9 (600)]", "="},
		{"icmp packet_too_big mtu 1280 [P. 1:2000(1999) ack 3 win 4]", "6 icmp packet_too_big mtu 1280 [P. 1:2000(1999) ack 3 win 4]"},
		{"icmp unreachable no_route [udp (1)]", "6 ="},
		{"icmp echo id 7 seq 9 (56)", "="},
		{"icmp echo_reply id 7 seq 9 (0)", "="},
		{"icmp neighbor_solicitation", "6 ="},
		{"icmp 200 3", "="},
		{"icmp redirect net [udp (1)]", "4 ="},
		{"igmp v1 report 239.1.1.1", "4 ="},
		{"igmp v2 report 239.1.1.1", "4 ="},
		{"igmp v2 leave 239.1.1.1", "4 ="},
		{"igmp v2 query", "4 ="},
		{"igmp v1 query", "4 ="},
		{"igmp v3 query 239.1.1.1", "4 ="},
		{"igmp v3 report 239.1.1.1, leave 239.1.1.2", "4 ="},
	} {
		want, only := c.full, byte(0)
		if len(want) > 1 && want[1] == ' ' {
			only, want = want[0], want[2:]
		}
		if want == "=" {
			want = c.text
		}
		for family, ends := range map[byte][2]netip.AddrPort{'4': {far4, near4}, '6': {far6, near6}} {
			if only != 0 && only != family {
				continue
			}
			t.Run(fmt.Sprintf("IPv%c/%s", family, c.text), func(t *testing.T) {
				p, err := parse(t, c.text).Packet(Sender{From: ends[0], To: ends[1], Base: base, Seq: 11, Ack: 22, Window: 4096})
				if err != nil {
					t.Fatal(err)
				}
				b, err := p.Append(nil)
				if err != nil {
					t.Fatal(err)
				}
				got, err := Decode(b)
				if err != nil {
					t.Fatal(err)
				}
				text := describe(got)
				if parse(t, c.text).TTL.Given() {
					text.TTL = One(uint32(got.TTL))
				}
				if text.String() != want {
					t.Errorf("%s, not\n%s", text, want)
				}
			})
		}
	}
}

// describe is the brief text of a packet between the ends that the tests use.
func describe(p *Packet) Pattern {
	return Describe(p, func(p *Packet) Base {
		if p.Src == far4.Addr() || p.Src == far6.Addr() {
			return base
		}
		return Base{Seq: base.Ack, Ack: base.Seq, TSVal: base.TSEcr, TSEcr: base.TSVal}
	}).Brief()
}

// What is written as text is read as the same.
func TestTextStays(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"> S", "="},
		{"<  S. ack 1  <mss 1460,...>", "< S. ack 1 <mss 1460,...>"},
		{"> P. 1:18(17)", "="},
		{"S any:any(any) ack any win 1..10 urg any <mss any,wscale 0..14,sack any:any 1..2:3,TS val any ecr 100..110,FO any,opt 99 any,...,nop>", "="},
		{"[ ect0 , ttl 60..64 ] .", "[ect0,ttl 60..64] ."},
		{".  <>", ". <>"},
		{"udp (1..5)", "="},
		{"icmp echo seq 1 id 2", "icmp echo id 2 seq 1"},
		{"1:5(4)", "="},
		{"any:any", "="},
		{"(4)", "="},
		{"ack 5 <...>", "="},
		{"win 1..5", "="},
		{"> arp who-has 10.0.0.2 tell 10.0.0.1", "="},
		{"arp who-has any tell any", "="},
		{"arp 10.0.0.2 is-at 02:00:00:00:00:0B", "arp 10.0.0.2 is-at 02:00:00:00:00:0b"},
		{"arp any is-at any", "="},
		{"icmp unreachable", "="},
		{"icmp echo (any)", "="},
		{"icmp unreachable net_unreachable [any:any]", "icmp unreachable net [any:any]"},
		{"igmp v3 report any,leave 239.1.1.1", "igmp v3 report any, leave 239.1.1.1"},
	} {
		if c.want == "=" {
			c.want = c.text
		}
		if got := parse(t, c.text).String(); got != c.want {
			t.Errorf("%q became %q, not %q", c.text, got, c.want)
		}
	}
}

func TestDifferences(t *testing.T) {
	const segment = "> [ect0,ttl 64] P. 1:18(17) ack 5 win 100 <mss 1460,nop,TS val 7 ecr 8,sack 1:2>"
	for _, c := range []struct{ want, got, differences string }{
		{segment, segment, ""},
		{"P.", segment, ""},
		{"P. any:18(1..20) ack any win 50..100 <...>", segment, ""},
		{"P. <mss any,...,sack any:2>", segment, ""},
		{"P. <mss 1460,...,nop>", segment, "the options are <mss 1460,nop,TS val 7 ecr 8,sack 1:2>, not <mss 1460,...,nop>"},
		{"P. <>", segment, "the options are <mss 1460,nop,TS val 7 ecr 8,sack 1:2>, not <>"},
		{"< .", segment, "the direction is >, not <; the flags are P., not ."},
		{"[noecn,ttl 1] P.", segment, "ECN is ect0, not noecn; ttl is 64, not 1"},
		{"P. 1:19(18)", segment, "the data is 1:18(17), not 1:19(18)"},
		{"P. 2:18", segment, "the data is 1:18(17), not 2:18"},
		{"P. (16)", segment, "the data is 1:18(17), not (16)"},
		{"P. ack 6 win 200..300 urg 1", segment, "ack is 5, not 6; win is 100, not 200..300; urg is none, not 1"},
		{"udp (17)", segment, "the packet is tcp, not udp"},
		{". <nop,nop,nop>", ". <nop,nop,nop,eol>", ""},
		{". <FO any>", ". <FO 0102>", ""},
		{". <FO 01>", ". <FO 0102>", "the option is FO 0102, not FO 01"},
		{". <bad 00>", ". <opt 0 00>", "the options are <opt 0 00>, not <bad 00>"},
		{". <wscale 7>", ". <wscale 8>", "the option is wscale 8, not wscale 7"},
		{". <sackOK>", ". <nop>", "the options are <nop>, not <sackOK>"},
		{". <TS val 1 ecr 2>", ". <TS val 1 ecr 3>", "the option is TS val 1 ecr 3, not TS val 1 ecr 2"},
		{". <TS val 1 ecr 2>", ". <TS val 2 ecr 2>", "the option is TS val 2 ecr 2, not TS val 1 ecr 2"},
		{". <sack 1:2 3:4>", ". <sack 1:2>", "the option is sack 1:2, not sack 1:2 3:4"},
		{". <opt 99 00>", ". <opt 99 01>", "the option is opt 99 01, not opt 99 00"},
		{". <mss 1,...,wscale 7>", ". <mss 2,nop,nop,wscale 8>", "the option is mss 2, not mss 1; the option is wscale 8, not wscale 7"},
		{". <mss 1,...,wscale 7>", ". <mss 2>", "the options are <mss 2>, not <mss 1,...,wscale 7>"},
		{"S. ack 1", "S", "the flags are S, not S.; ack is none, not 1"},
		{". <opt 98 any>", ". <opt 99 01>", "the options are <opt 99 01>, not <opt 98 any>"},
		{". <nop,mss 1>", ". <mss 1,nop>", "the options are <mss 1,nop>, not <nop,mss 1>"},
		{"U. urg 1..2", "U. urg 3", "urg is 3, not 1..2"},
		{"[ce] udp", "[ect1] udp", "ECN is ect1, not ce"},
		{"SEW", "SE", "the flags are SE, not SEW"},
		{"icmp echo seq 1", "icmp echo seq 2", "seq is 2, not 1"},
		{"udp (1..5)", "udp (17)", "the length is 17, not 1..5"},
		{"icmp unreachable net mtu 1 [S]", "icmp unreachable port [S.]", "the code is port, not net; mtu is unknown, not 1; in the quoted packet, the flags are S., not S"},
		{"icmp echo id 1", "icmp echo_reply id 2", "the type is echo_reply, not echo; id is 2, not 1"},
		{"icmp unreachable [S]", "icmp unreachable", "the quoted packet is unknown, not S"},
		{"icmp unreachable [. 1:1(0)]", "icmp unreachable [1:1]", "in the quoted packet, the flags are unknown, not .; in the quoted packet, the data is 1:1, not 1:1(0)"},
		{"arp who-has 10.0.0.1 tell any", "arp who-has 10.0.0.1 tell 10.0.0.2", ""},
		{"arp who-has 10.0.0.3 tell 10.0.0.4", "arp who-has 10.0.0.1 tell 10.0.0.2", "the address is 10.0.0.1, not 10.0.0.3; the sender is 10.0.0.2, not 10.0.0.4"},
		{"arp 10.0.0.1 is-at any", "arp 10.0.0.1 is-at 02:00:00:00:00:01", ""},
		{"arp 10.0.0.1 is-at 02:00:00:00:00:02", "arp 10.0.0.1 is-at 02:00:00:00:00:01", "the link-layer address is 02:00:00:00:00:01, not 02:00:00:00:00:02"},
		{"arp 10.0.0.1 is-at any", "arp who-has 10.0.0.1 tell 10.0.0.2", "the operation is arp who-has 10.0.0.1 tell 10.0.0.2, not arp 10.0.0.1 is-at any"},
		{"igmp v3 report any", "igmp v3 report 239.1.1.1", ""},
		{"igmp v2 report 239.1.1.1", "igmp v3 report 239.1.1.1", "the message is igmp v3 report 239.1.1.1, not igmp v2 report 239.1.1.1"},
		{"igmp v3 leave 239.1.1.1", "igmp v3 report 239.1.1.1", "the message is igmp v3 report 239.1.1.1, not igmp v3 leave 239.1.1.1"},
	} {
		var texts []string
		for _, d := range parse(t, c.want).Differences(parse(t, c.got)) {
			texts = append(texts, d.String())
		}
		if got := strings.Join(texts, "; "); got != c.differences {
			t.Errorf("%s for %s:\n%s, not\n%s", c.got, c.want, got, c.differences)
		}
	}
}

// Types and codes may be asked for by number.
func TestICMPByNumber(t *testing.T) {
	p, err := parse(t, "icmp unreachable port [udp (1)]").Packet(Sender{From: far4, To: near4})
	if err != nil {
		t.Fatal(err)
	}
	for text, fits := range map[string]bool{"icmp 3 3": true, "icmp 3 port": true, "icmp 3 4": false, "icmp 4": false} {
		if d := parse(t, text).Differences(describe(p)); (len(d) == 0) != fits {
			t.Errorf("%s: %v", text, d)
		}
	}
}

func TestNumbers(t *testing.T) {
	var n Numbers
	at := func(from, to netip.AddrPort, seq, ack uint32, flags Flags, data string) string {
		p := &Packet{Src: from.Addr(), Dst: to.Addr(), Body: &TCP{SrcPort: from.Port(), DstPort: to.Port(), Seq: seq, Ack: ack, Flags: flags, Payload: []byte(data)}}
		s := Describe(p, n.Base).Body.(*Segment)
		return span(s) + " ack " + s.Ack.String()
	}
	got := []string{
		at(far4, near4, 1<<32-1, 0, SYN, ""),
		at(near4, far4, 100, 0, SYN|ACK, ""),
		at(far4, near4, 0, 101, ACK, "abc"),
		at(near4, far4, 101, 3, ACK, ""),
		at(near6, far6, 50, 70, ACK, "x"), // the SYN was not seen
		at(far6, near6, 70, 51, ACK, ""),
		at(far4, near4, 9000, 0, SYN, ""), // the ports are used again
		at(near4, far4, 5000, 9001, SYN|ACK, ""),
	}
	want := []string{"0:0(0) ack ", "0:0(0) ack 1", "1:4(3) ack 1", "1:1(0) ack 4", "1:2(1) ack 1", "1:1(0) ack 2", "0:0(0) ack ", "0:0(0) ack 1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not\n%q", got, want)
	}
}

// A text that can be read is written as one that reads the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"> [ect0,ttl 64] SEW. 0:10(10) ack 1 win 257 <mss 1460,sackOK,TS val any ecr 100..110,nop,wscale any,FO abcd1234,opt 99 00,sack 1:2,bad 02,...>",
		"icmp unreachable frag_needed mtu 800 [0:1000(1000)]", "udp (17)", "arp who-has 10.0.0.1 tell fd00::1", "arp any is-at 02:00:00:00:00:01",
		"igmp v3 report 239.1.1.1, leave any", "icmp 3 4 id 1 seq 2 (3)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			var at *SyntaxError
			if !errors.As(err, &at) || at.Offset < 0 || at.Offset > len(text) {
				t.Errorf("%q: %#v", text, err)
			}
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("%q became %q, then %q, %v", text, p, again, err)
		}
		if made, err := p.Packet(Sender{From: far4, To: near4}); err == nil {
			made.Append(nil)
		}
	})
}
