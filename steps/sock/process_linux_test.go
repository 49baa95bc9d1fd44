//go:build amd64 || 386 || arm64

package sock

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// forkOf forks a process with copies of sockets.
func forkOf(t testing.TB, g *Group, sockets ...*Socket) (*Process, []*Socket) {
	t.Helper()
	p, copies, err := g.Fork(sockets)
	if err != nil {
		t.Fatal(err)
	}
	return p, copies
}

func localPair(t testing.TB, g *Group) (a, b *Socket) {
	t.Helper()
	a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_STREAM, 0, false)
	must(t, err)
	return a, b
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// When a group has been closed, nothing is open any more that its processes had
// here.
func TestCloseAwaitsProcesses(t *testing.T) {
	checkLeaks(t)
	before := countFDs(t)
	for range ci.Rounds(50, 500) {
		g := NewGroup(context.Background(), nil)
		forkOf(t, g)
		must(t, g.Close())
		if now := countFDs(t); now > before {
			t.Fatalf("%d descriptors are open, %d were before", now, before)
		}
	}
}

// TestProcessCalls makes every call on a connection by a forked process.
func TestProcessCalls(t *testing.T) {
	g, _ := newGroup(t)
	p, _ := forkOf(t, g)
	f := p.Group()
	l, err := f.Open(unix.AF_INET, unix.SOCK_STREAM, 0, false)
	must(t, err)
	must(t, l.SetInt(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(t, l.Bind(loopback4))
	must(t, l.Listen(3))
	if n, err := l.GetInt(unix.SOL_SOCKET, unix.SO_REUSEADDR); n != 1 || err != nil {
		t.Error(n, err)
	}
	c := open(t, g, unix.AF_INET, unix.SOCK_STREAM, 0, false)
	must(t, c.Connect(patient(), l.Desc().Local()))
	conn, peer, err := l.Accept(patient())
	must(t, err)
	if local, err := c.Sockname(); peer != local || err != nil {
		t.Error(peer, local, err)
	}
	if a, err := conn.Peername(); a != peer || err != nil {
		t.Error(a, err)
	}
	n, err := conn.Send(patient(), []byte("hello"), 0, nil)
	if n != 5 || err != nil {
		t.Error(n, err)
	}
	wantRecv(t, c, "hello")
	if n, err := conn.Writev(patient(), [][]byte{[]byte("a"), []byte("bc")}); n != 3 || err != nil {
		t.Error(n, err)
	}
	wantRecv(t, c, "abc")
	c.Send(patient(), []byte("12345678"), 0, nil)
	one, two := make([]byte, 2), make([]byte, 3)
	if n, err := conn.Readv(patient(), [][]byte{one, two}); n != 5 || err != nil || string(one)+string(two) != "12345" {
		t.Error(n, err, string(one), string(two))
	}
	if n, err := conn.Ioctl(unix.TIOCINQ); n != 3 || err != nil {
		t.Error(n, err)
	}
	m := &Message{Buffers: [][]byte{one, two}}
	if n, err := conn.Recvmsg(patient(), m, 0); n != 3 || err != nil || string(one) != "67" || two[0] != '8' {
		t.Error(n, err, m)
	}
	if _, _, err := conn.Recv(nowait, one, 0); !errors.Is(err, syscall.EAGAIN) {
		t.Error(err)
	}
	if n, err := f.Poll(nowait, []PollItem{{Socket: conn, Events: unix.POLLOUT | unix.POLLIN}}); n != 1 || err != nil {
		t.Error(n, err)
	}
	must(t, conn.Shutdown(unix.SHUT_WR))
	if n, _, err := c.Recv(patient(), one, 0); n != 0 || err != nil {
		t.Error(n, err)
	}
	if state, err := conn.TCPState(); !strings.HasPrefix(state, "FIN_WAIT") || err != nil {
		t.Error(state, err)
	}
	must(t, conn.Close())
	must(t, l.Close())
	wantErrno(t, l.Listen(3), syscall.EBADF)
}

func TestProcessDatagrams(t *testing.T) {
	g, _ := newGroup(t)
	p, _ := forkOf(t, g)
	f := p.Group()
	a, err := f.Open(unix.AF_INET, unix.SOCK_DGRAM, 0, false)
	must(t, err)
	must(t, a.Bind(loopback4))
	b := bound(t, g, unix.SOCK_DGRAM, loopback4, false)
	to := b.Desc().Local()
	sizes, err := a.Sendmmsg(patient(), []*Message{
		{Buffers: [][]byte{[]byte("one")}, Addr: to, HasAddr: true}, {Buffers: [][]byte{[]byte("four")}, Addr: to, HasAddr: true},
	}, 0)
	if err != nil || len(sizes) != 2 || sizes[1] != 4 {
		t.Fatal(sizes, err)
	}
	wantRecv(t, b, "one")
	wantRecv(t, b, "four")
	back := a.Desc().Local()
	b.Send(patient(), []byte("five!"), 0, &back)
	b.Send(patient(), []byte("six"), 0, &back)
	buf := make([]byte, 9)
	n, from, err := a.Recv(patient(), buf, 0)
	if string(buf[:n]) != "five!" || from != to || err != nil {
		t.Error(string(buf[:n]), from, err)
	}
	m := &Message{Buffers: [][]byte{buf}}
	if sizes, err := a.Recvmmsg(patient(), []*Message{m}, 0); err != nil || sizes[0] != 3 || m.Addr != to || string(buf[:3]) != "six" {
		t.Error(sizes, err, m.Addr)
	}
}

// TestProcessDies covers the death by a call and what it closes.
func TestProcessDies(t *testing.T) {
	g, _ := newGroup(t)
	a, b := localPair(t, g)
	c, d := localPair(t, g)
	p, copies := forkOf(t, g, a, c)
	must(t, b.Close())
	must(t, c.Close())
	if n := c.Desc().Open(); n != 1 {
		t.Errorf("%d descriptors are open", n)
	}
	_, err := copies[0].Send(patient(), []byte("x"), unix.MSG_NOSIGNAL, nil)
	wantErrno(t, err, syscall.EPIPE)
	_, err = copies[0].Send(patient(), []byte("x"), 0, nil)
	wantErr(t, err, ErrDied)
	<-p.Done()
	if exit, sig := p.Status(); exit != 0 || sig != syscall.SIGPIPE {
		t.Error(exit, sig)
	}
	if len(p.Ends()) != 1 || p.Ends()[0] != c.Desc() {
		t.Error(p.Ends())
	}
	if n, _, err := d.Recv(patient(), make([]byte, 1), 0); n != 0 || err != nil {
		t.Error(n, err)
	}
	wantErrno(t, copies[1].Shutdown(unix.SHUT_WR), syscall.EBADF)
}

// A stallWatch says when a call begins to wait.
type stallWatch struct {
	waits chan struct{}
	told  atomic.Bool
}

func (s *stallWatch) Stalls(waits bool) {
	if waits && s.told.CompareAndSwap(false, true) {
		close(s.waits)
	}
}

func TestProcessInterrupted(t *testing.T) {
	g, _ := newGroup(t)
	a, b := localPair(t, g)
	p, copies := forkOf(t, g, a)
	must(t, p.Action(syscall.SIGUSR1, Count, false))
	w := &stallWatch{waits: make(chan struct{})}
	got := start(func() (int, error) {
		n, _, err := copies[0].Recv(Wait{Deadline: patient().Deadline, Watcher: w}, make([]byte, 1), 0)
		return n, err
	})
	<-w.waits
	must(t, p.Signal(syscall.SIGUSR1))
	wantErrno(t, await(t, got).err, syscall.EINTR)
	if n, err := p.Caught(syscall.SIGUSR1); n != 1 || err != nil {
		t.Error(n, err)
	}
	if _, _, err := copies[0].Recv(soon(), make([]byte, 1), 0); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	b.Send(patient(), []byte("x"), 0, nil)
	wantRecv(t, copies[0], "x")
	// The parent can still use its own end, also without O_NONBLOCK.
	b.Send(patient(), []byte("y"), 0, nil)
	wantRecv(t, a, "y")
	if _, err := a.Read(nowait, make([]byte, 1)); !errors.Is(err, syscall.EAGAIN) {
		t.Error(err)
	}
}

// TestProcessEndsWithGroup lets the end of the group find a process in a call
// and one in none.
func TestProcessEndsWithGroup(t *testing.T) {
	g, cancel := newGroup(t)
	a, _ := localPair(t, g)
	p, copies := forkOf(t, g, a)
	q, _ := forkOf(t, g)
	nested, _ := forkOf(t, p.Group(), copies[0])
	w := &stallWatch{waits: make(chan struct{})}
	got := start(func() (int, error) {
		n, _, err := copies[0].Recv(Wait{Watcher: w}, make([]byte, 1), 0)
		return n, err
	})
	<-w.waits
	cancel(errors.New("over"))
	if err := await(t, got).err; err == nil || errors.Is(err, ErrDied) {
		t.Errorf("the call gives %v", err)
	}
	must(t, g.Close())
	for _, x := range []*Process{p, q, nested} {
		<-x.Done()
	}
}

func TestProcessFork(t *testing.T) {
	g, _ := newGroup(t)
	a, b := localPair(t, g)
	p, copies := forkOf(t, g, a)
	q, further := forkOf(t, p.Group(), copies[0])
	must(t, a.Close())
	p.Exit(3)
	if exit, _ := p.Status(); exit != 3 {
		t.Error(exit)
	}
	further[0].Send(patient(), []byte("still there"), 0, nil)
	wantRecv(t, b, "still there")
	q.Exit(4)
	if exit, _ := q.Status(); exit != 4 || len(q.Ends()) != 1 || len(p.Ends()) != 0 {
		t.Error(exit, q.Ends(), p.Ends())
	}
	if n, _, err := b.Recv(patient(), make([]byte, 1), 0); n != 0 || err != nil {
		t.Error(n, err)
	}
}
