package sock

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// connections makes the two ends of each kind of connected socket.
var connections = map[string]func(t *testing.T, g *Group, blocking bool) (a, b *Socket){
	"tcp": func(t *testing.T, g *Group, blocking bool) (a, b *Socket) { return tcpPair(t, g, blocking) },
	"tcp6": func(t *testing.T, g *Group, blocking bool) (a, b *Socket) {
		return pair(t, g, unix.SOCK_STREAM, loopback6, blocking)
	},
	"udp": func(t *testing.T, g *Group, blocking bool) (a, b *Socket) {
		a, b = bound(t, g, unix.SOCK_DGRAM, loopback4, blocking), bound(t, g, unix.SOCK_DGRAM, loopback4, blocking)
		must(t, a.Connect(Wait{}, b.Desc().Local()))
		must(t, b.Connect(Wait{}, a.Desc().Local()))
		return a, b
	},
	"unix": func(t *testing.T, g *Group, blocking bool) (a, b *Socket) {
		return pair(t, g, unix.SOCK_STREAM, unixPath(t), blocking)
	},
	"socketpair": func(t *testing.T, g *Group, blocking bool) (a, b *Socket) {
		a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, blocking)
		must(t, err)
		return a, b
	},
	"socketpair dgram": func(t *testing.T, g *Group, blocking bool) (a, b *Socket) {
		a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_DGRAM, 0, blocking)
		must(t, err)
		return a, b
	},
}

// ways are the pairs of calls that move the same bytes.
var ways = map[string]struct {
	send func(s *Socket, w Wait, p []byte) (int, error)
	recv func(s *Socket, w Wait, p []byte) (int, error)
}{
	"send recv": {
		func(s *Socket, w Wait, p []byte) (int, error) { return s.Send(w, p, 0, nil) },
		func(s *Socket, w Wait, p []byte) (int, error) {
			n, _, err := s.Recv(w, p, 0)
			return n, err
		},
	},
	"write read": {(*Socket).Write, (*Socket).Read},
	"writev readv": {
		func(s *Socket, w Wait, p []byte) (int, error) { return s.Writev(w, [][]byte{p[:2], nil, p[2:]}) },
		func(s *Socket, w Wait, p []byte) (int, error) { return s.Readv(w, [][]byte{p[:1], p[1:]}) },
	},
	"sendmsg recvmsg": {
		func(s *Socket, w Wait, p []byte) (int, error) {
			return s.Sendmsg(w, &Message{Buffers: [][]byte{p[:2], p[2:]}}, 0)
		},
		func(s *Socket, w Wait, p []byte) (int, error) {
			return s.Recvmsg(w, &Message{Buffers: [][]byte{p[:1], p[1:]}}, 0)
		},
	},
}

// eachMode runs a test on polled sockets, and where there are any on blocking
// ones.
func eachMode(t *testing.T, test func(t *testing.T, blocking bool)) {
	t.Run("polled", func(t *testing.T) { test(t, false) })
	if blockingSupported() == nil {
		t.Run("blocking", func(t *testing.T) { test(t, true) })
	}
}

func TestTransfer(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		for name, connect := range connections {
			t.Run(name, func(t *testing.T) {
				g, _ := newGroup(t)
				a, b := connect(t, g, blocking)
				for way, calls := range ways {
					testWay(t, way, a, b, calls.send, calls.recv)
				}
			})
		}
	})
}

func testWay(t *testing.T, way string, a, b *Socket, send, recv func(*Socket, Wait, []byte) (int, error)) {
	t.Helper()
	buf := make([]byte, 16)
	if _, err := recv(b, nowait, buf); !errors.Is(err, syscall.EAGAIN) {
		t.Fatalf("%s: receiving nothing gives %v, want EAGAIN", way, err)
	}
	tx, rx := a.Desc().TX.Load(), b.Desc().RX.Load()
	received := start(func() (int, error) { return recv(b, patient(), buf) })
	waitBlocked(t, 1)
	if n, err := send(a, patient(), []byte("hello")); n != 5 || err != nil {
		t.Fatalf("%s: sending gives %d, %v", way, n, err)
	}
	if r := await(t, received); r.err != nil || string(buf[:r.n]) != "hello" {
		t.Fatalf("%s: receiving gives %q, %v", way, buf[:r.n], r.err)
	}
	want := int64(1)
	if a.Type() == unix.SOCK_STREAM {
		want = 5
	}
	if sent, got := a.Desc().TX.Load()-tx, b.Desc().RX.Load()-rx; sent != want || got != want {
		t.Errorf("%s: TX grew by %d and RX by %d, want %d", way, sent, got, want)
	}
}

