package packet

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// kernelFrames were sent by Linux 6.18 over a pair of veths without checksum
// offload; partial is one that had it.
var kernelFrames = []struct{ name, frame, text string }{
	{"SYN", "3613d3f603c2d6690189324708004500003cdb8b400040064b2e0a0000010a000002aae61f903b6a7c6b00000000a002faf035be0000020405b40402080a7c8e0471000000000103030a", "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 2089682033 ecr 0,nop,wscale 10>"},
	{"ACK", "3613d3f603c2d66901893247080045000034db8c400040064b350a0000010a000002aae61f903b6a7c6c2484d0468010003ff9af00000101080a7c8e04717a64f64f", ". 1:1(0) ack 1 win 63 <nop,nop,TS val 2089682033 ecr 2053437007>"},
	{"data", "3613d3f603c2d66901893247080045000039db8d400040064b2f0a0000010a000002aae61f903b6a7c6c2484d0468018003fb5d000000101080a7c8e04717a64f64f68656c6c6f", "P. 1:6(5) ack 1 win 63 <nop,nop,TS val 2089682033 ecr 2053437007>"},
	{"FIN", "3613d3f603c2d66901893247080045000034db8e400040064b330a0000010a000002aae61f903b6a7c712484d0468011003ff87500000101080a7c8e05a57a64f64f", "F. 6:6(0) ack 1 win 63 <nop,nop,TS val 2089682341 ecr 2053437007>"},
	{"UDP", "3613d3f603c2d66901893247080045000020536040004011d36a0a0000010a000002aa350035000c68a664617461", "udp (4)"},
	{"UDP over IPv6, an odd length", "3613d3f603c2d6690189324786dd60038f8f000b1140fd000000000000000000000000000001fd00000000000000000000000000000299a10035000b98986f6464", "udp (3)"},
	{"ICMP port unreachable", "d669018932473613d3f603c2080045c0003cfbf0000040016a0e0a0000020a0000010303111d0000000045000020536040004011d36a0a0000010a000002aa350035000c68a664617461", "icmp unreachable port [udp (4)]"},
	{"ICMPv6 port unreachable", "d669018932473613d3f603c286dd600aae07003b3a40fd000000000000000000000000000002fd000000000000000000000000000001010403c00000000060038f8f000b1140fd000000000000000000000000000001fd00000000000000000000000000000299a10035000b98986f6464", "icmp unreachable port [udp (3)]"},
	{"neighbor solicitation", "3333ff000002d6690189324786dd6000000000203afffd000000000000000000000000000001ff0200000000000000000001ff0000028700755e00000000fd0000000000000000000000000000020101d66901893247", "icmp neighbor_solicitation"},
	{"MLD, after a header for each hop", "3333000000163613d3f603c286dd600000000038000100000000000000000000000000000000ff0200000000000000000000000000163a000502000001008f0068b60000000204000000ff0200000000000000000001fff603c204000000ff0200000000000000000001ff000002", "icmp mldv2_report"},
	{"ARP request", "ffffffffffffd6690189324708060001080006040001d669018932470a0000010000000000000a000002", "arp who-has 10.0.0.2 tell 10.0.0.1"},
	{"ARP reply", "d669018932473613d3f603c2080600010800060400023613d3f603c20a000002d669018932470a000001", "arp 10.0.0.2 is-at 36:13:d3:f6:03:c2"},
	{"IGMPv3 report, after an IPv4 option", "01005e000016d66901893247080046c00028000040000102f9f80a000001e0000016940400002200e9fb0000000104000000ef010101", "igmp v3 report 239.1.1.1"},
}

const partial = "d669018932473613d3f603c208004500003c00004000400626ba0a0000020a0000011f90aae62484d0453b6a7c6ca012fe8814310000020405b40402080a7a64f64f7c8e04710103030a"

