package sock

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// dialled is a socket that has connected.
func dialled(t *testing.T, g *Group, to *Socket) *Socket {
	t.Helper()
	c := open(t, g, to.Family(), unix.SOCK_STREAM, 0, false)
	must(t, c.Connect(patient(), to.Desc().Local()))
	return c
}

// from wants the connection of one socket.
func from(c *Socket) func(Addr) bool {
	return func(peer Addr) bool { return peer == c.Desc().Local() }
}

func wantPeer(t *testing.T, s *Socket, err error, c *Socket) {
	t.Helper()
	must(t, err)
	if got := s.Desc().Remote(); got != c.Desc().Local() {
		t.Errorf("the connection of %v, want that of %v", got, c.Desc().Local())
	}
}

// TestAcceptOfPeer takes connections in another order than they came in.
func TestAcceptOfPeer(t *testing.T) {
	eachMode(t, func(t *testing.T, blocking bool) {
		g, _ := newGroup(t)
		l := listener(t, g, unix.SOCK_STREAM, loopback4, 8, blocking)
		a, b, c := dialled(t, g, l), dialled(t, g, l), dialled(t, g, l)
		s, _, err := l.AcceptAs(patient(), Acceptance{From: from(c)})
		wantPeer(t, s, err, c)
		s, _, err = l.AcceptAs(nowait, Acceptance{From: from(b)})
		wantPeer(t, s, err, b)
		_, _, err = l.AcceptAs(nowait, Acceptance{From: from(c)})
		wantErrno(t, err, syscall.EAGAIN)
		items := []PollItem{{Socket: l, Events: unix.POLLIN}}
		if n, err := g.Poll(nowait, items); n != 1 || err != nil || items[0].Revents != unix.POLLIN {
			t.Errorf("poll of what is kept: %d, %v, %#x", n, err, items[0].Revents)
		}
		other, err := l.Dup()
		must(t, err)
		s, _, err = other.Accept(patient())
		wantPeer(t, s, err, a)
		if n, err := g.Poll(nowait, items); n != 0 || err != nil {
			t.Errorf("poll of nothing: %d, %v", n, err)
		}
	})
}

// TestAcceptKeptWakes has an accept, or a poll, wait while another call keeps
// the connection that it waits for. Both use one socket.
func TestAcceptKeptWakes(t *testing.T) {
	for name, wait := range map[string]func(g *Group, l *Socket) error{
		"accept": func(g *Group, l *Socket) error {
			_, _, err := l.Accept(patient())
			return err
		},
		"poll": func(g *Group, l *Socket) error {
			_, err := g.Poll(patient(), []PollItem{{Socket: l, Events: unix.POLLIN}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, blocking bool) {
				g, _ := newGroup(t)
				l := listener(t, g, unix.SOCK_STREAM, loopback4, 8, blocking)
				ended := make(chan error, 1)
				go func() {
					ended <- wait(g, l)
				}()
				// The connection is kept as if an accept of another peer's had
				// been quicker than the call that waits, which is sure not to
				// have it.
				a := dialled(t, g, listener(t, g, unix.SOCK_STREAM, loopback4, 8, false))
				time.Sleep(time.Millisecond) // whether it waits by then or not
				l.Desc().kept.keep(keptConn{a, a.Desc().Local()})
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestAcceptKeptClosed resets what nobody has taken, as the kernel does with
// the queue of a listening socket.
func TestAcceptKeptClosed(t *testing.T) {
	g, _ := newGroup(t)
	l := listener(t, g, unix.SOCK_STREAM, loopback4, 8, false)
	a := dialled(t, g, l)
	_, _, err := l.AcceptAs(nowait, Acceptance{From: func(Addr) bool { return false }})
	wantErrno(t, err, syscall.EAGAIN)
	must(t, l.Close())
	_, _, err = a.Recv(patient(), make([]byte, 1), 0)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a receive gives %v, want ECONNRESET", err)
	}
}
