package wire

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
)

// ether puts an Ethernet header before data; hosts have the numbers of their
// ends, and 255 is all of them.
func ether(to, from byte, kind uint16, data []byte) []byte {
	b := []byte{2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from}
	if to == 255 {
		copy(b, "\xff\xff\xff\xff\xff\xff")
	}
	return append(binary.BigEndian.AppendUint16(b, kind), data...)
}

// ip4 is an IPv4 packet from 10.0.0.from to 10.0.0.to, with options.
func ip4(to, from, protocol byte, fragment uint16, options, data []byte) []byte {
	b := []byte{0x45 + byte(len(options)/4), 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, from, 10, 0, 0, to}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)+len(options)+len(data)))
	binary.BigEndian.PutUint16(b[6:], fragment)
	return slices.Concat(b, options, data)
}

// ip6 is an IPv6 packet from fd00::from to fd00::to.
func ip6(to, from, next byte, data []byte) []byte {
	b := make([]byte, 40)
	b[0], b[6], b[7] = 0x60, next, 64
	binary.BigEndian.PutUint16(b[4:], uint16(len(data)))
	b[8], b[23], b[24], b[39] = 0xfd, from, 0xfd, to
	return append(b, data...)
}

func tcp(src, dst uint16, seq uint32, flags byte, data string) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, src)
	binary.BigEndian.PutUint16(b[2:], dst)
	binary.BigEndian.PutUint32(b[4:], seq)
	b[12], b[13] = 5<<4, flags
	return append(b, data...)
}

func udp(src, dst uint16, data string) []byte {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, src), dst)
	return append(append(b, 0, byte(8+len(data)), 0, 0), data...)
}

func arp(operation byte) []byte {
	return append([]byte{0, 1, 8, 0, 6, 4, 0, operation}, make([]byte, 20)...)
}

// Whole frames between the first two ends, for the tests of rules.
func udpFrame(to, from byte, data string) []byte {
	return ether(to, from, etherIPv4, ip4(to, from, protoUDP, 0, nil, udp(5000, 5000, data)))
}

func tcpFrame(to, from byte, seq uint32, flags byte, data string) []byte {
	return ether(to, from, etherIPv4, ip4(to, from, protoTCP, 0, nil, tcp(uint16(from)+1000, uint16(to)+1000, seq, flags, data)))
}

func TestParse(t *testing.T) {
	const padding = "\x00\x00\x00\x00"
	hop := func(next byte) []byte { return []byte{next, 0, 5, 2, 0, 0, 1, 0} }
	fragment := func(next byte, offset uint16) []byte {
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16([]byte{next, 0}, offset), 7)
	}
	for _, c := range []struct {
		name    string
		frame   []byte
		want    Protocol
		whole   bool
		port    uint16
		kind    int
		payload string
	}{
		{"UDP", udpFrame(1, 0, "data"), UDP, true, 5000, 0, "data"},
		{"padding after the packet", append(udpFrame(1, 0, "data"), padding...), UDP, true, 5000, 0, "data"},
		{"IPv4 options", ether(1, 0, etherIPv4, ip4(1, 0, protoUDP, 0, []byte{1, 1, 1, 0}, udp(7, 8, "x"))), UDP, true, 7, 0, "x"},
		{"TCP", tcpFrame(1, 0, 9, flagSYN, ""), TCP, true, 1000, 0, ""},
		{"TCP with a header that is too long", ether(1, 0, etherIPv4, ip4(1, 0, protoTCP, 0, nil, append(make([]byte, 12), 0xf0, 0, 0, 0, 0, 0, 0, 0))), TCP, false, 0, 0, string(make([]byte, 12)) + "\xf0" + string(make([]byte, 7))},
		{"the first fragment", ether(1, 0, etherIPv4, ip4(1, 0, protoUDP, 0x2000, nil, udp(7, 8, "x"))), UDP, true, 7, 0, "x"},
		{"a later fragment", ether(1, 0, etherIPv4, ip4(1, 0, protoUDP, 1, nil, []byte("part"))), UDP, false, 0, 0, "part"},
		{"ICMP", ether(1, 0, etherIPv4, ip4(1, 0, protoICMP, 0, nil, []byte{8, 0, 0, 0, 0, 0, 0, 0, 'p'})), ICMP, true, 0, 8, "p"},
		{"IGMP", ether(1, 0, etherIPv4, ip4(1, 0, protoIGMP, 0, []byte{0x94, 4, 0, 0}, []byte{0x22, 0, 0, 0, 0, 0, 0, 1, 4})), IGMP, true, 0, 0x22, "\x04"},
		{"ARP", ether(255, 0, etherARP, arp(1)), ARP, true, 0, 1, string(make([]byte, 20))},
		{"a VLAN", ether(1, 0, etherVLAN, append([]byte{0, 5, 8, 0}, ip4(1, 0, protoUDP, 0, nil, udp(7, 8, "x"))...)), UDP, true, 7, 0, "x"},
		{"IPv6", ether(1, 0, etherIPv6, ip6(1, 0, protoUDP, udp(7, 8, "x"))), UDP, true, 7, 0, "x"},
		{"ICMPv6 after a header for each hop", ether(1, 0, etherIPv6, ip6(1, 0, protoHopByHop, append(hop(protoICMPv6), 143, 0, 0, 0, 0, 0, 0, 1, 'm'))), ICMP, true, 0, 143, "m"},
		{"IPv6, the first fragment", ether(1, 0, etherIPv6, ip6(1, 0, protoFragment, append(fragment(protoUDP, 1), udp(7, 8, "x")...))), UDP, true, 7, 0, "x"},
		{"IPv6, a later fragment", ether(1, 0, etherIPv6, ip6(1, 0, protoFragment, append(fragment(protoUDP, 8), "12345678"...))), UDP, false, 0, 0, "12345678"},
		{"an IP packet that is cut off", udpFrame(1, 0, "data")[:40], Any, false, 0, 0, string(udpFrame(1, 0, "data")[14:40])},
		{"another protocol", ether(1, 0, 0x88cc, []byte("lldp")), Any, false, 0, 0, "lldp"},
		{"less than a header", []byte("short"), Any, false, 0, 0, "short"},
		{"nothing", nil, Any, false, 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := parse(c.frame)
			if h.protocol != c.want || h.recognized != c.whole || h.srcPort != c.port || h.kind != c.kind || string(h.payload) != c.payload {
				t.Errorf("%+v", h)
			}
		})
	}
}

