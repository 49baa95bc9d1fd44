package wire

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A bench is a path with a clock that stands still between its steps. It writes
// down what comes out: the time in milliseconds, the end, the payload.
type bench struct {
	*path
	now  time.Duration
	out  []string
	full bool
}

// newBench is one whose ends are all impaired in the same way.
func newBench(ends int, i Impairment, faults ...Fault) *bench {
	return benchOf(ends, alike(ends, i), faults...)
}

// alike are the same impairments for all ends.
func alike(ends int, i Impairment) []Impairment { return slices.Repeat([]Impairment{i}, ends) }

func benchOf(ends int, impairments []Impairment, faults ...Fault) *bench {
	b := &bench{path: newPath(ends, impairments, faults, &queue{})}
	b.emit = func(to []int, frame []byte) {
		for _, end := range to {
			h := parse(frame)
			b.out = append(b.out, fmt.Sprintf("%d>%d:%s", b.now.Milliseconds(), end, h.payload))
		}
	}
	b.overflow = func() { b.full = true }
	return b
}

// until lets time pass, and frames leave when they are due.
func (b *bench) until(at time.Duration) {
	for {
		due, ok := b.queue.next()
		if !ok || due > at {
			break
		}
		b.now = due
		b.queue.send(due)
	}
	b.now = at
}

func (b *bench) in(from int, frame []byte) Fate { return b.enter(b.now, from, frame) }

// rest lets all frames leave, and returns what came out.
func (b *bench) rest() string {
	b.until(time.Hour)
	return strings.Join(b.out, " ")
}

const ms = time.Millisecond

var (
	none = Impairment{}
	all  = Match{From: -1, To: -1, ICMP: -1}
)

// of is a match that names what the function sets.
func of(set func(*Match)) Match {
	m := all
	set(&m)
	return m
}

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

