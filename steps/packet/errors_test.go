package packet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The place of each error is the ^ under the text.
func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct{ text, at, want string }{
		{"", "^", "the packet is missing"},
		{"[ect0]", "      ^", "the packet is missing"},
		{"[ecn] S", " ^", `"ecn" is not about the IP header`},
		{"[ttl 256] S", "     ^", "ttl is from 0 to 255"},
		{"[ect0 S", "      ^", `']' is missing`},
		{"SX", " ^", `'X' is not a flag`},
		{"SS", " ^", `the flag 'S' is there twice`},
		{"data", "^", `"data" is not a packet`},
		{"S 0(0)", "   ^", `':' is missing`},
		{"S 0:", "    ^", "the sequence number after the data is missing"},
		{"S 0:0(x)", "      ^", `the length is "x", which is not a number`},
		{"S 0:0()", "      ^", "the length is missing"},
		{"S 0:0(0", "       ^", `')' is missing`},
		{"P. 1:10(10)", "   ^", "from 1 to 10 is a length of 9, not 10"},
		{"S’ 0:0(0)", " ^", "'’' is not a flag"},
		{"icmp unreachable frag_needed mtu 65536", "                                 ^", "mtu is from 0 to 65535"},
		{"P. 4294967296:1(0)", "   ^", "the sequence number is from 0 to 4294967295"},
		{". ack", "     ^", "ack is missing"},
		{". ack 1 ack 2", "        ^", "ack is there twice"},
		{". win 65536", "      ^", "win is from 0 to 65535"},
		{". win 20..10", "      ^", "the range ends before it begins"},
		{". len 5", "  ^", `"len" is not known`},
		{"S <mss>", "      ^", "mss is missing"},
		{"S <mss 70000>", "       ^", "mss is from 0 to 65535"},
		{"S <wscale 256>", "          ^", "wscale is from 0 to 255"},
		{"S <mms 1460>", "   ^", `"mms" is not an option`},
		{"S <mss 1460", "           ^", `'>' is missing`},
		{"S <mss 1460 nop>", "            ^", `'>' is missing`},
		{"S <TS 1 2>", "      ^", `"val" is missing`},
		{"S <TS val 1>", "           ^", `"ecr" is missing`},
		{". <sack 1-2>", "         ^", `':' is missing`},
		{"S <opt 256 00>", "       ^", "the kind of the option is from 0 to 255"},
		{"S <opt 99 abc>", "          ^", `"abc" is not bytes in hexadecimal`},
		{"S <FO xy>", "      ^", `"xy" is not bytes`},
		{"S <...,...>", "       ^", "... is there twice"},
		{"S 0:0(0) <mss 1> win 5", "                 ^", `"win" is one word too many`},
		{"udp 17", "    ^", `"17" is one word too many`},
		{"udp (65528)", "     ^", "the length is from 0 to 65527"},
		{"icmp", "    ^", "the type of ICMP is missing"},
		{"icmp unreachable prot", "                 ^", `"prot" is not a code of unreachable`},
		{"icmp unreachable port [S", "                        ^", `']' is missing`},
		{"icmp unreachable port [0:10(5)]", "                        ^"[1:], "from 0 to 10 is a length of 10, not 5"},
		{"icmp 3 [icmp 3 [udp]]", "               ^", "a quoted packet does not quote another one"},
		{"icmp 3 [arp 10.0.0.1 is-at any]", "        ^", "only an IP packet is quoted"},
		{"arp 10.0.0.1", "            ^", `"is-at" is missing`},
		{"arp who-has 10.0.0.1", "                    ^", `"tell" is missing`},
		{"arp who-is 10.0.0.1", "    ^", `the address after arp, or "who-has", is "who-is", which is not an IP address`},
		{"arp 10.0.0.1 is-at 02:00", "                   ^", `"02:00" is not a link-layer address`},
		{"igmp report 239.1.1.1", "     ^", `"report" is not a version of IGMP`},
		{"igmp v1 leave 239.1.1.1", "        ^", `"leave" is not a message of IGMPv1`},
		{"igmp v2 report 239.1.1.1, leave 239.1.1.2", "                        ^", "is about one group"},
		{"igmp v3 report", "              ^", "the group is missing"},
		{"S <mss 12x>", "       ^", `mss is "12x", which is not a number; write a number, a range as 1..10, or any`},
		{"S <mss=1460>", "      ^", `mss is "=1460", which is not a number`},
		{"S <mss anyx>", "       ^", `mss is "anyx", which is not a number`},
		{"S <TS val 1x ecr 0>", "          ^", `TS val is "1x", which is not a number`},
		{". <sack 1:2x>", "          ^", `the end of a block is "2x", which is not a number`},
		{"S <opt any 00>", "       ^", "the kind of the option is any; write one number"},
		{"S <nop nop>", "       ^", `',' or '>' is missing before "nop>"; write commas between options, as in <mss 1460,nop>`},
		{"S <nop,,nop>", "       ^", "an option is missing; it is one of mss, "},
		{"S <bad>", "      ^", "the bytes of bad are missing; write them in hexadecimal, as in bad 02ff"},
		{". win 12x", "      ^", `win is "12x", which is not a number`},
		{". win -1", "      ^", `win is "-1", which is not a number`},
		{". win 1.5", "      ^", `win is "1.5", which is not a number`},
		{". win 1...5", "         ^", `the end of the range is ".5", which is not a number`},
		{". win 1 5:6(1)", "        ^", `"5" is not known; sequence numbers and the length are behind the flags, as in P. 1:5(4)`},
		{"P. 10:5", "   ^", "the data ends before it begins"},
		{"S 0-0(0)", "   ^", "':' is missing between the first sequence number and the one after the data, as in 1:5(4)"},
		{". anything", "  ^", `"anything" is not known`},
		{"UDP (1)", " ^", "'D' is not a flag; the letters are SFRPUEWA, . for ACK, and - for no flag; other packets begin with udp, icmp, arp or igmp"},
		{"S <nop> win 5", "        ^", `"win" is one word too many; the options are the last of a segment`},
		{"[] S", " ^", "what the IP header has is missing; noecn, ect0, ect1, ce or ttl 64 can be here"},
		{"[ttl x] S", "     ^", `ttl is "x", which is not a number`},
		{"udp 17", "    ^", `"17" is one word too many; write the length in brackets, as in udp (17)`},
		{"udp (17x)", "     ^", `the length is "17x", which is not a number`},
		{"icmp echo id x", "             ^", `id is "x", which is not a number`},
		{"icmp echo id 1 id 2", "               ^", "id is there twice"},
		{"arp who-has 10.0.1", "            ^", `the address that is asked for is "10.0.1", which is not an IP address`},
		{"igmp", "    ^", "the version of IGMP is missing; it is v1, v2 or v3"},
		{"igmp v2", "       ^", "the message of IGMP is missing"},
	} {
		_, err := Parse(c.text)
		var at *SyntaxError
		if !errors.As(err, &at) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if at.Offset != strings.Index(c.at, "^") || !strings.Contains(at.Message+"; "+at.Hint, c.want) {
			t.Errorf("%s\n%s^ %s\nnot\n%s %s", c.text, strings.Repeat(" ", at.Offset), err, c.at, c.want)
		}
	}
}

