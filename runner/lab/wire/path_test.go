package wire

import (
	"fmt"
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
