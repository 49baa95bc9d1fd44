package lab

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

func cable(t testing.TB, n *Network, local, remote string) *Cable {
	t.Helper()
	c, err := n.Cable(CablePlan{Local: netip.MustParseAddr(local), Remote: netip.MustParseAddr(remote)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Whatever a host at the other end of a cable receives was sent to it, at once
// and with its own address.
func TestCable(t *testing.T) {
	n := private(t, Settings{})
	for _, c := range []struct{ local, remote string }{
		{"192.168.0.1", "192.0.2.1"},
		{"192.168.0.1", "192.0.2.2"},
		{"fd00::1", "2001:db8::1"},
	} {
		cable := cable(t, n, c.local, c.remote)
		conn := dial(t, n, "udp", net.JoinHostPort(c.remote, "9"))
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		for {
			packet, at, err := cable.Receive(time.Now().Add(10 * time.Second))
			if err != nil {
				t.Fatal(err)
			}
			v6 := packet[0]>>4 == 6
			if v6 && packet[6] != unix.IPPROTO_UDP {
				continue // the kernel looks for routers
			}
			from, size := net.IP(packet[12:16]), 28
			if v6 {
				from, size = net.IP(packet[8:24]), 48
			}
			if age := time.Since(at); from.String() != c.local || string(packet[size:]) != "hello" || age < 0 || age > 10*time.Second {
				t.Errorf("%x from %v, %v ago", packet, from, age)
			}
			break
		}
		conn.Close()
	}
}

// The kernel takes what the other end sends: here an answer with swapped ends.
func TestCableAnswers(t *testing.T) {
	n := private(t, Settings{})
	c := cable(t, n, "192.168.0.1", "192.0.2.1")
	conn := dial(t, n, "udp", "192.0.2.1:9")
	if _, err := conn.Write([]byte("there and back")); err != nil {
		t.Fatal(err)
	}
	p, _, err := c.Receive(time.Now().Add(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	// The checksums stay right: sums do not depend on the order.
	for i := range 4 {
		p[12+i], p[16+i] = p[16+i], p[12+i]
	}
	p[20], p[21], p[22], p[23] = p[22], p[23], p[20], p[21]
	if err := c.Send(p); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if size, err := conn.Read(got); err != nil || string(got[:size]) != "there and back" {
		t.Errorf("%q, %v", got[:size], err)
	}
	if _, _, err := c.Receive(time.Now()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nothing more was sent, but: %v", err)
	}
	c.Close()
	if _, _, err := c.Receive(time.Time{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("it is closed, but: %v", err)
	}
}

// datagram is one to port 9 of 192.168.0.1, without data and UDP checksum.
var datagram = []byte{
	0x45, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x00, 0x40, 0x11, 0xf8, 0x26, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0xa8, 0x00, 0x01, 0x00, 0x09, 0x00, 0x09, 0x00, 0x08, 0x00, 0x00,
}

// A packet is not lost because an end has just come up.
func TestFirstPacketOfACable(t *testing.T) {
	t.Parallel()
	for range ci.Runs(5, 200) {
		n := private(t, Settings{})
		c := cable(t, n, "192.168.0.1", "192.0.2.1")
		var conn net.PacketConn
		var err error
		n.Within(func() { conn, err = net.ListenPacket("udp", "192.168.0.1:9") })
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(datagram); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, _, err := conn.ReadFrom(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		c.Close()
		n.Close()
	}
}

func TestCableOfTheHost(t *testing.T) {
	if _, err := Outside().Cable(CablePlan{}); !errors.Is(err, errOutside) {
		t.Error(err)
	}
}

func BenchmarkCable(b *testing.B) {
	private(b, Settings{})
	for b.Loop() {
		n := private(b, Settings{})
		cable(b, n, "192.168.0.1", "192.0.2.1")
		n.Close()
	}
}