// A packet that is sent needs a value for everything that it has.
func TestSendable(t *testing.T) {
	for _, c := range []struct{ text, at, want string }{
		{"S any:0(0)", "  ^", "the sequence number is any"},
		{"S 0:0(0) win 1..5", "             ^", "win is 1..5"},
		{"S <mss any>", "       ^", "a number of the option is any"},
		{"S <mss 1,...>", "         ^", "the option is ..."},
		{"S <FO any>", "   ^", "the option is FO any"},
		{"1:5(4)", "^", "the flags are missing"},
		{"[ttl any] udp", "     ^", "ttl is any"},
		{"icmp unreachable frag_needed mtu any [0:1(1)]", "                                 ^", "mtu is any"},
		{"icmp unreachable port [any:any]", "                       ^", "the sequence number is any"},
		{"icmp unreachable port [S <...>]", "                          ^", "the option is ..."},
		{"igmp v2 report any", "               ^", "the address is any"},
		{"arp who-has any tell 10.0.0.1", "            ^", "the address is any"},
		{"arp 10.0.0.1 is-at any", "                   ^", "the link-layer address is any"},
	} {
		err := parse(t, c.text).Sendable()
		var at *SyntaxError
		if !errors.As(err, &at) || at.Offset != strings.Index(c.at, "^") || !strings.Contains(at.Message, c.want) {
			t.Errorf("%s: %+v", c.text, err)
		}
	}
}

func TestPacketErrors(t *testing.T) {
	for _, c := range []struct {
		text    string
		payload string
		want    string
	}{
		{"P. 1:4(3)", "four", "the length is 3, but there are 4 bytes of data"},
		{"P. 1:4", "four", "the length is 3, but there are 4 bytes of data"},
		{"udp (3)", "four", "the length is 3, but there are 4 bytes of data"},
		{"P. 1:70000", "", "69999 bytes do not fit"},
		{"P. 1:70000(69999)", "", "69999 bytes do not fit"},
		{"S <TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,nop>", "", "the options have 41 bytes"},
		{"S <nop,bad " + strings.Repeat("02", 40) + ">", "", "the options have 41 bytes"},
		{"S <bad 02,nop>", "", "an option after bad bytes"},
		{"icmp packet_too_big mtu 1280 [udp]", "", "ICMP has no packet_too_big"},
		{"icmp unreachable no_route [udp]", "", "unreachable of ICMP has no code no_route"},
		{"arp who-has 10.0.0.1 tell 10.0.0.2", "", "this is not an IP packet"},
	} {
		s := Sender{From: far4, To: near4}
		if c.payload != "" {
			s.Payload = []byte(c.payload)
		}
		_, err := parse(t, c.text).Packet(s)
		var at *SyntaxError
		if !errors.As(err, &at) || !strings.Contains(at.Message, c.want) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

// What no packet can be made of is known before one is sent.
func TestPossible(t *testing.T) {
	const fits = "<nil>"
	for _, c := range []struct {
		text   string
		data   []byte
		v4, v6 string
	}{
		{"P. 1:65496", nil, fits, fits},
		{"P. 1:65530", nil, "a packet of 65569 bytes is too large: IPv4 has room for 65535", "65549 bytes after the IPv6 header are too many: there is room for 65535"},
		{"S 0:0(0) <mss 1460,TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,nop,wscale 1>", []byte{}, fits, fits},
		{"udp (2)", []byte{}, "the length is 2, but there are 0 bytes of data", "the length is 2, but there are 0 bytes of data"},
		{"icmp packet_too_big mtu 70000 [udp]", nil, "ICMP has no packet_too_big: its types are unreachable, echo, ", fits},
		{"icmp unreachable frag_needed mtu 800 [udp]", nil, fits, "unreachable of ICMPv6 has no code frag_needed"},
		{"P. 1:any", nil, "the end of the data is any", "the end of the data is any"},
	} {
		for v6, want := range map[bool]string{false: c.v4, true: c.v6} {
			if err := parse(t, c.text).Possible(v6, c.data); !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("%s, v6 %v: %v, not %s", c.text, v6, err, want)
			}
		}
	}
}