func TestParseAddresses(t *testing.T) {
	h := parse(ether(3, 4, etherIPv6, ip6(1, 2, protoTCP, tcp(7, 8, 9, flagACK, ""))))
	want := flow{netip.MustParseAddrPort("[fd00::2]:7"), netip.MustParseAddrPort("[fd00::1]:8")}
	if h.flow() != want || h.to != [6]byte{2, 0, 0, 0, 0, 3} || h.from != [6]byte{2, 0, 0, 0, 0, 4} || h.seq != 9 || h.flags != flagACK {
		t.Errorf("%+v", h)
	}
}

func TestStreamBytes(t *testing.T) {
	f := flows{}
	for _, c := range []struct {
		name        string
		frame       []byte
		first, last int64
	}{
		{"of a connection whose SYN was not seen", tcpFrame(0, 1, 5, flagACK, "x"), 0, 0},
		{"SYN", tcpFrame(1, 0, 1<<32-3, flagSYN, ""), 0, 0},
		{"the first bytes", tcpFrame(1, 0, 1<<32-2, flagACK, "12"), 1, 2},
		{"after the numbers have wrapped", tcpFrame(1, 0, 1, flagACK|flagFIN, "abc"), 4, 6},
		{"a SYN with data", tcpFrame(1, 0, 100, flagSYN, "fast"), 1, 4},
		{"of the new connection", tcpFrame(1, 0, 105, flagACK, "!"), 5, 5},
	} {
		h := parse(c.frame)
		f.see(&h)
		first, last, ok := f.bytes(&h)
		if first != c.first || last != c.last || ok != (c.last > 0) {
			t.Errorf("%s: %d to %d, %v", c.name, first, last, ok)
		}
	}
}

// Whatever bytes come, a frame is parsed, and a rule can be asked for it.
func FuzzPath(f *testing.F) {
	f.Add(udpFrame(1, 0, "data"))
	f.Add(tcpFrame(1, 0, 9, flagSYN, "x"))
	f.Add(ether(1, 0, etherIPv6, ip6(1, 0, protoHopByHop, []byte{protoICMPv6, 0, 5, 2, 0, 0, 1, 0, 143, 0, 0, 0, 0, 0, 0, 1})))
	f.Add(ether(255, 0, etherARP, arp(1)))
	f.Fuzz(func(t *testing.T, frame []byte) {
		h := parse(frame)
		if !bytes.HasSuffix(frame, h.networkData) || !bytes.Contains(frame, h.payload) {
			t.Errorf("the payload is not in the frame: %q", h.payload)
		}
		if bad := corrupted(frame, &h, -1); len(frame) > etherHeader && bytes.Equal(bad, frame) || len(bad) != len(frame) {
			t.Errorf("%x became %x", frame, bad)
		}
		m := Match{From: -1, To: -1, Protocol: TCP, First: 1, Last: 2}
		p := newPath(3, nil, []Fault{{Match: m, Act: Drop}, {Match: m, Act: Reorder}}, &queue{})
		p.emit, p.overflow = func([]int, []byte) {}, func() {}
		p.enter(0, 2, frame)
	})
}
