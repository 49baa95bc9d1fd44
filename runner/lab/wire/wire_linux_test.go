package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

// A space is a network namespace with a thread of its own.
type space struct {
	t     testing.TB
	tid   int
	calls chan func()
}

// newSpace makes a network namespace, or skips the test where none can be made.
func newSpace(t testing.TB) *space {
	t.Helper()
	s := &space{t: t, calls: make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		s.tid = unix.Gettid()
		made <- err
		for f := range s.calls {
			f()
		}
	}()
	t.Cleanup(func() { close(s.calls) })
	if err := <-made; err != nil {
		ci.Lacks(t, fmt.Errorf("a network namespace: %w", err))
	}
	// Interfaces send nothing by themselves. A kernel without IPv6 has no such
	// file.
	s.do(func() { _ = os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0) })
	return s
}

// do calls f on the thread of the namespace.
func (s *space) do(f func()) {
	done := make(chan struct{})
	s.calls <- func() { defer close(done); f() }
	<-done
}

// ip runs ip(8) in the namespace, once for each line.
func (s *space) ip(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		var out []byte
		var err error
		s.do(func() { out, err = exec.Command("ip", strings.Fields(line)...).CombinedOutput() })
		if err != nil {
			s.t.Fatalf("ip %s: %v: %s", line, err, out)
		}
	}
}

// offloadsOff makes an interface send segments as they cross a cable, with
// their checksums (SIOCETHTOOL).
func (s *space) offloadsOff(name string) {
	const setTSO, setGSO, setTxChecksum = 0x1f, 0x24, 0x17
	s.do(func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			s.t.Error(err)
			return
		}
		defer unix.Close(fd)
		for _, command := range []uint32{setTSO, setGSO, setTxChecksum} {
			value := [2]uint32{command, 0}
			var request struct {
				name [unix.IFNAMSIZ]byte
				data unsafe.Pointer
				_    [16]byte
			}
			copy(request.name[:], name)
			request.data = unsafe.Pointer(&value)
			if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
				s.t.Error("ethtool", errno)
			}
		}
	})
}

// cable makes hosts 10.0.0.1, 10.0.0.2 and so on, and a wire with one link
// between them. The last space is that of the wire, with interfaces far1, far2
// and so on.
func cable(t testing.TB, n int, i Impairment, faults ...Fault) ([]*space, *Wire, *Link) {
	t.Helper()
	return observed(t, n, nil, alike(n, i), faults...)
}

// observed is a cable with an observer.
func observed(t testing.TB, n int, tap func(Passage), i []Impairment, faults ...Fault) ([]*space, *Wire, *Link) {
	t.Helper()
	ci.Program(t, "ip")
	middle := newSpace(t)
	var hosts []*space
	var ends []int
	for i := 1; i <= n; i++ {
		h, far := newSpace(t), fmt.Sprintf("far%d", i)
		middle.ip(fmt.Sprintf("link add %s type veth peer name eth0 address 02:00:00:00:00:%02x netns %d", far, i, h.tid))
		h.offloadsOff("eth0")
		h.ip("link set lo up", fmt.Sprintf("address add 10.0.0.%d/24 dev eth0", i), "link set eth0 up")
		middle.ip("link set "+far+" up", "link show "+far) // the question makes the kernel let frames pass at once
		h.ip("link show eth0")
		middle.do(func() {
			far, err := net.InterfaceByName(far)
			if err != nil {
				t.Error(err)
				return
			}
			ends = append(ends, far.Index)
		})
		hosts = append(hosts, h)
	}
	w, err := New(middle.do, tap)
	if err != nil {
		t.Fatal(err)
	}
	l := w.AddLink("lan", ends, i, faults)
	w.Start()
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return append(hosts, middle), w, l
}

// first is a match of all frames from the first end.
func first(p Protocol) Match { return Match{From: 0, To: -1, Protocol: p, ICMP: -1} }

// connect makes a TCP connection from the first host to the second.
func connect(t testing.TB, hosts []*space) (client, server *net.TCPConn) {
	t.Helper()
	var l net.Listener
	var err error
	hosts[1].do(func() { l, err = net.Listen("tcp", "10.0.0.2:8080") })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var c net.Conn
	hosts[0].do(func() { c, err = net.Dial("tcp", "10.0.0.2:8080") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// retransmitted is how many segments a connection has sent again.
func retransmitted(t testing.TB, c *net.TCPConn) (n uint32) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Error(err)
			return
		}
		n = info.Total_retrans
	})
	return n
}

// inject sends frames from an interface.
func (s *space) inject(name string, frames ...[]byte) {
	s.do(func() {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			s.t.Error(err)
			return
		}
		defer unix.Close(fd)
		from, err := net.InterfaceByName(name)
		if err != nil {
			s.t.Error(err)
			return
		}
		for _, f := range frames {
			if err := unix.Sendto(fd, f, 0, &unix.SockaddrLinklayer{Ifindex: from.Index}); err != nil {
				s.t.Error(err)
			}
		}
	})
}

func indexOf(name string) (int, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	return i.Index, nil
}

// packets are what eth0 has sent and received.
func (s *space) packets() (n struct{ sent, received uint64 }) {
	s.do(func() {
		all, err := os.ReadFile("/proc/thread-self/net/dev")
		if err != nil {
			s.t.Error(err)
			return
		}
		for line := range strings.Lines(string(all)) {
			f := strings.Fields(line)
			if f[0] == "eth0:" {
				fmt.Sscan(f[2], &n.received)
				fmt.Sscan(f[10], &n.sent)
			}
		}
	})
	return n
}

func hitsOf(t testing.TB, l *Link, fault string) int {
	t.Helper()
	n, _, err := l.Hits(fault)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// transfer sends bytes over a connection and reads them.
func transfer(t testing.TB, from, to *net.TCPConn, size int) {
	t.Helper()
	data := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	sent := make(chan error, 1)
	go func() {
		_, err := from.Write(data)
		sent <- err
	}()
	got := make([]byte, len(data))
	if _, err := io.ReadFull(to, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Error("other bytes came than were sent")
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestBulkWithoutLoss(t *testing.T) {
	t.Parallel()
	hosts, w, _ := cable(t, 2, Impairment{})
	client, server := connect(t, hosts)
	transfer(t, client, server, 20<<20)
	if err := w.Err(); err != nil {
		t.Error(err)
	}
	// A slow machine makes TCP send segments again that were not lost: so count.
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

func BenchmarkRoundTrip(b *testing.B) {
	hosts, _, _ := cable(b, 2, none)
	client, server := connect(b, hosts)
	go io.Copy(server, server)
	one := make([]byte, 1)
	for b.Loop() {
		if _, err := client.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := client.Read(one); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThroughput(b *testing.B) {
	hosts, w, _ := cable(b, 2, none)
	client, server := connect(b, hosts)
	go io.Copy(io.Discard, server)
	data := make([]byte, 256<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := client.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Err(); err != nil {
		b.Error(err)
	}
}

// BenchmarkLo is what the two others are to be compared with.
func BenchmarkLo(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	go io.Copy(server, server)
	one := make([]byte, 1)
	for b.Loop() {
		if _, err := client.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := client.Read(one); err != nil {
			b.Fatal(err)
		}
	}
}
