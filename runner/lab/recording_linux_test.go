package lab

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/lab/wire"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// recorded plays in a lab, and returns what crossed it: the UDP datagrams and
// the segments of TCP that have data, in their order.
func recorded(t *testing.T, p Plan, play func(*Lab)) (lines []string, all Recorded) {
	t.Helper()
	p.Record = NewRecording()
	l := build(t, p)
	p.Record.Start()
	play(l)
	got := p.Record.Stop()
	if got.Lost > 0 || got.Beyond > 0 {
		t.Errorf("%d were lost, %d came after the bound", got.Lost, got.Beyond)
	}
	last := time.Now().Add(-time.Minute)
	for _, f := range got.Frames {
		if f.Time.Before(last) || f.Time.After(time.Now()) {
			t.Errorf("a frame of %v after one of %v", f.Time, last)
		}
		last = f.Time
		if line := describe(t, f); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, got
}

// describe is a line for a frame of IPv4 with UDP; "" for any other one.
func describe(t *testing.T, f Frame) string {
	b := f.Bytes
	if len(b) < 42 || binary.BigEndian.Uint16(b[12:]) != etherIPv4 || b[23] != 17 {
		return ""
	}
	sum := uint32(17 + len(b) - 34)
	for at := 26; at < len(b); at += 2 {
		sum += uint32(b[at]) << 8
		if at+1 < len(b) {
			sum += uint32(b[at+1])
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	if sum != 0xffff {
		t.Errorf("the checksum of %q is wrong: %x", b[42:], sum)
	}
	way := "from"
	if f.Received {
		way = "to"
	}
	line := fmt.Sprintf("%s %s.%s %s", way, f.Host, f.Interface, b[42:])
	if f.Link != "" {
		line = f.Link + ": " + line
	}
	if f.Fate.Fault != "" {
		line += " (" + f.Fate.Fault + ")"
	}
	return line
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("recorded are\n\t%s\nnot\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// A frame is recorded once, whatever carries it: where it is sent.
func TestRecordingOfLinks(t *testing.T) {
	t.Parallel()
	talk := func(l *Lab) { exchange(t, host(t, l, "a"), host(t, l, "b"), "10.0.0.2:80") }
	segment := pair()
	segment.Hosts = append(segment.Hosts, hostPlan("c", "10.0.0.3/24"))
	segment.Links = []LinkPlan{eth0s("lan", "a", "b", "c")}
	wiredSegment := segment
	wiredSegment.Links = []LinkPlan{eth0s("lan", "a", "b", "c")}
	wiredSegment.Links[0].Wire = true
	for _, c := range []struct {
		name string
		plan Plan
	}{{"direct", pair()}, {"bridge", segment}, {"wire", wired()}, {"wire of three", wiredSegment}} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := recorded(t, c.plan, talk)
			expect(t, got, "lan: from a.eth0 question", "lan: from b.eth0 answer")
		})
	}
}

// A frame that a fault takes is recorded with the name of the fault.
func TestRecordingOfFaults(t *testing.T) {
	udp := wire.Match{From: 0, To: -1, Protocol: wire.UDP, ICMP: -1}
	p := wired(wire.Fault{Name: "second", Act: wire.Drop, Match: udp, Nth: []int{2}}, wire.Fault{Name: "late", Act: wire.Delay, By: time.Minute, Match: udp, Nth: []int{3}})
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 2}
	p.Hosts[1].Interfaces[0].MAC = mac
	got, _ := recorded(t, p, func(l *Lab) {
		a, b := host(t, l, "a"), host(t, l, "b")
		listen(t, b, "10.0.0.2:80")                                  // or the port is told to be unreachable
		must(t, a.SetNeighbor(netip.MustParseAddr("10.0.0.2"), mac)) // what waits for ARP can be overtaken
		c := dial(t, a, "udp", "10.0.0.2:80")
		for _, text := range []string{"one", "two", "three"} {
			if _, err := c.Write([]byte(text)); err != nil {
				t.Error(err)
			}
		}
	})
	expect(t, got, "lan: from a.eth0 one", "lan: from a.eth0 two (second)", "lan: from a.eth0 three (late)")
}

// A router passes a frame on: that is another frame.
func TestRecordingOfARouter(t *testing.T) {
	p := Plan{Hosts: []HostPlan{hostPlan("a", "10.0.0.1/24"), hostPlan("r", "10.0.0.9/24"), hostPlan("b", "10.0.1.2/24")}}
	p.Hosts[0].Routes = []Route{{To: netip.MustParsePrefix("10.0.1.0/24"), Via: netip.MustParseAddr("10.0.0.9")}}
	p.Hosts[1].Forward = true
	p.Hosts[1].Interfaces = append(p.Hosts[1].Interfaces, InterfacePlan{Name: "eth1", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.1.9/24")}})
	p.Hosts[2].Routes = []Route{{To: netip.MustParsePrefix("10.0.0.0/24"), Via: netip.MustParseAddr("10.0.1.9")}}
	p.Links = []LinkPlan{eth0s("lan", "a", "r"), {Name: "wan", Join: []End{{"r", "eth1"}, {"b", "eth0"}}, Wire: true}}
	got, _ := recorded(t, p, func(l *Lab) { exchange(t, host(t, l, "a"), host(t, l, "b"), "10.0.1.2:80") })
	expect(t, got, "lan: from a.eth0 question", "wan: from r.eth1 question", "wan: from b.eth0 answer", "lan: from r.eth0 answer")
}

// On lo a frame is recorded once, with the checksum that the kernel leaves out
// there.
func TestRecordingOfLo(t *testing.T) {
	n := private(t, Settings{})
	r := NewRecording()
	must(t, r.Record(n, "", nil))
	r.Start()
	exchange(t, n, n, "127.0.0.1:80")
	listen(t, n, "127.0.0.1:81")
	dial(t, n, "udp", "127.0.0.1:81").Write(nil)
	got := r.Stop()
	var lines []string
	for _, f := range got.Frames {
		lines = append(lines, describe(t, f))
	}
	expect(t, lines, "from .lo question", "from .lo answer", "from .lo ")
}

// All that was sent before the end is recorded, and nothing after it.
func TestRecordingEnds(t *testing.T) {
	t.Parallel()
	for range 20 {
		r := NewRecording()
		p := wired()
		p.Record = r
		l := build(t, p)
		listen(t, host(t, l, "b"), "10.0.0.2:80")
		must(t, host(t, l, "a").SetNeighbor(netip.MustParseAddr("10.0.0.2"), net.HardwareAddr{2, 0, 0, 0, 2, 1}))
		c := dial(t, host(t, l, "a"), "udp", "10.0.0.2:80")
		c.Write([]byte("before"))
		r.Start()
		const count = 100
		for range count {
			c.Write([]byte("while"))
		}
		got := r.Stop()
		c.Write([]byte("after"))
		n := 0
		for _, f := range got.Frames {
			if describe(t, f) == "lan: from a.eth0 while" {
				n++
			}
		}
		if n != count {
			t.Fatalf("recorded are %d of %d frames", n, count)
		}
		must(t, l.Close())
	}
}

// A recording has a bound. What comes after it is counted.
func TestRecordingBound(t *testing.T) {
	n := private(t, Settings{})
	r := NewRecording()
	r.most = 10 * (frameCost + 42 + 100)
	must(t, r.Record(n, "", nil))
	r.Start()
	listen(t, n, "127.0.0.1:80")
	c := dial(t, n, "udp", "127.0.0.1:80")
	for i := range 15 {
		size := 100
		if i == 12 {
			size = 1 // there would be room for it, but nothing comes after a gap
		}
		c.Write(make([]byte, size))
	}
	if got := r.Stop(); len(got.Frames) != 10 || got.Beyond != 5 || got.Lost != 0 {
		t.Errorf("%d frames, %d beyond, %d lost", len(got.Frames), got.Beyond, got.Lost)
	}
}

// A frame that the script plays comes to the interface of the cable.
func TestRecordingOfCables(t *testing.T) {
	n := private(t, Settings{})
	r := NewRecording()
	must(t, r.Record(n, "", nil))
	r.Start()
	cable, err := n.Cable(CablePlan{Local: netip.MustParseAddr("192.168.0.1"), Remote: netip.MustParseAddr("192.0.2.1")})
	must(t, err)
	defer cable.Close()
	dial(t, n, "udp", "192.0.2.1:80").Write([]byte("question"))
	packet, _, err := cable.Receive(time.Now().Add(5 * time.Second))
	must(t, err)
	// There and back: the addresses and the ports change their places.
	copy(packet[12:], append(slices.Clone(packet[16:20]), packet[12:16]...))
	copy(packet[20:], append(slices.Clone(packet[22:24]), packet[20:22]...))
	must(t, cable.Send(packet))
	var lines []string
	for _, f := range r.Stop().Frames {
		if line := describe(t, f); line != "" {
			lines = append(lines, line)
		}
	}
	expect(t, lines, "from .peer1 question", "to .peer1 question")
}

// A recording that ends as soon as a frame was sent has that frame, of each
// network, also where its listener has not come to read yet.
func TestRecordingThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	n := private(t, Settings{})
	to := listen(t, n, "127.0.0.1:9").LocalAddr().String()
	c := dial(t, n, "udp", to)
	for range ci.Rounds(10, 100) {
		r := NewRecording()
		for k := range 8 {
			if err := r.Record(n, fmt.Sprint(k), nil); err != nil {
				t.Fatal(err)
			}
		}
		r.Start()
		if _, err := c.Write([]byte("one")); err != nil {
			t.Fatal(err)
		}
		if got := r.Stop(); len(got.Frames) != 8 {
			t.Fatalf("%d listeners have got the frame, not 8", len(got.Frames))
		}
	}
}

// A recording has as much room for an ordinary user as for root, if it takes
// several listeners; net.core.rmem_max is the bound of each.
func TestRecordingHasRoom(t *testing.T) {
	r := NewRecording()
	must(t, r.Record(private(t, Settings{}), "", nil))
	defer r.Stop()
	if count := len(r.listeners); !wire.Roomy(r.listeners) && count < maxListeners {
		t.Errorf("the %d listeners of an ordinary user have little room", count)
	}
}
