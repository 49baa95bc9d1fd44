package sock

import (
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestConnectNoWait(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		l := listener(t, g, unix.SOCK_STREAM, loopback4, 4, blocking)
		c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, blocking)
		to := l.Desc().Local()
		err := c.Connect(nowait, to)
		wantErrno(t, err, syscall.EINPROGRESS)
		if c.Desc().Local().Port == 0 || c.Desc().Remote() != to || !c.Desc().AutoPort() {
			t.Errorf("under way from %v to %v", c.Desc().Local(), c.Desc().Remote())
		}
		must(t, c.Connect(patient(), to))
		wantErrno(t, c.Connect(nowait, to), syscall.EISCONN)
		wantErrno(t, c.Connect(patient(), to), syscall.EISCONN)
	})
}

func TestConnectWaits(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		l := listener(t, g, unix.SOCK_STREAM, loopback4, 4, blocking)
		c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, blocking)
		must(t, c.Connect(patient(), l.Desc().Local()))
		wantErrno(t, c.Connect(patient(), l.Desc().Local()), syscall.EISCONN)
	})
}

// TestConnectRefused also tries again on the same socket, which the kernel
// allows.
func TestConnectRefused(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		s := bound(t, g, unix.SOCK_STREAM, loopback4, blocking)
		to := s.Desc().Local()
		c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, blocking)
		for range 2 {
			err := c.Connect(patient(), to)
			wantErrno(t, err, syscall.ECONNREFUSED)
			if want := "connect " + to.String() + ": ECONNREFUSED (connection refused)"; err.Error() != want {
				t.Errorf("error prints %q, want %q", err, want)
			}
		}
		must(t, s.Listen(1))
		must(t, c.Connect(patient(), to))
		if c.Desc().Remote() != to {
			t.Errorf("the peer is %v", c.Desc().Remote())
		}
	})
}

func TestConnectAny(t *testing.T) {
	g, _ := newGroup(t)
	l := open(t, g, unix.AF_INET6, unix.SOCK_STREAM, 0, false)
	must(t, l.Bind(parse(t, ":0")))
	must(t, l.Listen(1))
	c := open(t, g, unix.AF_INET6, unix.SOCK_STREAM, 0, false)
	must(t, c.Connect(patient(), Addr{Any: true, Port: l.Desc().Local().Port}))
	if got, want := c.Desc().Remote(), l.Desc().Local().Loopback(); got != want {
		t.Errorf("connected to %v, want %v", got, want)
	}
}

func TestConnectUDP(t *testing.T) {
	g, _ := newGroup(t)
	s := bound(t, g, unix.SOCK_DGRAM, loopback4, false)
	to := s.Desc().Local()
	c := open(t, g, unix.AF_INET, unix.SOCK_DGRAM, 0, false)
	must(t, c.Connect(Wait{}, to))
	if !c.Desc().AutoPort() || c.Desc().Local().Port == 0 || c.Desc().Remote() != to {
		t.Errorf("connected from %v to %v", c.Desc().Local(), c.Desc().Remote())
	}
	must(t, s.Close())
	send(t, c, "x")
	_, _, err := c.Recv(patient(), make([]byte, 1), 0)
	wantErrno(t, err, syscall.ECONNREFUSED)
}

// TestConnectError covers the way by which connections other than TCP's are
// asked for.
func TestConnectError(t *testing.T) {
	g, _ := newGroup(t)
	l := bound(t, g, unix.SOCK_STREAM, loopback4, false)
	c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	if errno := connectError(caller{}, c.FD()); errno != syscall.EAGAIN {
		t.Errorf("before the connection comes %v", errno)
	}
	wantErrno(t, c.Connect(nowait, l.Desc().Local()), syscall.EINPROGRESS)
	eventually(t, "the attempt ends", func() bool {
		revents, err := c.Poll(unix.POLLOUT)
		return revents != 0 && err == nil
	})
	if errno := connectError(caller{}, c.FD()); errno != syscall.ECONNREFUSED {
		t.Errorf("a refused one gives %v", errno)
	}
	must(t, l.Listen(1))
	c = open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	must(t, c.Connect(patient(), l.Desc().Local()))
	if errno := connectError(caller{}, c.FD()); errno != 0 {
		t.Errorf("a connected one gives %v", errno)
	}
}
