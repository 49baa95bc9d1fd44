package wire

import (
	"net"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// A listener has more room than a wire: it cannot make those wait who send.
// Without the capability to force it, net.core.rmem_max is the bound of both.
func TestListenerHasRoom(t *testing.T) {
	s := newSpace(t)
	l, err := Listen(s.do, Which{}, func(Heard) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	size, err := unix.GetsockoptInt(l.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	forced := unix.SetsockoptInt(l.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, wantBuffer) == nil
	if err != nil || forced && size != 2*4*wantBuffer {
		t.Errorf("the kernel keeps %d bytes, %v", size, err)
	}
}

// Where the kernel keeps few frames for a listener, several share them: each
// frame is heard once, and none is lost that one of them has room for.
func TestListenersShare(t *testing.T) {
	const frames, size, room = 120, 1000, 64 << 10
	for _, c := range []struct {
		listeners int
		loses     bool
	}{{1, true}, {6, false}} {
		s := newSpace(t)
		s.ip("link set lo up")
		var mu sync.Mutex
		heard, goOn := 0, make(chan struct{})
		var list []*Listener
		for range c.listeners {
			l, err := Listen(s.do, Which{}, func(h Heard) {
				<-goOn // meanwhile the kernel keeps what comes
				mu.Lock()
				defer mu.Unlock()
				if len(h.Frame) == etherHeader+20+8+size {
					heard++
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.SetsockoptInt(l.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, room); err != nil {
				t.Fatal(err)
			}
			list = append(list, l)
		}
		if Roomy(list) {
			t.Error("listeners with little room are said to have enough")
		}
		if err := Share(list); err != nil {
			t.Fatal(err)
		}
		for i, l := range list {
			l.Start(i == 0)
		}
		s.do(func() { sendAway(t, frames, size) })
		close(goOn)
		lost := 0
		for _, l := range list {
			lost += l.Close()
		}
		if heard+lost != frames || lost > 0 != c.loses {
			t.Errorf("%d listeners have heard %d frames of %d, and lost %d", c.listeners, heard, frames, lost)
		}
	}
}

// sendAway sends datagrams over lo to a socket that takes none.
func sendAway(t *testing.T, count, size int) {
	inbox, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Error(err)
		return
	}
	defer inbox.Close()
	c, err := net.DialUDP("udp4", nil, inbox.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for range count {
		if _, err := c.Write(make([]byte, size)); err != nil {
			t.Error(err)
		}
	}
}