func fromHex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Frames of the kernel are read, and written as the same bytes: with the
// checksums that the kernel has computed.
func TestFramesOfTheKernel(t *testing.T) {
	var n Numbers
	for _, c := range kernelFrames {
		t.Run(c.name, func(t *testing.T) {
			b := fromHex(t, c.frame)
			f, err := DecodeFrame(b)
			if err != nil {
				t.Fatal(err)
			}
			text := DescribeFrame(f, n.Base).Brief()
			if got := text.String(); got != c.text {
				t.Errorf("%s, not\n%s", got, c.text)
			}
			if f.IP != nil && (f.IP.BadChecksum || badChecksum(f.IP.Body)) {
				t.Error("its checksum is found wrong")
			}
			if got, err := f.Append(nil); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%x, %v, not\n%x", got, err, b)
			}
			if d := parse(t, c.text).Differences(text); d != nil {
				t.Errorf("its text is not the expected one: %v", d)
			}
		})
	}
}

// badChecksum is what a body says of its checksum.
func badChecksum(b Body) bool {
	v := reflect.ValueOf(b)
	return v.Kind() == reflect.Pointer && v.Elem().FieldByName("BadChecksum").Bool()
}

func TestPartialChecksum(t *testing.T) {
	f, err := DecodeFrame(fromHex(t, partial))
	if err != nil {
		t.Fatal(err)
	}
	if !badChecksum(f.IP.Body) || f.IP.BadChecksum {
		t.Errorf("%+v", f.IP)
	}
}