func TestEndOfFile(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		a, b := tcpPair(t, g, blocking)
		must(t, a.Shutdown(unix.SHUT_WR))
		wantRecv(t, b, "")
		send(t, b, "still open")
		wantRecv(t, a, "still open")
		must(t, b.Close())
		wantRecv(t, a, "")
	})
}

func TestPipeError(t *testing.T) {
	g, _ := newGroup(t)
	a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	must(t, err)
	must(t, b.Close())
	_, err = a.Send(Wait{}, []byte("x"), 0, nil)
	wantErrno(t, err, syscall.EPIPE)
	_, err = a.Write(Wait{}, []byte("x"))
	wantErrno(t, err, syscall.EPIPE)
}

func TestDatagramAddresses(t *testing.T) {
	tests := map[string]Addr{"udp": loopback4, "udp6": loopback6, "unix": unixPath(t)}
	for name, a := range tests {
		t.Run(name, func(t *testing.T) {
			g, _ := newGroup(t)
			server := bound(t, g, unix.SOCK_DGRAM, a, false)
			client := open(t, g, a.Family, unix.SOCK_DGRAM, 0, false)
			to := server.Desc().Local()
			_, err := client.Send(Wait{}, []byte("one"), 0, &to)
			must(t, err)
			_, err = client.Sendmsg(Wait{}, &Message{Buffers: [][]byte{[]byte("two")}, Addr: to, HasAddr: true}, 0)
			must(t, err)

			self, err := client.Sockname()
			must(t, err)
			if a.Family != unix.AF_UNIX && (self.Port == 0 || client.Desc().Local().Port != self.Port || !client.Desc().AutoPort()) {
				t.Errorf("the client is %v (%v, auto %v)", self, client.Desc().Local(), client.Desc().AutoPort())
			}
			want := Addr{}
			if a.Family != unix.AF_UNIX {
				want = Addr{Family: a.Family, IP: a.IP, Port: self.Port}
			}
			if from := wantRecv(t, server, "one"); from != want {
				t.Errorf("from %+v, want %+v", from, want)
			}
			buf := make([]byte, 8)
			m := &Message{Buffers: [][]byte{buf}}
			n, err := server.Recvmsg(patient(), m, 0)
			must(t, err)
			if string(buf[:n]) != "two" || m.Addr != want || m.HasAddr != !want.IsZero() {
				t.Errorf("recvmsg gives %q from %+v (%v)", buf[:n], m.Addr, m.HasAddr)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	g, _ := newGroup(t)
	a, b := bound(t, g, unix.SOCK_DGRAM, loopback4, false), bound(t, g, unix.SOCK_DGRAM, loopback4, false)
	must(t, a.Connect(Wait{}, b.Desc().Local()))
	send(t, a, "datagram")
	buf := make([]byte, 4)
	if n, _, err := b.Recv(patient(), buf, unix.MSG_PEEK); n != 4 || err != nil {
		t.Fatalf("peeking gives %d, %v", n, err)
	}
	if rx := b.Desc().RX.Load(); rx != 0 {
		t.Errorf("peeking counts: RX is %d", rx)
	}
	m := &Message{Buffers: [][]byte{buf}}
	if n, err := b.Recvmsg(patient(), m, 0); n != 4 || err != nil || m.Flags != unix.MSG_TRUNC {
		t.Errorf("receiving gives %d, %s, %v", n, FlagNames(m.Flags), err)
	}
	send(t, a, "five!")
	if n := unread(t, b); n != 5 {
		t.Errorf("FIONREAD gives %d", n)
	}
}

func TestWaitAll(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		a, b := tcpPair(t, g, blocking)
		buf := make([]byte, 6)
		receive := func() (int, error) {
			n, _, err := b.Recv(patient(), buf, unix.MSG_WAITALL)
			return n, err
		}
		received := start(receive)
		waitBlocked(t, 1)
		send(t, a, "abc")
		send(t, a, "def")
		if r := await(t, received); r.err != nil || string(buf[:r.n]) != "abcdef" {
			t.Errorf("received %q, %v", buf[:r.n], r.err)
		}
		send(t, a, "xy")
		must(t, a.Close())
		if n, err := receive(); n != 2 || err != nil {
			t.Errorf("before the end of file came %d, %v", n, err)
		}
		if rx := b.Desc().RX.Load(); rx != 8 {
			t.Errorf("RX is %d", rx)
		}
	})
}

func TestWaitAllKeepsError(t *testing.T) {
	g, _ := newGroup(t)
	a, b := tcpPair(t, g, false)
	send(t, b, "unread: makes close reset")
	buf := make([]byte, 6)
	received := start(func() (int, error) {
		n, _, err := b.Recv(patient(), buf, unix.MSG_WAITALL)
		return n, err
	})
	waitBlocked(t, 1)
	send(t, a, "abc")
	eventually(t, "the data is taken", func() bool { return unread(t, b) == 0 })
	must(t, a.Close())
	if r := await(t, received); r.n != 3 || r.err != nil {
		t.Fatalf("received %d, %v", r.n, r.err)
	}
	_, _, err := b.Recv(patient(), buf, 0)
	wantErrno(t, err, syscall.ECONNRESET)
}

func TestDup(t *testing.T) {
	g, _ := newGroup(t)
	a, b := tcpPair(t, g, false)
	d, err := b.Dup()
	must(t, err)
	if d.Desc() != b.Desc() || d.FD() == b.FD() {
		t.Errorf("the duplicate is %d of %p, the socket %d of %p", d.FD(), d.Desc(), b.FD(), b.Desc())
	}
	must(t, b.Close())
	send(t, a, "x")
	wantRecv(t, d, "x")
	if rx := b.Desc().RX.Load(); rx != 1 {
		t.Errorf("RX is %d", rx)
	}
}

func TestDescriptionAddresses(t *testing.T) {
	g, _ := newGroup(t)
	l := listener(t, g, unix.SOCK_STREAM, loopback4, 4, false)
	c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	must(t, c.Connect(Wait{}, l.Desc().Local()))
	s, from, err := l.Accept(patient())
	must(t, err)
	if c.Desc().Local() != from || s.Desc().Remote() != from || c.Desc().Remote() != s.Desc().Local() {
		t.Errorf("client %v to %v, server %v from %v", c.Desc().Local(), c.Desc().Remote(), s.Desc().Local(), from)
	}
	if peer, err := c.Peername(); peer != s.Desc().Local() || err != nil {
		t.Errorf("getpeername gives %v, %v", peer, err)
	}
	for name, x := range map[string]*Socket{"listener": l, "client": c, "server": s} {
		if !x.Desc().AutoPort() {
			t.Errorf("the port of the %s was chosen by the kernel", name)
		}
	}
	if c.Desc().ID == s.Desc().ID || c.Desc().ID == 0 {
		t.Errorf("ids are %d and %d", c.Desc().ID, s.Desc().ID)
	}
}

func TestBindToPort(t *testing.T) {
	g, _ := newGroup(t)
	first := bound(t, g, unix.SOCK_STREAM, loopback4, false)
	port := first.Desc().Local()
	must(t, first.Close())
	again := listener(t, g, unix.SOCK_STREAM, port, 1, false)
	if again.Desc().AutoPort() || again.Desc().Local() != port {
		t.Errorf("bound to %v (auto %v), want %v", again.Desc().Local(), again.Desc().AutoPort(), port)
	}
	clash := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	wantErrno(t, clash.Bind(port), syscall.EADDRINUSE)
}

func TestBindAny(t *testing.T) {
	g, _ := newGroup(t)
	for family, want := range map[int]string{unix.AF_INET: "0.0.0.0", unix.AF_INET6: "::"} {
		s := open(t, g, family, unix.SOCK_STREAM, 0, false)
		must(t, s.Bind(parse(t, ":0")))
		if a := s.Desc().Local(); a.IP.String() != want || a.Port == 0 || !s.Desc().AutoPort() {
			t.Errorf("bound to %v", a)
		}
	}
	s := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	must(t, s.Listen(1))
	if a := s.Desc().Local(); a.Port == 0 || !s.Desc().AutoPort() {
		t.Errorf("listening without bind is at %v", a)
	}
}

func TestUnixPathIsRemoved(t *testing.T) {
	checkLeaks(t)
	a, other := unixPath(t), unixPath(t)
	g := NewGroup(t.Context(), nil)
	listener(t, g, unix.SOCK_STREAM, a, 1, false)
	listener(t, g, unix.SOCK_STREAM, other, 1, false)
	must(t, os.Remove(other.Path))
	must(t, os.WriteFile(other.Path, nil, 0o600))
	must(t, g.Close())
	must(t, g.Close())
	if _, err := os.Lstat(a.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", a.Path, err)
	}
	if _, err := os.Lstat(other.Path); err != nil {
		t.Errorf("a file that is not ours is gone: %v", err)
	}
}

func TestClosed(t *testing.T) {
	g, _ := newGroup(t)
	s := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	must(t, s.Close())
	buf := [][]byte{make([]byte, 1)}
	calls := map[string]func() error{
		"close":   s.Close,
		"bind":    func() error { return s.Bind(loopback4) },
		"listen":  func() error { return s.Listen(1) },
		"connect": func() error { return s.Connect(Wait{}, loopback4) },
		"accept":  func() error { _, _, err := s.Accept(Wait{}); return err },
		"send":    func() error { _, err := s.Send(Wait{}, buf[0], 0, nil); return err },
		"recv":    func() error { _, _, err := s.Recv(Wait{}, buf[0], 0); return err },
		"read":    func() error { _, err := s.Read(Wait{}, buf[0]); return err },
		"write":   func() error { _, err := s.Write(Wait{}, buf[0]); return err },
		"readv":   func() error { _, err := s.Readv(Wait{}, buf); return err },
		"writev":  func() error { _, err := s.Writev(Wait{}, buf); return err },
		"sendmsg": func() error { _, err := s.Sendmsg(Wait{}, &Message{Buffers: buf}, 0); return err },
		"recvmsg": func() error { _, err := s.Recvmsg(Wait{}, &Message{Buffers: buf}, 0); return err },
		"dup":     func() error { _, err := s.Dup(); return err },
		"poll":    func() error { _, err := s.Poll(unix.POLLIN); return err },
	}
	for name, call := range calls {
		err := call()
		wantErrno(t, err, syscall.EBADF)
		if !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s says %q", name, err)
		}
	}
	if s.FD() != -1 {
		t.Errorf("the number is still %d", s.FD())
	}
}

func TestCloseWhileBlocked(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		a, b := tcpPair(t, g, blocking)
		buf := make([]byte, 8)
		received := start(func() (int, error) {
			n, _, err := b.Recv(patient(), buf, 0)
			return n, err
		})
		waitBlocked(t, 1)
		must(t, b.Close())
		wantErrno(t, b.Close(), syscall.EBADF)
		_, _, err := b.Recv(patient(), buf, 0)
		wantErrno(t, err, syscall.EBADF)
		send(t, a, "late")
		if r := await(t, received); r.err != nil || !bytes.Equal(buf[:r.n], []byte("late")) {
			t.Errorf("the blocked call gave %q, %v", buf[:r.n], r.err)
		}
		wantRecv(t, a, "") // now it is closed
	})
}