func TestImpairments(t *testing.T) {
	frame := func(data string) []byte { return udpFrame(1, 0, data) }
	// 1,000 bits are 125 bytes: a frame of 14 + 20 + 8 + 83.
	long := strings.Repeat("x", 82)
	for _, c := range []struct {
		name string
		i    []Impairment
		want string
	}{
		{"none", alike(2, none), "0>1:a" + long + " 0>1:b" + long + " 5>1:c"},
		{"delay", alike(2, Impairment{Delay: 20 * ms}), "20>1:a" + long + " 20>1:b" + long + " 25>1:c"},
		{"delay of the other end's frames", []Impairment{{}, {Delay: 20 * ms}}, "0>1:a" + long + " 0>1:b" + long + " 5>1:c"},
		{"a delay of each end, and a rate of this one", []Impairment{{Delay: 7 * ms, Rate: 1e5}, {Delay: 20 * ms, MTU: 100}}, "17>1:a" + long + " 27>1:b" + long + " 30>1:c"},
		{"rate", alike(2, Impairment{Rate: 1e6}), "1>1:a" + long + " 2>1:b" + long + " 5>1:c"},
		{"a rate that is not enough", alike(2, Impairment{Rate: 1e5}), "10>1:a" + long + " 20>1:b" + long + " 23>1:c"},
		{"rate and delay", alike(2, Impairment{Rate: 1e5, Delay: 7 * ms}), "17>1:a" + long + " 27>1:b" + long + " 30>1:c"},
		{"MTU", alike(2, Impairment{MTU: 100}), "5>1:c"},
		{"MTU of just that size", alike(2, Impairment{MTU: 111}), "0>1:a" + long + " 0>1:b" + long + " 5>1:c"},
		{"all are lost", alike(2, Impairment{Loss: 1}), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := benchOf(2, c.i)
			b.in(0, frame("a"+long))
			b.in(0, frame("b"+long))
			b.until(5 * ms)
			b.in(0, frame("c"))
			if got := b.rest(); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}

// A seed fixes which of a direction's frames are lost, whatever the other
// direction does.
func TestLossBySeed(t *testing.T) {
	lost := func(seed uint64, crossing bool) (numbers []int) {
		b := newBench(2, Impairment{Loss: 0.2, LossSeed: seed})
		for n := range 200 {
			if b.in(0, udpFrame(1, 0, "x")).Kind == Lost {
				numbers = append(numbers, n)
			}
			if crossing {
				b.in(1, udpFrame(0, 1, "x"))
			}
		}
		return numbers
	}
	one := lost(7, false)
	if len(one) < 20 || len(one) > 60 {
		t.Errorf("of 200 frames %d were lost, not about 40", len(one))
	}
	if again := lost(7, true); !slices.Equal(one, again) {
		t.Errorf("the same seed lost %v and %v", one, again)
	}
	if other := lost(8, false); slices.Equal(one, other) {
		t.Error("another seed lost the same frames")
	}
}

// Jitter spreads the frames, by its seed, and keeps their order.
func TestJitterKeepsOrder(t *testing.T) {
	run := func(seed uint64) string {
		b := newBench(2, Impairment{Delay: 20 * ms, Jitter: 10 * ms, JitterSeed: seed})
		for n := range 50 {
			b.until(time.Duration(n) * ms)
			b.in(0, udpFrame(1, 0, fmt.Sprintf("%02d", n)))
		}
		return b.rest()
	}
	got := run(1)
	apart := map[int]bool{}
	for n, text := range strings.Fields(got) {
		var at, number int
		fmt.Sscanf(text, "%d>1:%d", &at, &number)
		if number != n {
			t.Fatalf("frame %d came as number %d", number, n)
		}
		if at < n+20 || at > n+30 {
			t.Errorf("frame %d took %d ms", n, at-n)
		}
		apart[at-n] = true
	}
	if len(apart) < 4 {
		t.Errorf("all took about the same time: %v", apart)
	}
	if run(1) != got || run(2) == got {
		t.Error("the seed does not decide")
	}
}

// A change of the impairment holds for the frames that come after it. They do
// not overtake those that came before.
func TestImpairedLater(t *testing.T) {
	b := newBench(2, none)
	b.in(0, udpFrame(1, 0, "1"))
	b.impair(func(end int, i *Impairment) {
		if end == 0 {
			i.Delay = 10 * ms
		}
	})
	b.in(0, udpFrame(1, 0, "2"))
	b.impair(func(_ int, i *Impairment) { *i = none })
	b.in(0, udpFrame(1, 0, "3"))
	b.in(1, udpFrame(0, 1, "4"))
	b.until(20 * ms)
	b.in(0, udpFrame(1, 0, "5"))
	if got := b.rest(); got != "0>1:1 0>0:4 10>1:2 10>1:3 20>1:5" {
		t.Error(got)
	}
}

func TestCut(t *testing.T) {
	b := newBench(2, Impairment{Delay: 10 * ms}, Fault{Name: "fourth", Match: all, Nth: []int{4}},
		Fault{Name: "held", Act: Reorder, Match: all, Nth: []int{2}})
	send := func(data string) FateKind { return b.in(0, udpFrame(1, 0, data)).Kind }
	send("1")
	send("2") // is held
	b.cut(true)
	if kind := send("3"); kind != InCut {
		t.Error(kind)
	}
	b.cut(false)
	send("4") // is dropped: rules count in a cut too
	send("5")
	n, _ := b.cuts.state()
	if got := b.rest(); got != "10>1:5" || n != 3 || b.queue.bytes != 0 {
		t.Errorf("%s; the cut took %d frames; %d bytes are held", got, n, b.queue.bytes)
	}
}

// More than two ends are joined as by a bridge.
func TestManyEnds(t *testing.T) {
	b := newBench(3, none,
		Fault{Name: "one copy", Match: of(func(m *Match) { m.To, m.Contains = 2, []byte("copy") })},
		Fault{Name: "two", Act: Duplicate, Match: of(func(m *Match) { m.To, m.Contains = 1, []byte("both") })},
		Fault{Name: "rest", Act: Delay, By: 5 * ms, Match: of(func(m *Match) { m.Contains = []byte("both") })})
	for _, f := range []struct {
		to, from byte
		data     string
	}{
		{1, 0, "unknown"},
		{0, 2, "known"},
		{1, 0, "still"},
		{255, 1, "all"},
		{2, 0, "known"},
		{0, 0, "own"},
		{255, 0, "copy"},
		{255, 0, "both"},
	} {
		b.in(int(f.from), udpFrame(f.to, f.from, f.data))
	}
	want := "0>1:unknown 0>2:unknown 0>0:known 0>1:still 0>2:still 0>0:all 0>2:all 0>2:known 0>1:copy 0>1:both 0>1:both 5>2:both"
	if got := b.rest(); got != want {
		t.Errorf("%s, not\n%s", got, want)
	}
}

func TestBoundOfHeldFrames(t *testing.T) {
	big := make([]byte, 1<<16)
	b := newBench(2, Impairment{Delay: time.Second})
	for range MaxHeld / len(big) {
		b.in(0, big)
	}
	if b.full {
		t.Fatal("the queue is full too early")
	}
	b.in(0, big)
	if !b.full || b.queue.bytes != MaxHeld {
		t.Error(b.full, b.queue.bytes)
	}
	if b.until(2 * time.Second); len(b.out) != MaxHeld/len(big) || b.queue.bytes != 0 {
		t.Error(len(b.out), b.queue.bytes)
	}
}

func BenchmarkEnter(b *testing.B) {
	frame := tcpFrame(1, 0, 100, flagACK, strings.Repeat("x", 1448))
	for _, c := range []struct {
		name   string
		faults []Fault
	}{
		{"no rule", nil},
		{"rules", []Fault{
			{Match: of(func(m *Match) { m.Protocol, m.TCP = TCP, Data }), Nth: []int{1 << 30}},
			{Match: of(func(m *Match) { m.First, m.Last = 1, 2 })},
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := newPath(2, nil, c.faults, &queue{})
			p.emit = func([]int, []byte) {}
			b.ReportAllocs()
			for b.Loop() {
				p.enter(0, 0, frame)
			}
		})
	}
}
