package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

func TestBulkWithoutLoss(t *testing.T) {
	t.Parallel()
	hosts, w, _ := cable(t, 2, Impairment{})
	client, server := connect(t, hosts)
	transfer(t, client, server, 20<<20)
	if err := w.Err(); err != nil {
		t.Error(err)
	}
	// A slow machine makes TCP send segments again that were not lost: so
	// count.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		one, other := hosts[0].packets(), hosts[1].packets()
		if one.sent == other.received && other.sent == one.received {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d packets %d came, of %d the other way %d", one.sent, other.received, other.sent, one.received)
		}
	}
}

func TestLostSYN(t *testing.T) {
	t.Parallel()
	m := first(TCP)
	m.TCP = SYN
	hosts, _, l := cable(t, 2, Impairment{}, Fault{Name: "syn", Match: m, Nth: []int{1}})
	client, _ := connect(t, hosts)
	if n := retransmitted(t, client); n == 0 {
		t.Error("nothing was sent again")
	}
	if n := hitsOf(t, l, "syn"); n != 1 {
		t.Errorf("the fault has acted %d times", n)
	}
}

func TestLostSegment(t *testing.T) {
	t.Parallel()
	m := first(TCP)
	m.TCP = Data
	hosts, _, l := cable(t, 2, Impairment{}, Fault{Name: "third", Match: m, Nth: []int{3}})
	client, server := connect(t, hosts)
	transfer(t, client, server, 14480)
	transfer(t, server, client, 16) // the acknowledgement of all has come with it
	if n := retransmitted(t, client); n == 0 {
		t.Error("nothing was sent again")
	}
	if n := hitsOf(t, l, "third"); n != 1 {
		t.Errorf("the fault has acted %d times", n)
	}
}

func TestCorruptSegmentIsSentAgain(t *testing.T) {
	t.Parallel()
	m := first(TCP)
	m.TCP = Data
	hosts, _, _ := cable(t, 2, Impairment{}, Fault{Name: "bad", Act: Corrupt, Match: m, Nth: []int{2}, Byte: -1})
	client, server := connect(t, hosts)
	transfer(t, client, server, 14480)
	transfer(t, server, client, 16)
	if n := retransmitted(t, client); n == 0 {
		t.Error("nothing was sent again")
	}
}

// A wire that had to drop frames says so.
func TestLossOfItsOwn(t *testing.T) {
	t.Parallel()
	middle := newSpace(t)
	w, err := New(middle.do, nil) // reads nothing: it is not started
	if err != nil {
		t.Fatal(err)
	}
	middle.ip("link add one type veth peer name other", "link set one up", "link set other up", "link show one", "link show other")
	frame := ether(1, 0, 0x88b5, make([]byte, 1500))
	middle.inject("one", slices.Repeat([][]byte{frame}, 2*wantBuffer/len(frame)+1)...)
	select {
	case <-w.Failed():
		t.Error("it has failed before it was asked")
	default:
	}
	if err := w.Err(); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("the error is %v", err)
	}
	<-w.Failed()
	if err := w.Close(); err == nil {
		t.Error("it was closed without an error")
	}
}

// A frame to an end that cannot take it is lost as on a cable; the wire goes
// on.
func TestEndThatTakesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, at, change string }{
		{"interface down", "host", "link set eth0 down"},
		{"far end down", "middle", "link set far2 down"},
		{"smaller MTU", "host", "link set eth0 mtu 600"},
		{"interface gone", "host", "link delete eth0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hosts, w, _ := cable(t, 3, none)
			if c.at == "host" {
				hosts[1].ip(c.change)
			} else {
				hosts[3].ip(c.change)
			}
			big := ether(255, 1, 0x88b5, make([]byte, 1500))
			hosts[0].inject("eth0", big, big)
			for deadline := time.Now().Add(10 * time.Second); hosts[2].packets().received < 2; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the frames did not reach the third end")
				}
			}
			if err := w.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The kernel's queue before the wire drops frames without telling the socket.
