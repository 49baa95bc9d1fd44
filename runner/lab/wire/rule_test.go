package wire

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Six datagrams from end 0 and two from end 1 meet one rule.
func TestRules(t *testing.T) {
	const untouched = "0>1:1 0>1:2 0>0:a 0>1:3 0>1:4 0>0:b 0>1:5 0>1:6"
	from0 := of(func(m *Match) { m.From = 0 })
	for _, c := range []struct {
		name  string
		fault Fault
		want  string
		hits  int
	}{
		{"nothing that matches", Fault{Match: of(func(m *Match) { m.Protocol = TCP })}, untouched, 0},
		{"off", Fault{Match: all, Off: true}, untouched, 0},
		{"drop all", Fault{Match: all}, "", 8},
		{"each direction is counted for itself", Fault{Match: all, Nth: []int{2}}, "0>1:1 0>0:a 0>1:3 0>1:4 0>1:5 0>1:6", 2},
		{"of one direction", Fault{Match: from0, Nth: []int{2, 5}}, "0>1:1 0>0:a 0>1:3 0>1:4 0>0:b 0>1:6", 2},
		{"towards one end", Fault{Match: of(func(m *Match) { m.To = 0 }), Nth: []int{1}}, "0>1:1 0>1:2 0>1:3 0>1:4 0>0:b 0>1:5 0>1:6", 1},
		{"what it matches", Fault{Match: of(func(m *Match) { m.Matches = regexp.MustCompile("^[13-5]") })}, "0>1:2 0>0:a 0>0:b 0>1:6", 4},
		{"what it contains", Fault{Match: of(func(m *Match) { m.Contains = []byte("3") })}, "0>1:1 0>1:2 0>0:a 0>1:4 0>0:b 0>1:5 0>1:6", 1},
		{"duplicate", Fault{Act: Duplicate, Match: from0, Nth: []int{6}}, untouched + " 0>1:6", 1},
		{"delay", Fault{Act: Delay, By: 30 * ms, Match: from0, Nth: []int{1}}, "0>1:2 0>0:a 0>1:3 0>1:4 0>0:b 0>1:5 0>1:6 30>1:1", 1},
		{"reorder", Fault{Act: Reorder, Match: from0, Nth: []int{1}}, "0>1:2 0>1:1 0>0:a 0>1:3 0>1:4 0>0:b 0>1:5 0>1:6", 1},
		{"reorder behind three", Fault{Act: Reorder, Behind: 3, Match: from0, Nth: []int{1}}, "0>1:2 0>0:a 0>1:3 0>1:4 0>1:1 0>0:b 0>1:5 0>1:6", 1},
		{"reorder each", Fault{Act: Reorder, Match: from0}, "0>1:1 0>0:a 0>1:2 0>1:3 0>0:b 0>1:4 0>1:5", 6},
		{"reorder with nothing behind", Fault{Act: Reorder, Match: from0, Nth: []int{6}}, "0>1:1 0>1:2 0>0:a 0>1:3 0>1:4 0>0:b 0>1:5", 1},
		{"corrupt", Fault{Act: Corrupt, Byte: -1, Match: from0, Nth: []int{1}}, "0>1:\xce" + untouched[len("0>1:1"):], 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(2, none, c.fault)
			for _, f := range []string{"1", "2", "a", "3", "4", "b", "5", "6"} {
				if f < "a" {
					b.in(0, udpFrame(1, 0, f))
				} else {
					b.in(1, udpFrame(0, 1, f))
				}
			}
			if got := b.rest(); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
			if n, _ := b.rules[0].state(); n != c.hits {
				t.Errorf("the fault has acted %d times, not %d", n, c.hits)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	kind := func(k TCPMatch) Match { return of(func(m *Match) { m.Protocol, m.TCP = TCP, k }) }
	carrying := func(first, last int64) Match { return of(func(m *Match) { m.First, m.Last = first, last }) }
	frames := map[string][]byte{
		"syn":     tcpFrame(1, 0, 100, flagSYN, ""),
		"synack":  tcpFrame(0, 1, 200, flagSYN|flagACK, ""),
		"ack":     tcpFrame(1, 0, 101, flagACK, ""),
		"data":    tcpFrame(1, 0, 101, flagACK, "12345"),
		"more":    tcpFrame(1, 0, 106, flagACK, "678"),
		"fin":     tcpFrame(1, 0, 109, flagACK|flagFIN, ""),
		"rst":     tcpFrame(0, 1, 201, flagRST, ""),
		"udp":     udpFrame(1, 0, "x"),
		"request": ether(255, 0, etherARP, arp(1)),
		"reply":   ether(0, 1, etherARP, arp(2)),
		"echo":    ether(1, 0, etherIPv4, ip4(1, 0, protoICMP, 0, nil, []byte{8, 0, 0, 0, 0, 0, 0, 0})),
		"igmp":    ether(1, 0, etherIPv4, ip4(1, 0, protoIGMP, 0, nil, []byte{0x16, 0, 0, 0, 0, 0, 0, 0})),
		"later":   ether(1, 0, etherIPv4, ip4(1, 0, protoTCP, 1, nil, []byte("a later fragment is long enough"))),
	}
	order := strings.Fields("syn synack ack data more fin rst udp request reply echo igmp later")
	for _, c := range []struct {
		name  string
		match Match
		want  string
	}{
		{"any", all, strings.Join(order, " ")},
		{"TCP", kind(AnySegment), "syn synack ack data more fin rst later"},
		{"SYN", kind(SYN), "syn"},
		{"SYN+ACK", kind(SYNACK), "synack"},
		{"FIN", kind(FIN), "fin"},
		{"RST", kind(RST), "rst"},
		{"ACK", kind(Ack), "ack"},
		{"data", kind(Data), "data more"},
		{"UDP", of(func(m *Match) { m.Protocol = UDP }), "udp"},
		{"a port", of(func(m *Match) { m.Port = 5000 }), "udp"},
		{"a port of TCP", of(func(m *Match) { m.Port = 1001 }), "syn synack ack data more fin rst"},
		{"a port of the other protocol", of(func(m *Match) { m.Protocol, m.Port = TCP, 5000 }), ""},
		{"ARP", of(func(m *Match) { m.Protocol = ARP }), "request reply"},
		{"an ARP request", of(func(m *Match) { m.Protocol, m.ARP = ARP, ARPRequest }), "request"},
		{"an ARP reply", of(func(m *Match) { m.Protocol, m.ARP = ARP, ARPReply }), "reply"},
		{"ICMP", of(func(m *Match) { m.Protocol = ICMP }), "echo"},
		{"ICMP echo", of(func(m *Match) { m.Protocol, m.ICMP = ICMP, 8 }), "echo"},
		{"ICMP of type 0", of(func(m *Match) { m.Protocol, m.ICMP = ICMP, 0 }), ""},
		{"IGMP", of(func(m *Match) { m.Protocol = IGMP }), "igmp"},
		{"the first byte", carrying(1, 1), "data"},
		{"some bytes", carrying(5, 6), "data more"},
		{"from a byte on", carrying(6, 0), "more"},
		{"bytes that did not come", carrying(9, 20), ""},
		{"from the second end", of(func(m *Match) { m.From = 1 }), "synack rst reply"},
		{"to the second end", of(func(m *Match) { m.To = 1 }), "syn ack data more fin udp request echo igmp later"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(2, none, Fault{Name: "it", Match: c.match})
			var got []string
			for _, name := range order {
				f := frames[name]
				if b.in(int(f[11]), f).Fault == "it" {
					got = append(got, name)
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}

// Every rule counts, the first whose turn has come acts.
func TestFirstRuleActs(t *testing.T) {
	b := newBench(2, none,
		Fault{Name: "drop", Match: all, Nth: []int{2}},
		Fault{Name: "double", Act: Duplicate, Match: all, Nth: []int{2, 3}})
	var names []string
	for _, f := range []string{"1", "2", "3"} {
		names = append(names, b.in(0, udpFrame(1, 0, f)).Fault)
	}
	if got := b.rest(); got != "0>1:1 0>1:3 0>1:3" || !slices.Equal(names, []string{"", "drop", "double"}) {
		t.Error(got, names)
	}
}

func TestArmCountsFromThere(t *testing.T) {
	b := newBench(2, none, Fault{Act: Reorder, Match: all, Nth: []int{2}})
	send := func(data string) { b.in(0, udpFrame(1, 0, data)) }
	send("1")
	b.arm(b.now, b.rules[0], true)
	send("2")
	send("3") // is held
	b.arm(b.now, b.rules[0], false)
	send("4")
	send("5")
	b.arm(b.now, b.rules[0], true)
	send("6")
	send("7")
	send("8")
	if got := b.rest(); got != "0>1:1 0>1:2 0>1:3 0>1:4 0>1:5 0>1:6 0>1:8 0>1:7" || b.queue.bytes != 0 {
		t.Error(got, b.queue.bytes)
	}
}

func TestHits(t *testing.T) {
	b := newBench(2, none, Fault{Match: all, Nth: []int{1, 2}})
	n, more := b.rules[0].state()
	select {
	case <-more:
		t.Error("it has acted before a frame came")
	default:
	}
	b.in(0, udpFrame(1, 0, "1"))
	<-more
	b.in(0, udpFrame(1, 0, "2"))
	if after, _ := b.rules[0].state(); n != 0 || after != 2 {
		t.Error(n, after)
	}
}
