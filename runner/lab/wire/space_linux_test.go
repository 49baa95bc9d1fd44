package wire

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
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