// Here an interface drops them because nobody takes them.
func TestLossBefore(t *testing.T) {
	t.Parallel()
	middle := newSpace(t)
	middle.ip("link add one type veth peer name other", "link set one up", "link set other up", "link show one", "link show other")
	s := &socket{within: middle.do, away: make(map[int]bool)}
	var err error
	other := 0
	middle.do(func() {
		if s.before, err = droppedHere(); err == nil {
			other, err = indexOf("other")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	f := ether(1, 0, 0x88b5, make([]byte, 100))
	for _, away := range []bool{true, false} { // what an end drops that is away nobody has lost
		if err := s.setAway(other, away); err != nil {
			t.Fatal(err)
		}
		if err := s.lostBefore(); err != nil {
			t.Error(err)
		}
		if away {
			middle.inject("one", f, f)
		}
	}
	middle.inject("one", f, f, f)
	if err := s.lostBefore(); err == nil || !strings.Contains(err.Error(), "lost 3 frames") {
		t.Errorf("the error is %v", err)
	}
}

// Frames leave the wire as they entered it, byte for byte, with their VLAN tag.
func TestFramesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	// With an observer the kernel writes more beside a frame.
	for _, tap := range []func(Passage){nil, func(Passage) {}} {
		framesStay(t, tap)
	}
}

func framesStay(t *testing.T, tap func(Passage)) {
	hosts, _, _ := observed(t, 2, tap, nil)
	var fd int
	var err error
	hosts[1].do(func() {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		t.Fatal(err)
	}
	inner := ip4(2, 1, protoUDP, 0, nil, udp(7, 8, "x"))
	for _, c := range []struct {
		name  string
		frame []byte
		vlan  bool
	}{
		{"IPv4", ether(2, 1, etherIPv4, inner), false},
		{"short", ether(2, 1, 0x88b5, []byte("short")), false},
		{"as large as it may be", ether(2, 1, 0x88b5, bytes.Repeat([]byte("x"), 1500)), false},
		{"VLAN", ether(2, 1, etherVLAN, append([]byte{0x20, 5, 8, 0}, inner...)), true},
		{"another protocol in a VLAN", ether(2, 1, etherVLAN, append([]byte{0, 6, 0x88, 0xb5}, "data"...)), true},
	} {
		hosts[0].inject("eth0", c.frame)
		got, control := make([]byte, 2000), make([]byte, 100)
		n, controlled, _, _, err := unix.Recvmsg(fd, got, control, 0)
		if err != nil {
			t.Fatal(c.name, err)
		}
		got = got[:n]
		var f received
		if vlan := f.beside(control[:controlled]); vlan != nil {
			got = slices.Insert(got, 12, vlan...)
		}
		if !bytes.Equal(got, c.frame) {
			t.Errorf("%s: %x left as %x", c.name, c.frame, got)
		}
	}
}

// Several hosts on a link are as on a switch.
func TestThreeHosts(t *testing.T) {
	t.Parallel()
	hosts, _, _ := cable(t, 3, none)
	client, server := connect(t, hosts)
	transfer(t, client, server, 1<<20)
	if n := hosts[2].packets().received; n > 10 {
		t.Errorf("the third host has got %d packets of the others", n)
	}
}

func TestCutAndWhole(t *testing.T) {
	t.Parallel()
	hosts, _, l := cable(t, 2, none)
	client, server := connect(t, hosts)
	transfer(t, client, server, 16)
	l.Cut(true)
	n, more, err := l.Hits("cut")
	if n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := client.Write([]byte("0123456789abcdef")); err != nil {
		t.Fatal(err)
	}
	<-more
	l.Cut(false)
	got := make([]byte, 16)
	if _, err := io.ReadFull(server, got); err != nil || string(got) != "0123456789abcdef" {
		t.Errorf("%q, %v", got, err)
	}
}

// A change of a link is about frames that are sent after it, and not about
// those that the wire has not read yet.
func TestChangesComeAfterWhatWasSent(t *testing.T) {
	t.Parallel()
	hosts, _, l := cable(t, 2, none)
	f := ether(1, 0, 0x88b5, make([]byte, 100))
	for i := range ci.Runs(40, 300) {
		hosts[0].inject("eth0", f)
		l.Cut(true)
		hosts[0].inject("eth0", f)
		l.Cut(false)
		if n := hitsOf(t, l, "cut"); n != i+1 {
			t.Fatalf("after %d of these frames the cut has swallowed %d", i+1, n)
		}
	}
}

func TestDelayOnAWire(t *testing.T) {
	t.Parallel()
	hosts, _, l := cable(t, 2, Impairment{Delay: 30 * ms})
	client, server := connect(t, hosts)
	begin := time.Now()
	transfer(t, client, server, 16)
	transfer(t, server, client, 16)
	if took := time.Since(begin); took < 60*ms {
		t.Errorf("there and back took %v", took)
	}
	l.Impair(func(end int, i *Impairment) {
		if want := (Impairment{Delay: 30 * ms}); *i != want {
			t.Errorf("end %d has %+v", end, *i)
		}
		*i = Impairment{}
	})
	transfer(t, client, server, 1<<20)
}

// The observer gets every frame with its time and what was done to it.
func TestTap(t *testing.T) {
	t.Parallel()
	m := first(UDP)
	var seen []string
	done := make(chan struct{})
	tap := func(p Passage) {
		h := parse(p.Frame)
		if age := time.Since(p.Time); age < 0 || age > time.Minute {
			t.Errorf("a frame of %v", p.Time)
		}
		seen = append(seen, fmt.Sprintf("%s.%d %s %v", p.Link, p.End, h.payload, p.Fate))
		if len(seen) == 2 {
			close(done)
		}
	}
	hosts, _, _ := observed(t, 2, tap, nil, Fault{Name: "second", Act: Duplicate, Match: m, Nth: []int{2}})
	hosts[0].inject("eth0", udpFrame(2, 1, "one"), udpFrame(2, 1, "two"))
	<-done
	if got := strings.Join(seen, ", "); got != "lan.0 one {0  0}, lan.0 two {0 second 1}" {
		t.Error(got)
	}
}

func TestUnknownFault(t *testing.T) {
	_, _, l := cable(t, 2, none)
	_, _, err := l.Hits("lost")
	if !errors.Is(err, ErrNoFault) || !errors.Is(l.Arm("lost", true), ErrNoFault) || !strings.Contains(err.Error(), "lan.lost") {
		t.Error(err)
	}
}