// A wrong checksum is made, and found, in every protocol that has one.
func TestBadChecksums(t *testing.T) {
	for _, c := range []struct {
		name string
		body Body
		kind byte
	}{
		{"TCP", &TCP{BadChecksum: true}, ProtoTCP},
		{"UDP", &UDP{BadChecksum: true}, ProtoUDP},
		{"ICMP", &ICMP{BadChecksum: true, Type: Echo4}, ProtoICMP},
		{"ICMPv6", &ICMP{BadChecksum: true, Type: Echo6}, ProtoV6},
		{"IGMP", &IGMP{BadChecksum: true, Type: IGMPQuery}, ProtoIGMP},
	} {
		p := &Packet{Src: far4.Addr(), Dst: near4.Addr(), Protocol: c.kind, Body: c.body}
		if c.kind == ProtoV6 {
			p.Src, p.Dst = far6.Addr(), near6.Addr()
		}
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil || !badChecksum(got.Body) || got.BadChecksum {
			t.Errorf("%s: %v, %+v", c.name, err, got)
		}
	}
	b, err := (&Packet{Src: far4.Addr(), Dst: near4.Addr(), BadChecksum: true}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(b); err != nil || !got.BadChecksum {
		t.Errorf("IPv4: %v, %+v", err, got)
	}
}

// Neither form of zero becomes the other one: to a receiver they are the same.
func TestSpoil(t *testing.T) {
	for c := range 1 << 16 {
		s := spoil(uint16(c))
		if s == uint16(c) || s == 0 || c == 0 && s == 0xffff || c == 0xffff && s == 0 {
			t.Errorf("%04x became %04x", c, s)
		}
	}
}

// A datagram whose checksum comes out as 0 carries the other form of it.
func TestChecksumZeroOfUDP(t *testing.T) {
	u := &UDP{SrcPort: 1, DstPort: 2, Payload: make([]byte, 2)}
	p := &Packet{Src: far4.Addr(), Dst: near4.Addr(), Protocol: ProtoUDP, Body: u}
	for n := range 1 << 16 {
		u.Payload[0], u.Payload[1] = byte(n>>8), byte(n)
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if sum := b[ip4Header+6:][:2]; sum[0] == 0 && sum[1] == 0 {
			t.Fatalf("the data %04x got no checksum", n)
		}
	}
	u.NoChecksum = true
	b, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(b); err != nil || !got.Body.(*UDP).NoChecksum || badChecksum(got.Body) {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestFields(t *testing.T) {
	for _, p := range []*Packet{
		{
			Src: far4.Addr(), Dst: near4.Addr(), TOS: 0xb9, TTL: 3, ID: 77, Flags: DontFragment,
			Options: []byte{0x94, 4, 0, 0}, Protocol: ProtoTCP,
			Body: &TCP{SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, Flags: AE | ECE, Window: 5, Urgent: 6, Options: []Option{{MSS, []byte{1, 2}}}, Rest: []byte{9, 9, 9, 9}, Payload: []byte("x")},
		},
		{Src: far4.Addr(), Dst: near4.Addr(), Flags: 185, Protocol: ProtoTCP, Body: Raw("a later fragment")},
		{Src: far4.Addr(), Dst: near4.Addr(), Flags: MoreFragments, Protocol: ProtoUDP, Body: Raw("short")},
		{
			Src: far6.Addr(), Dst: near6.Addr(), TOS: 2, TTL: 3, Flow: 0x12345, Protocol: hopByHop,
			Options: []byte{ProtoV6, 0, 5, 2, 0, 0, 1, 0}, Body: &ICMP{Type: 143, Field: 1, Data: []byte("data")},
		},
		{Src: far6.Addr(), Dst: near6.Addr(), Protocol: fragment, Options: []byte{ProtoUDP, 0, 0, 8, 0, 0, 0, 1}, Body: Raw("a later fragment")},
		{Src: far4.Addr(), Dst: near4.Addr(), Protocol: ProtoIGMP, Options: []byte{}, Body: &IGMP{
			Type: IGMPReport3, Rest: []byte{7},
			Records: []GroupRecord{{Type: AllowSources, Group: netip.MustParseAddr("239.1.1.1"), Sources: []netip.Addr{far4.Addr()}, Data: []byte{1, 2, 3, 4}}},
		}},
	} {
		f := &Frame{Dst: MAC{2, 1}, Src: MAC{2, 2}, Tags: []uint32{vlan<<16 | 5, serviceVLAN<<16 | 6}, IP: p, Padding: []byte{0, 0}}
		b, err := f.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		if f.Type = EtherIPv4; p.Src.Is6() {
			f.Type = EtherIPv6
		}
		if p.Options == nil {
			p.Options = []byte{}
		}
		if !reflect.DeepEqual(got, f) {
			t.Errorf("%+v %+v, not\n%+v %+v", got.IP, got.IP.Body, p, p.Body)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	udp := fromHex(t, kernelFrames[4].frame)[etherHeader:]
	change := func(at int, to byte) []byte {
		b := bytes.Clone(udp)
		b[at] = to
		return b
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "cut off"},
		{"cut off", udp[:len(udp)-1], "cut off"},
		{"a part of the header", udp[:19], "cut off"},
		{"a version", change(0, 0x55), "version 5 of IP"},
		{"a short header", change(0, 0x44), "an IPv4 header of 16 bytes"},
		{"a long header", change(0, 0x4f), "an IPv4 header of 60 bytes"},
		{"a short packet", change(3, 19), "in a packet of 19"},
		{"a part of an IPv6 header", append([]byte{0x60}, make([]byte, 38)...), "cut off"},
		{"IPv6 cut off", append([]byte{0x60, 0, 0, 0, 0, 1}, make([]byte, 34)...), "cut off"},
	} {
		if _, err := Decode(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := DecodeFrame(make([]byte, 13)); err == nil {
		t.Error("a frame of 13 bytes")
	}
	for name, p := range map[string]*Packet{
		"two families": {Src: far4.Addr(), Dst: near6.Addr()},
		"no address":   {},
		"options":      {Src: far4.Addr(), Dst: near4.Addr(), Options: []byte{1}},
		"IGMP":         {Src: far4.Addr(), Dst: near4.Addr(), Body: &IGMP{Group: near6.Addr()}},
		"large":        {Src: far6.Addr(), Dst: near6.Addr(), Body: Raw(make([]byte, 65536))},
		"large UDP":    {Src: far4.Addr(), Dst: near4.Addr(), Body: &UDP{Payload: make([]byte, 65528)}},
	} {
		if _, err := p.Append(nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := (&Frame{ARP: &ARP{SenderIP: near6.Addr()}}).Append(nil); err == nil {
		t.Error("ARP for IPv6")
	}
}

// An error quotes no more than routers do, and what it quotes can be read.
func TestQuoteThatIsCutOff(t *testing.T) {
	syn := fromHex(t, kernelFrames[0].frame)[etherHeader:]
	m := &ICMP{Type: Unreachable4, Code: 1, Data: syn[:ip4Header+8]}
	p := &Packet{Src: near4.Addr(), Dst: far4.Addr(), Protocol: ProtoICMP, Body: m}
	text := Describe(p, func(*Packet) Base { return Base{Seq: 0x3b6a7c6b} }).Brief()
	if got := text.String(); got != "icmp unreachable host [0:any]" {
		t.Error(got)
	}
	if d := parse(t, "icmp unreachable host [0:0(0)]").Differences(text); len(d) != 1 || d[0].Got != "0:any" {
		t.Error(d)
	}
	for size := range len(syn) {
		m.Data = syn[:size]
		Describe(p, func(*Packet) Base { return Base{} }) // whatever is left
	}
}

func TestARP(t *testing.T) {
	mac, other := MAC{2, 0, 0, 0, 0, 1}, MAC{2, 0, 0, 0, 0, 2}
	for _, text := range []string{"arp who-has 10.0.0.2 tell 10.0.0.1", "arp 10.0.0.1 is-at 02:00:00:00:00:01"} {
		made := parse(t, text).Body.(*Resolution).ARP(mac, netip.MustParseAddr("10.0.0.2"), other)
		b, err := (&Frame{ARP: made}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		f, err := DecodeFrame(b)
		if err != nil || DescribeFrame(f, nil).String() != text || f.ARP.SenderMAC != mac {
			t.Errorf("%s: %v, %+v", text, err, f.ARP)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, c := range []struct {
		frame *Frame
		want  string
	}{
		{&Frame{Type: 0x88cc}, "a frame of type 0x88cc"},
		{&Frame{ARP: &ARP{Operation: 8, SenderIP: far4.Addr(), TargetIP: far4.Addr()}}, "a frame of type 0x0806"},
		{&Frame{IP: &Packet{Src: far4.Addr(), Dst: near4.Addr(), Protocol: 47, Body: Raw("x")}}, "a packet of protocol 47"},
		{&Frame{IP: &Packet{Src: far4.Addr(), Dst: near4.Addr(), Protocol: ProtoUDP, Flags: 1, Body: Raw("x")}}, "a later fragment of protocol 17"},
		{&Frame{IP: &Packet{Src: far6.Addr(), Dst: near6.Addr(), Protocol: fragment, Options: []byte{ProtoUDP, 0, 0, 8, 0, 0, 0, 1}, Body: Raw("x")}}, "a later fragment of protocol 17"},
		{&Frame{IP: &Packet{Src: far4.Addr(), Dst: near4.Addr(), Protocol: ProtoIGMP, Body: &IGMP{Type: 0x13}}}, "a packet of protocol 2"},
	} {
		b, err := c.frame.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		f, err := DecodeFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		got := DescribeFrame(f, nil).Brief()
		if got.String() != c.want {
			t.Errorf("%s, not %s", got, c.want)
		}
		if d := parse(t, "udp").Differences(got); len(d) != 1 || d[0].Got != c.want {
			t.Error(d)
		}
	}
}

// Whatever bytes come, they are read. What is whole is written as it was, and
// its text asks for just this packet.
func FuzzFrame(f *testing.F) {
	for _, c := range kernelFrames {
		f.Add(fromHex(f, c.frame))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := DecodeFrame(b)
		if err != nil {
			return
		}
		again, err := frame.Append(nil)
		if err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		if !wrong(frame) && !bytes.Equal(again, b) {
			t.Errorf("%x became\n%x", b, again)
		}
		var n Numbers
		text := DescribeFrame(frame, n.Base)
		if _, unknown := text.Body.(*Unknown); unknown || strings.Contains(text.String(), "a packet") || strings.Contains(text.String(), "a later") {
			return
		}
		if d := parse(t, text.String()).Differences(text); d != nil {
			t.Errorf("%s: %v", text, d)
		}
	})
}

// wrong reports whether a checksum was wrong or is not there: then another one
// is written.
func wrong(f *Frame) bool { return f.IP != nil && (f.IP.BadChecksum || badChecksum(f.IP.Body)) }

func BenchmarkDescribe(b *testing.B) {
	frame := fromHex(b, kernelFrames[0].frame)
	var n Numbers
	b.ReportAllocs()
	for b.Loop() {
		f, err := DecodeFrame(frame)
		if err != nil {
			b.Fatal(err)
		}
		DescribeFrame(f, n.Base)
	}
}
