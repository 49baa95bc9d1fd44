package sock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must come; only a failure takes so
// long.
const patience = 20 * time.Second

// soon is a deadline that a test waits for.
func soon() Wait { return Wait{Deadline: time.Now().Add(20 * time.Millisecond)} }

// patient bounds a call that must succeed.
func patient() Wait { return Wait{Deadline: time.Now().Add(patience)} }

var nowait = Wait{NoWait: true}

func TestMain(m *testing.M) {
	// What the runtime keeps for good (epoll, the signal loop) must be there
	// before descriptors and goroutines are counted.
	g := NewGroup(context.Background(), nil)
	for _, blocking := range []bool{false, true} {
		if s, err := g.Open(unix.AF_UNIX, unix.SOCK_DGRAM, 0, blocking); err == nil {
			s.Recv(Wait{Deadline: time.Now()}, make([]byte, 1), 0)
		}
	}
	g.Close()
	os.Exit(m.Run())
}

// newGroup is a group that is closed at the end of the test, after which
// nothing of it may be left.
func newGroup(t *testing.T) (*Group, context.CancelCauseFunc) {
	t.Helper()
	checkLeaks(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	g := NewGroup(ctx, nil)
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Errorf("Group.Close: %v", err)
		}
		cancel(nil)
	})
	return g, cancel
}

func checkLeaks(t *testing.T) {
	t.Helper()
	fds, goroutines := countFDs(t), runtime.NumGoroutine()
	t.Cleanup(func() {
		eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
		if now := countFDs(t); now > fds {
			t.Errorf("%d descriptors are open, %d were before", now, fds)
		}
	})
}

func countFDs(t *testing.T) int {
	t.Helper()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	t.Fatal("no list of descriptors")
	return 0
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

// waitBlocked waits until n goroutines are blocked in the poller or, on a
// thread, in the kernel.
func waitBlocked(t *testing.T, n int) {
	t.Helper()
	buf := make([]byte, 1<<20)
	eventually(t, fmt.Sprint(n, " calls block"), func() bool {
		blocked := 0
		for _, stack := range bytes.Split(buf[:runtime.Stack(buf, true)], []byte("\n\n")) {
			head, body, _ := strings.Cut(string(stack), "\n")
			if strings.Contains(head, "IO wait") && strings.Contains(body, "untilReady") ||
				strings.Contains(head, "syscall") && (strings.Contains(body, ".block(") || strings.Contains(body, "closeLingering")) {
				blocked++
			}
		}
		return blocked >= n
	})
}

// result is what a call in another goroutine gave.
type result struct {
	n   int
	err error
}

func start(call func() (int, error)) <-chan result {
	done := make(chan result, 1)
	go func() {
		n, err := call()
		done <- result{n, err}
	}()
	return done
}

func await(t *testing.T, done <-chan result) result {
	t.Helper()
	select {
	case r := <-done:
		return r
	case <-time.After(patience):
		t.Fatal("the call never returned")
		return result{}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErrno(t testing.TB, err error, want syscall.Errno) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %s", err, ErrnoName(want))
	}
}

func parse(t testing.TB, s string) Addr {
	t.Helper()
	a, err := ParseAddr(s)
	must(t, err)
	return a
}

func open(t testing.TB, g *Group, family, typ, proto int, blocking bool) *Socket {
	t.Helper()
	s, err := g.Open(family, typ, proto, blocking)
	must(t, err)
	return s
}

func bound(t testing.TB, g *Group, typ int, a Addr, blocking bool) *Socket {
	t.Helper()
	s := open(t, g, a.Family, typ, 0, blocking)
	must(t, s.Bind(a))
	return s
}

func listener(t testing.TB, g *Group, typ int, a Addr, backlog int, blocking bool) *Socket {
	t.Helper()
	s := bound(t, g, typ, a, blocking)
	must(t, s.Listen(backlog))
	return s
}

var (
	loopback4 = Addr{Family: unix.AF_INET, IP: netip.MustParseAddr("127.0.0.1")}
	loopback6 = Addr{Family: unix.AF_INET6, IP: netip.IPv6Loopback()}
)

// unixPath is a path short enough for sun_path.
func unixPath(t testing.TB) Addr {
	t.Helper()
	dir, err := os.MkdirTemp("", "sock")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return Addr{Family: unix.AF_UNIX, Path: filepath.Join(dir, "s")}
}

// pair is a connection to a listener at a.
func pair(t testing.TB, g *Group, typ int, a Addr, blocking bool) (client, server *Socket) {
	t.Helper()
	l := listener(t, g, typ, a, 8, blocking)
	defer l.Close()
	client = open(t, g, a.Family, typ, 0, blocking)
	must(t, client.Connect(Wait{}, l.Desc().Local()))
	server, _, err := l.Accept(Wait{})
	must(t, err)
	return client, server
}

func tcpPair(t testing.TB, g *Group, blocking bool) (client, server *Socket) {
	t.Helper()
	client, server = pair(t, g, unix.SOCK_STREAM, loopback4, blocking)
	for _, s := range []*Socket{client, server} {
		must(t, s.SetInt(unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	}
	return client, server
}

func send(t testing.TB, s *Socket, data string) {
	t.Helper()
	n, err := s.Send(patient(), []byte(data), 0, nil)
	must(t, err)
	if n != len(data) {
		t.Fatalf("sent %d bytes of %d", n, len(data))
	}
}

func wantRecv(t testing.TB, s *Socket, want string) Addr {
	t.Helper()
	buf := make([]byte, 1024)
	n, from, err := s.Recv(patient(), buf, 0)
	must(t, err)
	if got := string(buf[:n]); got != want {
		t.Fatalf("received %q, want %q", got, want)
	}
	return from
}

// unread is FIONREAD.
func unread(t testing.TB, s *Socket) int {
	t.Helper()
	request, _ := RequestByName("FIONREAD")
	n, err := s.Ioctl(request)
	must(t, err)
	return n
}
